/** What a run posts: the items of its stages, as every item is posted, and child runs. */
import { DEFAULT_ESTIMATE_MS, DEFAULT_VALUE } from '../board/definition.ts'
import type { ItemPart, ItemRow } from '../board/item.ts'
import { decidePosting, type PostItem } from '../board/posting.ts'
import type { ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { Blob } from '../ids.ts'
import type { StageDefinition } from '../workflow/definition.ts'
import { subjectId } from '../workflow/names.ts'
import type { RunRow } from '../workflow/run.ts'
import type { KnownDefinition, PostedWork } from './definitions.ts'
import { partId } from './parts.ts'
import type { Reader } from '../store.ts'
import type { Rows } from './rows.ts'

export interface PostedPart {
  readonly run: RunRow
  readonly definition: KnownDefinition
  readonly stage: StageDefinition
  readonly work: PostedWork
  readonly part: ItemPart
}

/** What puts a part of a run on its way; `started`: the child run that begins with it. */
export type Posted =
  | { readonly events: readonly NewEvent[]; readonly blobs: readonly Blob[]; readonly started?: string }
  | { readonly refused: ErrorData }

/** The events that put a part of a run on the board. */
export async function postPart(rows: Rows, posted: PostedPart): Promise<Posted> {
  const item = await itemOf(rows, posted)
  const items = new Map<string, ItemRow>()
  for (const id of [item.id, ...item.dependsOn]) {
    const row = await rows.get('item', id)
    if (row !== undefined) items.set(id, row)
  }
  const decided = decidePosting([item], { items, known: [], replace: false })
  return 'events' in decided ? { ...decided, blobs: [] } : decided
}

async function itemOf(rows: Rows, { run, definition, stage, work, part }: PostedPart): Promise<PostItem> {
  const { type, priority, capability, definition: text } = definition.posting(stage, work)
  const id = partId(part)
  const title = part.index === null ? stage.title : `${stage.title} (${part.index + 1})`
  return {
    id,
    title: part.round === 1 ? title : `${title}, round ${part.round}`,
    type,
    priority,
    value: DEFAULT_VALUE,
    deadline: null,
    capability,
    definition: text,
    dependsOn: await writersBefore(rows, run, definition, stage),
    estimateMs: DEFAULT_ESTIMATE_MS,
    touches: [],
    change: changeOf(run, definition, part),
    part,
  }
}

/** The line of work of a part: that of its run, or its own where it writes beside others. */
export function changeOf(run: RunRow, { parallelWriters }: KnownDefinition, part: ItemPart): string {
  return parallelWriters.has(part.stage) ? partId({ ...part, round: 1 }) : run.change
}

/** The items of parallel writers that a stage needs: its checkout begins with what they made, brought together. */
export async function writersBefore(
  rows: Rows,
  run: RunRow,
  definition: KnownDefinition,
  stage: StageDefinition,
): Promise<readonly string[]> {
  if (definition.parallelWriters.size === 0) return []
  const ids: string[] = []
  const seen = new Set(stage.needs)
  // It grows while it is read: a gate between them passes on what it has seen.
  for (const need of seen) {
    const found = definition.stage(need)
    if (found === undefined) continue
    if (!definition.parallelWriters.has(need)) {
      if (found.kind === 'gate' || found.kind === 'branch' || found.kind === 'wait')
        for (const each of found.needs) seen.add(each)
      continue
    }
    for (const item of await itemsOfWriters(rows, run, definition, need)) ids.push(item.id)
  }
  return ids
}

/** The items of a parallel writer that are done in its present round. */
export async function itemsOfWriters(
  reader: Reader,
  run: RunRow,
  definition: KnownDefinition,
  stage: string,
): Promise<readonly ItemRow[]> {
  const row = await reader.get('stage', subjectId(run.id, stage, 1))
  if (row?.state !== 'done') return []
  const isMap = definition.stage(stage)?.kind === 'map'
  const ids = isMap
    ? Array.from({ length: row.size }, (_, index) => subjectId(run.id, stage, row.round, index))
    : [row.subject ?? subjectId(run.id, stage, row.round)]
  const items: ItemRow[] = []
  for (const id of ids) {
    const item = await reader.get('item', id)
    if (item?.state === 'done') items.push(item)
  }
  return items
}
