/** The items of a run, found by their names. */
import type { Reader } from '../store.ts'
import { costsOf } from '../workers/costs.ts'
import { attemptsAt } from '../workers/rows.ts'
import { subjectId } from '../workflow/names.ts'
import type { StageRow } from '../workflow/run.ts'

/** The ids of what a stage has posted in all its rounds. */
export async function itemsOfStage(reader: Reader, row: StageRow): Promise<readonly string[]> {
  const ids: string[] = []
  for (let round = 1; round <= row.round; round++) {
    const whole = subjectId(row.run, row.stage, round)
    if ((await reader.get('item', whole)) !== undefined) ids.push(whole)
    for (let index = 0; ; index++) {
      const id = subjectId(row.run, row.stage, round, index)
      if ((await reader.get('item', id)) === undefined) break
      ids.push(id)
    }
  }
  return ids
}

/** What all attempts at an item have cost, USD. */
export async function costOfItem(reader: Reader, id: string): Promise<number> {
  const attempts = await attemptsAt(reader, id)
  const costs = await costsOf(
    reader,
    attempts.map((attempt) => attempt.id),
  )
  return [...costs.values()].reduce((sum, cost) => sum + cost, 0)
}
