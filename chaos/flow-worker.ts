/**
 * One life of a program with a workflow under chaos: it starts the run that was not started yet, lets it go on, answers what it
 * asks, and ends when it has ended. Several may run on the same folder at once.
 *
 * usage: flow-worker.ts DIR
 */
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { isAtelierError } from '../src/errors.ts'
import type { HostedWorkshop } from '../src/facade/workshop.ts'
import type { RunHandle } from '../src/facade/workflow-contract.ts'
import { openWorkshop } from '../src/workshop.ts'
import { projectIn } from './board-project.ts'
import { LAST_STAGE, playStage, RUN, STAGES, WORKFLOW } from './flow-stages.ts'

async function main(dir: string): Promise<void> {
  const shop = await openWorkshop({
    dir: projectIn(dir),
    config: false,
    backends: [scriptedBackend({ script: { costUsd: 0.01, reply: (request) => playStage(dir, request) } })],
    onError: (error) => process.stderr.write(`${String(error)}\n`),
  })
  shop.configure({ backend: 'scripted' })
  for (const name of ['planner', 'coder', 'judge', 'polisher', 'hand']) shop.agent(name, `You are ${name}.`)
  await shop.workflow(WORKFLOW, STAGES, { result: LAST_STAGE }).stored
  const run = await startedOnce(shop)
  // Nothing else changes the run by hand, so that each life passes the failpoints of such a command.
  await run.signal('none').catch(() => {})
  await run.resume().catch(() => {})
  const over = run.result()
  over.catch(() => {})
  for await (const event of run.events()) if (event.type === 'inbox.asked') await approve(shop)
  await over
  await shop.close()
}

async function startedOnce(shop: HostedWorkshop): Promise<RunHandle> {
  const known = await shop.workflowStatus(WORKFLOW)
  if (known !== null) return shop.run(known.id)
  try {
    return await shop.runWorkflow(WORKFLOW)
  } catch (error) {
    // The other program was faster.
    if (!isAtelierError(error, 'already_running')) throw error
    return shop.run(RUN)
  }
}

async function approve(shop: HostedWorkshop): Promise<void> {
  for (const { id } of await shop.inbox())
    await shop.approve(id).catch((error: unknown) => {
      if (!isAtelierError(error, 'already_done')) throw error
    })
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2] ?? '')
