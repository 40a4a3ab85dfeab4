/** What a run posts: the items of its stages, as every item is posted, and child runs. */
import { DEFAULT_ESTIMATE_MS, DEFAULT_VALUE } from '../board/definition.ts'
import type { ItemPart, ItemRow } from '../board/item.ts'
import { decidePosting, type PostItem } from '../board/posting.ts'
import type { ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { Blob } from '../ids.ts'
import type { StageDefinition } from '../workflow/definition.ts'
import type { RunRow } from '../workflow/run.ts'
import type { KnownDefinition, PostedWork } from './definitions.ts'
import { partId } from './parts.ts'
import type { Rows } from './rows.ts'
import { writersBefore } from './writers.ts'

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
