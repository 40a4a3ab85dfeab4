/** The rows that a transaction sees, with what it has decided so far already applied to them. */
import type { AtelierEvent, Identity, NewEvent } from '../events.ts'
import type { Blob } from '../ids.ts'
import { chosenBy, selectRows, type Row } from '../row-selection.ts'
import type { Projection, Reader, RowKey, RowOf, RowQuery } from '../store.ts'
import { TABLES } from '../table-specs.ts'
import type { TableName } from '../tables.ts'

interface Beginning {
  readonly rows: readonly object[]
  readonly isWhole: boolean
}

export class Rows implements Reader {
  readonly #reader: Reader
  readonly #projection: Projection
  readonly #at: number
  readonly #by: Identity
  /** Rows that were read one by one, or changed: null where there is none. */
  readonly #known = new Map<TableName, Map<string, object | null>>()
  /** What was changed, as it is stored: null where there is none, undefined where nobody has looked. */
  readonly #changed = new Map<TableName, Map<string, object | null | undefined>>()
  /** The beginnings of lists that were read, as they are stored. */
  readonly #lists = new Map<string, Beginning>()
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
    const isChosen = chosenBy(table, query)
    // As many more as may not belong to the list any more: what is left of them are the first of those that do.
    const stored = await this.#beginning(table, unlimited, limit && limit + left(changed, isChosen))
    const rows: object[] = stored.filter((row) => !changed.has(keyOf(table, row)))
    for (const key of changed.keys()) {
      const row = this.#of(table).get(key) ?? null
      if (row !== null && isChosen(row as Row)) rows.push(row)
    }
    return selectRows(table, rows as Row[], query) as unknown as readonly RowOf<T>[]
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
        const text = keyText(key)
        const rows = this.#of(table)
        let changed = this.#changed.get(table)
        if (changed === undefined)
          this.#changed.set(table, (changed = new Map<string, object | null | undefined>()))
        if (!changed.has(text)) changed.set(text, rows.get(text))
        rows.set(text, row)
      }
    }
  }

  /** At least so many stored rows of a list; all without a limit. Steps of one commit ask for the same list again and again. */
  async #beginning<T extends TableName>(
    table: T,
    query: RowQuery<RowOf<T>>,
    least: number | undefined,
  ): Promise<readonly RowOf<T>[]> {
    const key = `${table} ${JSON.stringify(query)}`
    const known = this.#lists.get(key)
    if (known !== undefined && (known.isWhole || (least !== undefined && known.rows.length >= least)))
      return known.rows as readonly RowOf<T>[]
    const limit = least === undefined ? undefined : 2 * least
    const rows = await this.#reader.list(table, limit === undefined ? query : { ...query, limit })
    this.#lists.set(key, { rows, isWhole: limit === undefined || rows.length < limit })
    return rows
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

/** How many of the rows that were changed a stored list may have. */
function left(
  changed: ReadonlyMap<string, object | null | undefined>,
  isChosen: (row: Row) => boolean,
): number {
  let count = 0
  for (const row of changed.values()) if (row === undefined || (row !== null && isChosen(row as Row))) count++
  return count
}
