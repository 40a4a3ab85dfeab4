/**
 * One life of a program with a workflow under chaos: it starts the run that was not started yet, lets it go on, answers what it
 * asks, and ends when it has ended.
 *
 * usage: flow-worker.ts DIR
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { isAtelierError } from '../src/errors.ts'
import type { HostedWorkshop } from '../src/facade/workshop.ts'
import type { AnyStage } from '../src/workflow/input.ts'
import { openWorkshop } from '../src/workshop.ts'
import { projectIn } from './board-project.ts'

/** Stages of every kind: rounds, elements, a run within the run, a time, and a person. */
export const STAGES: readonly AnyStage[] = [
  { id: 'plan', agent: 'planner', title: 'Plan' },
  { id: 'write', agent: 'coder', title: 'Write', needs: 'plan', worktree: true },
  {
    id: 'check',
    needs: 'write',
    gate: { reviewer: 'judge', pass: 'score >= 70', onReject: 'write' },
    title: 'Check',
  },
  {
    id: 'each',
    needs: 'check',
    title: 'Each',
    run: 'echo "$ATELIER_INPUT"',
    map: { over: '[1, 2, 3, 4]', limit: 2 },
  },
  {
    id: 'inner',
    needs: 'check',
    workflow: {
      name: 'within',
      stages: [
        { id: 'one', noop: true },
        { id: 'two', noop: true, needs: 'one' },
      ],
    },
  },
  { id: 'pause', needs: ['each', 'inner'], wait: 50 },
  { id: 'ok', needs: 'pause', gate: { person: 'Ship it?' }, title: 'Ok' },
  { id: 'end', needs: 'ok', agent: 'planner', title: 'End' },
]

/** The answers of the agents; the first check of the work is a rejection. */
function answer(prompt: string): string {
  if (!prompt.startsWith('Check')) return `did ${prompt.split('\n')[0] ?? ''}`
  return JSON.stringify(prompt.startsWith('Check, round 2') ? { score: 90 } : { score: 10, issues: ['more'] })
}

async function main(dir: string): Promise<void> {
  const shop = await openWorkshop({
    dir: projectIn(dir),
    config: false,
    backends: [
      scriptedBackend({
        script: {
          costUsd: 0.01,
          reply: async ({ agent, prompt, cwd }) => {
            if (agent === 'coder') appendFileSync(join(cwd, 'work.txt'), `${prompt.split('\n')[0] ?? ''}\n`)
            return answer(prompt)
          },
        },
      }),
    ],
    onError: (error) => process.stderr.write(`${String(error)}\n`),
  })
  shop.configure({ backend: 'scripted' })
  for (const name of ['planner', 'coder', 'judge']) shop.agent(name, `You are ${name}.`)
  await shop.workflow('chaos', STAGES).stored
  const known = await shop.workflowStatus('chaos')
  const run = known === null ? await shop.runWorkflow('chaos') : shop.run(known.id)
  // Nothing else changes the run by hand, so that each life passes the failpoints of such a command.
  await run.signal('none').catch(() => {})
  await run.resume().catch(() => {})
  const over = run.result()
  over.catch(() => {})
  for await (const event of run.events()) if (event.type === 'inbox.asked') await approve(shop)
  await over
  await shop.close()
}

async function approve(shop: HostedWorkshop): Promise<void> {
  for (const { id } of await shop.inbox())
    await shop.approve(id).catch((error: unknown) => {
      if (!isAtelierError(error, 'already_done')) throw error
    })
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2] ?? '')
