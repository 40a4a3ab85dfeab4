/** What a query of rows gives, for whoever has rows at hand: the same as every store gives. */
import { AtelierError } from './errors.ts'
import type { RowQuery } from './store.ts'
import { TABLES } from './table-specs.ts'
import type { TableName } from './tables.ts'

export type Row = Readonly<Record<string, unknown>>

/** A {@link RowQuery} of any table. */
export type ListQuery = Omit<RowQuery<object>, 'where' | 'orderBy'> & {
  readonly where?: object
  readonly orderBy?: string
}

/** The rows that a query asks for, in its order; those that it does not tell apart stay in theirs. */
export function selectRows(table: TableName, rows: Iterable<Row>, query: ListQuery): readonly Row[] {
  const { limit = Infinity, direction = 'asc' } = query
  const columns = orderOf(table, query)
  const sign = direction === 'asc' ? 1 : -1
  return [...rows]
    .filter(chosenBy(table, query))
    .sort((a, b) => {
      for (const column of columns) {
        const difference = compare(a[column], b[column])
        if (difference !== 0) return sign * difference
      }
      return 0
    })
    .slice(0, limit)
}

/**
 * Says of a row whether a query asks for it, however many it wants.
 * @throws AtelierError `invalid_input` where it asks by a column that cannot be asked by
 */
export function chosenBy(table: TableName, query: ListQuery): (row: Row) => boolean {
  const { where = {}, after, direction = 'asc' } = query
  const columns: Readonly<Record<string, string>> = TABLES[table].columns
  const conditions = Object.entries(where).filter(([, value]) => value !== undefined)
  for (const [column] of conditions) {
    if (columns[column] === undefined || columns[column] === 'json') {
      throw new AtelierError('invalid_input', `Rows of "${table}" cannot be selected by "${column}".`)
    }
  }
  const first = orderOf(table, query)[0] as string
  const sign = direction === 'asc' ? 1 : -1
  return (row) =>
    conditions.every(([column, value]) => row[column] === value) &&
    // Nothing lies beyond a value that is not there, as in SQL.
    (after === undefined || (row[first] !== null && sign * compare(row[first], after) > 0))
}

function orderOf(table: TableName, { orderBy }: ListQuery): readonly string[] {
  return orderBy === undefined ? TABLES[table].key : [orderBy]
}

/** Null first, numbers by value, texts by code point as databases do; JavaScript compares UTF-16 units. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? -1 : 1
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  return Number(a) - Number(b)
}

function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const one = a.charCodeAt(at)
    const other = b.charCodeAt(at)
    if (one !== other) return byCodePoint(one) - byCodePoint(other)
  }
  return a.length - b.length
}

const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff
const MOST_UNITS = 0x1_00_00

/** Halves of a pair stand for characters behind all others. */
function byCodePoint(unit: number): number {
  return unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE ? unit + MOST_UNITS : unit
}
