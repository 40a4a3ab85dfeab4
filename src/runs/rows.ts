/** The rows that a transaction sees, with what it has decided so far already applied to them. */
import type { AtelierEvent, Identity, NewEvent } from '../events.ts'
import type { Blob } from '../ids.ts'
import type { Projection, Reader, RowKey, RowOf, RowQuery } from '../store.ts'
import { TABLES } from '../table-specs.ts'
import type { TableName } from '../tables.ts'

export class Rows implements Reader {
  readonly #reader: Reader
  readonly #projection: Projection
  readonly #at: number
  readonly #by: Identity
  /** Rows that were read one by one, or changed: null where there is none. */
  readonly #known = new Map<TableName, Map<string, object | null>>()
  readonly #changed = new Map<TableName, Set<string>>()
  /** Long texts that are committed with what is decided, by their hash. */
  readonly #blobs = new Map<string, string>()

  constructor(reader: Reader, projection: Projection, at: number, by: Identity) {
    this.#reader = reader
    this.#projection = projection
    this.#at = at
    this.#by = by
  }

  async get<T extends TableName>(table: T, key: RowKey): Promise<RowOf<T> | undefined> {
    const text = keyText(key)
    const rows = this.#of(table)
    let row = rows.get(text)
    if (row === undefined) {
      row = (await this.#reader.get(table, key)) ?? null
      rows.set(text, row)
    }
    return (row ?? undefined) as RowOf<T> | undefined
  }

  async list<T extends TableName>(table: T, query: RowQuery<RowOf<T>> = {}): Promise<readonly RowOf<T>[]> {
    const changed = this.#changed.get(table)
    if (changed === undefined) return this.#reader.list(table, query)
    const { limit, ...unlimited } = query
    // As many more as may not belong to the list any more.
    const more = limit === undefined ? {} : { limit: limit + changed.size }
    const stored = await this.#reader.list(table, { ...unlimited, ...more })
    const rows = stored.filter((row) => !changed.has(keyOf(table, row)))
    for (const key of changed) {
      const row = this.#of(table).get(key) as RowOf<T> | null
      if (row !== null && fits(row, query)) rows.push(row)
    }
    return rows.toSorted(order(table, query)).slice(0, limit)
  }

  async values<T extends TableName, C extends keyof RowOf<T> & string>(
    table: T,
    column: C,
    query: RowQuery<RowOf<T>> = {},
  ): Promise<readonly RowOf<T>[C][]> {
    if (!this.#changed.has(table)) return this.#reader.values(table, column, query)
    return (await this.list(table, query)).map((row) => row[column])
  }

  async blob(hash: string): Promise<string | undefined> {
    return this.#blobs.get(hash) ?? this.#reader.blob(hash)
  }

  /** Long texts that are stored with this transaction, and so are not there yet. */
  keep(blobs: readonly Blob[]): void {
    for (const { hash, body } of blobs) this.#blobs.set(hash, body)
  }

  /** Lets what follows see these events. */
  async apply(events: readonly NewEvent[]): Promise<void> {
    for (const event of events) {
      for (const { table, key } of this.#projection.reads(event)) await this.get(table, key)
      const applied = { ...event, seq: 0, at: this.#at, version: 1, ...this.#by } as AtelierEvent
      const lookup = <T extends TableName>(table: T, key: string): RowOf<T> | undefined =>
        (this.#of(table).get(key) ?? undefined) as RowOf<T> | undefined
      for (const { table, key, row } of this.#projection.apply(applied, lookup)) {
        this.#of(table).set(keyText(key), row)
        let changed = this.#changed.get(table)
        if (changed === undefined) this.#changed.set(table, (changed = new Set()))
        changed.add(keyText(key))
      }
    }
  }

  #of(table: TableName): Map<string, object | null> {
    let rows = this.#known.get(table)
    if (rows === undefined) this.#known.set(table, (rows = new Map<string, object | null>()))
    return rows
  }
}

function keyText(key: RowKey): string {
  return typeof key === 'string' ? key : key.join('\0')
}

function keyOf<T extends TableName>(table: T, row: RowOf<T>): string {
  const columns: readonly string[] = TABLES[table].key
  return columns
    .map((column) => String((row as object as Readonly<Record<string, unknown>>)[column]))
    .join('\0')
}

function fits<Row extends object>(
  row: Row,
  { where = {}, orderBy, after, direction }: RowQuery<Row>,
): boolean {
  const values = row as Readonly<Record<string, unknown>>
  if (!Object.entries(where).every(([column, value]) => values[column] === value)) return false
  if (orderBy === undefined || after === undefined) return true
  const value = values[orderBy] as string | number | null
  if (value === null) return false
  return direction === 'desc' ? value < after : value > after
}

function order<T extends TableName>(
  table: T,
  { orderBy, direction }: RowQuery<RowOf<T>>,
): (a: RowOf<T>, b: RowOf<T>) => number {
  const columns: readonly string[] = orderBy === undefined ? TABLES[table].key : [orderBy]
  const sign = direction === 'desc' ? -1 : 1
  return (a, b) => {
    for (const column of columns) {
      const one = (a as object as Readonly<Record<string, string | number>>)[column] as string | number
      const other = (b as object as Readonly<Record<string, string | number>>)[column] as string | number
      if (one !== other) return one < other ? -sign : sign
    }
    return 0
  }
}
