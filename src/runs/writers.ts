/** Work of a run that is not on its own line: of parallel writers, also within child runs. */
import type { ItemRow } from '../board/item.ts'
import type { Reader } from '../store.ts'
import type { StageDefinition } from '../workflow/definition.ts'
import { subjectId } from '../workflow/names.ts'
import type { RunRow } from '../workflow/run.ts'
import { definitionBy, workOf, writesDeep, type KnownDefinition } from './definitions.ts'

/**
 * The items of parallel writers that a stage needs: its checkout begins with what they made, brought together. A child run
 * begins with what its stage needs.
 */
export async function writersBefore(
  reader: Reader,
  run: RunRow,
  definition: KnownDefinition,
  stage: StageDefinition,
): Promise<readonly string[]> {
  const writers: string[] = []
  const seen = new Set(stage.needs)
  // It grows while it is read: a gate between them passes on what it has seen.
  for (const need of seen) {
    const found = definition.stage(need)
    if (found === undefined) continue
    if (mayWriteBeside(found, definition)) writers.push(need)
    else if (found.kind === 'gate' || found.kind === 'branch' || found.kind === 'wait')
      for (const each of found.needs) seen.add(each)
  }
  const items = writers.length === 0 ? [] : await writersBeside(reader, run, definition, writers)
  return [...new Set([...(await writersAbove(reader, run)), ...items.map(({ id }) => id)])]
}

/** What the stage that a child run is the work of needs. */
async function writersAbove(reader: Reader, { parentRun, parentStage }: RunRow): Promise<readonly string[]> {
  const parent = parentRun === null ? undefined : await reader.get('run', parentRun)
  if (parent === undefined || parentStage === null) return []
  const definition = await definitionBy(reader, parent.definition)
  const stage = definition.stage(parentStage)
  return stage === undefined ? [] : writersBefore(reader, parent, definition, stage)
}

/** Of stages that are done, the items whose changes are not the run's own: one of each change. */
export async function writersBeside(
  reader: Reader,
  run: RunRow,
  definition: KnownDefinition,
  stages: readonly string[],
): Promise<readonly ItemRow[]> {
  const items = new Map<string, ItemRow>()
  for (const id of stages) {
    const stage = definition.stage(id)
    if (stage === undefined || !mayWriteBeside(stage, definition)) continue
    for (const item of await writersIn(reader, run, definition, stage))
      if (item.change !== run.change) items.set(item.change, item)
  }
  return [...items.values()]
}

function mayWriteBeside(stage: StageDefinition, { parallelWriters }: KnownDefinition): boolean {
  return parallelWriters.has(stage.id) || (workOf(stage)?.kind === 'workflow' && writesDeep(stage))
}

/** The items of a stage that are done in its present round, with those of the runs within it. */
async function writersIn(
  reader: Reader,
  run: RunRow,
  definition: KnownDefinition,
  stage: StageDefinition,
): Promise<readonly ItemRow[]> {
  const row = await reader.get('stage', subjectId(run.id, stage.id, 1))
  if (row?.state !== 'done') return []
  const ids =
    stage.kind === 'map'
      ? Array.from({ length: row.size }, (_, index) => subjectId(run.id, stage.id, row.round, index))
      : [row.subject ?? subjectId(run.id, stage.id, row.round)]
  const items: ItemRow[] = []
  for (const id of ids) {
    const item = await reader.get('item', id)
    if (item?.state === 'done') items.push(item)
    else if (item === undefined) items.push(...(await writersOfChild(reader, id)))
  }
  return items
}

async function writersOfChild(reader: Reader, id: string): Promise<readonly ItemRow[]> {
  const child = await reader.get('run', id)
  if (child?.state !== 'completed' && child?.state !== 'partially_completed') return []
  const definition = await definitionBy(reader, child.definition)
  const items: ItemRow[] = []
  for (const stage of definition.definition.stages.filter(writesDeep))
    items.push(...(await writersIn(reader, child, definition, stage)))
  return items
}
