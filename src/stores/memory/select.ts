import { AtelierError } from '../../errors.ts'
import type { RowQuery } from '../../store.ts'
import { TABLES } from '../../table-specs.ts'
import type { TableName } from '../../tables.ts'

export type Row = Readonly<Record<string, unknown>>

/** A {@link RowQuery} of any table. */
export type ListQuery = Omit<RowQuery<object>, 'where' | 'orderBy'> & {
  readonly where?: object
  readonly orderBy?: string
}

/** The rows that a query asks for, in its order. */
export function select(table: TableName, rows: Iterable<Row>, query: ListQuery): readonly Row[] {
  const key: readonly string[] = TABLES[table].key
  const { where = {}, orderBy, after, limit = Infinity, direction = 'asc' } = query
  const columns: Readonly<Record<string, string>> = TABLES[table].columns
  const conditions = Object.entries(where).filter(([, value]) => value !== undefined)
  for (const [column] of conditions) {
    if (columns[column] === undefined || columns[column] === 'json') {
      throw new AtelierError('invalid_input', `Rows of "${table}" cannot be selected by "${column}".`)
    }
  }
  const sign = direction === 'asc' ? 1 : -1
  const order = orderBy === undefined ? key : [orderBy]
  const beyond = (row: Row): boolean =>
    after === undefined || sign * compare(row[order[0] as string], after) > 0
  return [...rows]
    .filter((row) => conditions.every(([column, value]) => row[column] === value) && beyond(row))
    .sort((a, b) => {
      for (const column of order) {
        const difference = compare(a[column], b[column])
        if (difference !== 0) return sign * difference
      }
      return 0
    })
    .slice(0, limit)
}

/** Numbers by value, texts by code point as databases do; JavaScript compares UTF-16 units. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return Number(a) - Number(b)
}
