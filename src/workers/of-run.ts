/** Items of runs: a run goes on by its stages, so that nothing would come of doing one of its items again by itself. */
import type { ItemRow } from '../board/item.ts'
import { errorData, type ErrorData } from '../errors.ts'
import type { Reader } from '../store.ts'
import { subjectId } from '../workflow/names.ts'

interface Place {
  readonly run: string
  readonly stage: string
}

/** Why an item of a run that failed is not done again by itself, with what to do in its place; undefined for any other item. */
export async function retriedByItsRun(reader: Reader, item: ItemRow): Promise<ErrorData | undefined> {
  const { id, state, run, stage } = item
  if (run === null || stage === null || (state !== 'failed' && state !== 'cancelled')) return undefined
  const place = await placeOf(reader, { run, stage })
  const command = `workflow retry ${place.run} ${place.stage}`
  return errorData(
    'invalid_transition',
    `The item "${id}" belongs to the run ${place.run}, which would not go on if the item alone were done again. Do its stage again with: ${command}`,
    { item: id, from: state, to: 'ready', ...place },
  )
}

/** The stage with which the outermost run goes on. A merge at the end is no stage: it comes again behind the last one. */
async function placeOf(reader: Reader, inner: Place): Promise<Place> {
  let place = inner
  for (;;) {
    const row = await reader.get('run', place.run)
    if (row?.parentRun == null || row.parentStage === null) break
    place = { run: row.parentRun, stage: row.parentStage }
  }
  const { run, stage } = place
  if ((await reader.get('stage', subjectId(run, stage, 1))) !== undefined) return place
  const done = await reader.list('stage', { where: { run, state: 'done' }, orderBy: 'position' })
  return { run, stage: done.at(-1)?.stage ?? stage }
}
