/** The shared key/value store: every write states or makes a version, so that none is overwritten unseen. */
import { errorData, type ErrorData } from '../errors.ts'
import type { EventOf, NewEvent } from '../events.ts'
import type { StoredText } from '../json.ts'
import type { ContextRow, RowChange } from '../tables.ts'

export interface PutContext {
  readonly key: string
  readonly value: StoredText
  /** Write only if the key is still at this version; 0 means that it must not exist. */
  readonly ifVersion?: number
}

/** Decides a write. A stale version is refused as `conflict` with the current one. */
export function decidePut(
  row: ContextRow | undefined,
  { key, value, ifVersion }: PutContext,
): { readonly events: NewEvent[] } | { readonly refused: ErrorData } {
  const version = row?.version ?? 0
  if (ifVersion !== undefined && ifVersion !== visibleVersion(row))
    return { refused: conflict(key, ifVersion, row) }
  return { events: [{ type: 'context.put', data: { key, value, version: version + 1 } }] }
}

/** Decides a removal; removing what is not there changes nothing. */
export function decideRemove(
  row: ContextRow | undefined,
  key: string,
  ifVersion?: number,
): { readonly events: NewEvent[] } | { readonly refused: ErrorData } {
  if (ifVersion !== undefined && ifVersion !== visibleVersion(row))
    return { refused: conflict(key, ifVersion, row) }
  if (row === undefined || row.value === null) return { events: [] }
  return { events: [{ type: 'context.removed', data: { key, version: row.version + 1 } }] }
}

/** The version that a reader sees: 0 while there is no value. */
export function visibleVersion(row: ContextRow | undefined): number {
  return row === undefined || row.value === null ? 0 : row.version
}

export function applyContextPut({ data, at, actor }: EventOf<'context.put'>): RowChange[] {
  const { key, value, version } = data
  return [{ table: 'context', key, row: { key, value, version, by: actor, updatedAt: at } }]
}

/** The row stays without a value, so that a later write does not repeat a version. */
export function applyContextRemoved({ data, at, actor }: EventOf<'context.removed'>): RowChange[] {
  const { key, version } = data
  return [{ table: 'context', key, row: { key, value: null, version, by: actor, updatedAt: at } }]
}

function conflict(key: string, expected: number, row: ContextRow | undefined): ErrorData {
  const actual = visibleVersion(row)
  const found = actual === 0 ? 'it does not exist' : `it is at version ${actual}, written by ${row?.by}`
  return errorData(
    'conflict',
    `The key "${key}" was expected at version ${expected}, but ${found}. Read it again and decide anew.`,
    { key, expected, actual },
  )
}
