/** What a run may cost: a warning, a checkpoint and at last a pause come before its limit does. */
import type { ItemRow } from '../board/item.ts'
import type { NewEvent } from '../events.ts'
import { usdOf } from '../money/usd.ts'
import type { Reader } from '../store.ts'
import type { Happening } from '../workflow/advance.ts'
import { budgetRose } from '../workflow/checkpoint.ts'
import type { RunRow } from '../workflow/run.ts'
import { definitionBy } from './definitions.ts'
import { costOfItem, itemsOfStage } from './items.ts'

export interface BudgetStep {
  readonly events: readonly NewEvent[]
  readonly run: string
  readonly happening: Happening | undefined
}

/** What the cost of an item that was just settled calls for in the run that has the budget; undefined where nothing. */
export async function budgetAfter(reader: Reader, item: ItemRow): Promise<BudgetStep | undefined> {
  const run = item.run === null ? undefined : await rootOf(reader, item.run)
  if (run === undefined || run.state !== 'running') return undefined
  const { budgetUsd: limit } = (await definitionBy(reader, run.definition)).definition
  if (limit === null) return undefined
  const after = exact(await spentIn(reader, run.id))
  const before = exact(after - (await costOfItem(reader, item.id)))
  const call = budgetRose(before, after, limit)
  if (call === 'none') return undefined
  const share = Math.round((after / limit) * 100)
  const message = `${run.id} has cost ${after.toFixed(2)} USD, ${share} % of its budget of ${limit.toFixed(2)}.`
  const warned: NewEvent = { type: 'run.warned', data: { run: run.id, stage: item.stage, message } }
  if (call === 'warn') return { events: [warned], run: run.id, happening: undefined }
  const { checkpoints, checksum } = run
  const saved: NewEvent = {
    type: 'run.checkpointed',
    data: { run: run.id, number: checkpoints + 1, checksum },
  }
  const happening = call === 'pause' ? ({ on: 'paused', reason: message } as const) : undefined
  return { events: [warned, saved], run: run.id, happening }
}

/** Sums of USD as whole millionths: nine times 0.1 is 0.9. */
function exact(usd: number): number {
  return usdOf(Math.round(usd * 1_000_000))
}

async function rootOf(reader: Reader, id: string): Promise<RunRow | undefined> {
  let run = await reader.get('run', id)
  while (run !== undefined && run.parentRun !== null) run = await reader.get('run', run.parentRun)
  return run
}

/** USD of all items of a run and of those within it. */
async function spentIn(reader: Reader, run: string): Promise<number> {
  let spent = 0
  for (const row of await reader.list('stage', { where: { run } }))
    for (const id of await itemsOfStage(reader, row)) spent += await costOfItem(reader, id)
  for (const { id } of await reader.list('run', { where: { parentRun: run } }))
    spent += await spentIn(reader, id)
  return spent
}
