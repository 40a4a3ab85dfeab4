/** Reads the part of the board that a decision rests on. */
import { causesOf, type Downstream } from '../board/blocking.ts'
import type { ItemDefinition } from '../board/definition.ts'
import type { AttemptRow, ItemRow } from '../board/item.ts'
import { satisfies } from '../board/item-lifecycle.ts'
import { errorData, nearestNames, type ErrorData } from '../errors.ts'
import { headOf } from '../json.ts'
import type { Reader } from '../store.ts'
import type { MessageRow } from '../tables.ts'
import { unpackText } from '../team/context.ts'

/** How far upwards a posted item lengthens the ways of others: beyond it the order of the queue no longer changes. */
const PATH_REACH = 256

/** Ids that an error about an unknown one is compared with. */
const NAMES_READ = 500

/** The items that wait for one, in order of their ids. */
async function dependentsOf(reader: Reader, item: string): Promise<readonly string[]> {
  const rows = await reader.list('dependency', { where: { dependsOn: item } })
  return rows.map((row) => row.item)
}

/** The rows of the items that wait for one. */
export async function dependentRows(reader: Reader, item: string): Promise<readonly ItemRow[]> {
  const rows: ItemRow[] = []
  for (const id of await dependentsOf(reader, item)) {
    const row = await reader.get('item', id)
    if (row !== undefined) rows.push(row)
  }
  return rows
}

/** Everything behind an item that its failure or its retry may reach, with what that depends on. */
export async function loadDownstream(reader: Reader, item: string): Promise<Downstream> {
  const items = new Map<string, ItemRow>()
  const dependents = new Map<string, readonly string[]>()
  const queue = [item]
  // It grows while it is read.
  for (const id of queue) {
    if (dependents.has(id)) continue
    const behind = await dependentsOf(reader, id)
    dependents.set(id, behind)
    for (const each of behind) {
      const row = await loadInto(items, reader, each)
      if (row === undefined) continue
      for (const dependency of row.dependsOn) await loadInto(items, reader, dependency)
      if (row.state === 'waiting' || row.state === 'ready') queue.push(each)
    }
  }
  return { items, dependents }
}

/** The failed items that keep one from running. */
export async function loadCauses(reader: Reader, { dependsOn }: ItemRow): Promise<string[]> {
  const rows = new Map<string, ItemRow>()
  for (const id of dependsOn) await loadInto(rows, reader, id)
  return causesOf(dependsOn, (id) => rows.get(id))
}

/**
 * What posting a batch rests on: what it depends on, upwards as far as its ways are counted, and the rows that have its
 * ids. Where it replaces one, the whole board, as what is behind that one may become blocked or ready.
 */
export async function loadForPosting(
  reader: Reader,
  batch: readonly { readonly id: string; readonly dependsOn: readonly string[] }[],
  replace: boolean,
): Promise<ReadonlyMap<string, ItemRow>> {
  const items = await loadUpstream(reader, batch)
  if (!replace || !batch.some(({ id }) => items.has(id))) return items
  return new Map((await reader.list('item')).map((row) => [row.id, row]))
}

/** What a batch depends on, upwards as far as its ways are counted, and the rows that have its ids. */
async function loadUpstream(
  reader: Reader,
  batch: readonly { readonly id: string; readonly dependsOn: readonly string[] }[],
): Promise<Map<string, ItemRow>> {
  const items = new Map<string, ItemRow>()
  for (const { id } of batch) await loadInto(items, reader, id)
  const queue = batch.flatMap(({ dependsOn }) => dependsOn)
  let reached = 0
  for (const id of queue) {
    const known = items.has(id)
    const row = await loadInto(items, reader, id)
    if (known || row === undefined || reached++ >= PATH_REACH) continue
    // What is done has no way any more, nor has anything before it.
    if (!satisfies(row.state)) queue.push(...row.dependsOn)
  }
  return items
}

export async function knownItems(reader: Reader): Promise<string[]> {
  return (await reader.list('item', { limit: NAMES_READ })).map(({ id }) => id)
}

/** The error about an item that does not exist, with the nearest names. */
export function unknownItem(id: string, known: readonly string[]): ErrorData {
  const near = nearestNames(id, known)
  const hint =
    near.length > 0
      ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`
      : 'Look at what there is with: board'
  const item = headOf(id, 80)
  return errorData('not_found', `There is no item "${item}" on the board. ${hint}`, { item, nearest: near })
}

export async function definitionOf(reader: Reader, item: ItemRow): Promise<ItemDefinition> {
  return JSON.parse(await unpackText(reader, item.definition)) as ItemDefinition
}

/** The attempts at an item, oldest first. */
export function attemptsAt(reader: Reader, item: string): Promise<readonly AttemptRow[]> {
  return reader.list('attempt', { where: { item }, orderBy: 'position' })
}

/** What an attempt has said to its agent. */
export function messagesOf(reader: Reader, attempt: string): Promise<readonly MessageRow[]> {
  return reader.list('message', { where: { kind: 'item', itemAttempt: attempt } })
}

async function loadInto(
  items: Map<string, ItemRow>,
  reader: Reader,
  id: string,
): Promise<ItemRow | undefined> {
  const known = items.get(id)
  if (known !== undefined) return known
  const row = await reader.get('item', id)
  if (row !== undefined) items.set(id, row)
  return row
}
