/** Forgets the runs of a workflow, so that its name is as before the first. The log keeps what they were. */
import { errorData, type ErrorData } from '../errors.ts'
import { isSettled } from '../board/item-lifecycle.ts'
import type { NewEvent } from '../events.ts'
import type { Reader } from '../store.ts'
import type { RunRow } from '../workflow/run.ts'
import { hasEnded } from '../workflow/lifecycle.ts'
import { change, runsOf, unknownWorkflow, type RunContext } from './commands.ts'
import { itemsOfStage } from './items.ts'
import { closeAll } from './leftover-changes.ts'

/**
 * @returns the runs that were forgotten
 * @throws AtelierError `not_found`, `already_running` while one of them has not ended
 */
export async function resetWorkflow(context: RunContext, workflow: string): Promise<readonly string[]> {
  const removed = await context.team.store.read(async (reader) =>
    (await runsOf(reader, workflow)).map(({ id }) => id),
  )
  await change(context, {
    name: 'run.change',
    keys: [`workflow:${workflow}`, 'board'],
    async prepare(rows, steps) {
      if ((await rows.get('workflow', workflow)) === undefined)
        return {
          refused: unknownWorkflow(
            workflow,
            (await rows.list('workflow')).map(({ name }) => name),
          ),
        }
      for (const run of await runsOf(rows, workflow)) {
        if (!hasEnded(run.state)) return { refused: stillRuns(workflow, run) }
        const refused = await forget(rows, run, (events) => steps.take(events))
        if (refused !== undefined) return { refused }
      }
      return undefined
    },
  })
  return removed
}

async function forget(
  reader: Reader,
  run: RunRow,
  take: (events: readonly NewEvent[]) => Promise<void>,
): Promise<ErrorData | undefined> {
  for (const child of await reader.list('run', { where: { parentRun: run.id } })) {
    const refused = await forget(reader, child, take)
    if (refused !== undefined) return refused
  }
  await take(await closeAll(reader, run))
  const stages = await reader.list('stage', { where: { run: run.id }, orderBy: 'position' })
  // What took from others goes before them.
  for (const row of stages.toReversed())
    for (const id of (await itemsOfStage(reader, row)).toReversed()) {
      const item = await reader.get('item', id)
      if (item === undefined) continue
      if (!isSettled(item.state) && item.state === 'running') return stillRuns(run.workflow, run)
      const behind = await reader.list('dependency', { where: { dependsOn: id } })
      const foreign = behind.find(({ item: other }) => !other.startsWith(`${run.id}/`))
      if (foreign !== undefined) return neededBy(id, foreign.item)
      await take([{ type: 'item.removed', data: { item: id, dependsOn: item.dependsOn } }])
    }
  await take([{ type: 'run.removed', data: { run: run.id, stages: stages.map(({ stage }) => stage) } }])
  return undefined
}

function stillRuns(workflow: string, { id, state }: RunRow): ErrorData {
  return errorData(
    'already_running',
    `The run ${id} of "${workflow}" is ${state}, so it cannot be forgotten. Wait for it, or cancel it with: workflow cancel ${id}`,
    { workflow, run: id },
  )
}

function neededBy(item: string, other: string): ErrorData {
  return errorData(
    'conflict',
    `The item "${item}" of the run cannot be forgotten, as "${other}" on the board depends on it. Nothing was changed.`,
    {
      item,
      dependents: [other],
    },
  )
}
