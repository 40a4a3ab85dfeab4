/** The one transaction body of every SQL store: load, decide, append, apply, write each row once. */
import type { AtelierEvent, NewEvent } from '../../events.ts'
import type {
  OperationalChange,
  Projection,
  Reader,
  RowKey,
  RowOf,
  RowQuery,
  Transaction,
  TransactionResult,
} from '../../store.ts'
import type { RowChange, TableName } from '../../tables.ts'
import type { MaybePromise, SqlConnection, SqlRow } from './connection.ts'
import { appendEvent, blobOf, putBlob } from './log.ts'
import { sqlTable, valuesOf, type BoundStatement, type SqlTable } from './table.ts'

type Blobs = readonly { readonly hash: string; readonly body: string }[]

/** `failed`: the command's own `load` or `decide` threw, and nothing was written. */
export type Outcome<Result> =
  | { readonly kind: 'settled'; readonly result: Result }
  | { readonly kind: 'failed'; readonly error: unknown }

export interface TransactionInput<Loaded> {
  readonly connection: SqlConnection
  readonly projection: Projection
  readonly transaction: Transaction<Loaded>
  /** The store's time. */
  now(): MaybePromise<number>
}

/**
 * Runs a command on a connection that has begun a transaction, and leaves the commit to the caller.
 * @throws what the database or the projection threw while rows were written: the caller rolls back
 */
export async function runTransaction<Loaded>(
  input: TransactionInput<Loaded>,
): Promise<Outcome<TransactionResult<Loaded>>> {
  const { connection, projection, transaction } = input
  const rows = new TransactionRows(connection)
  let loaded: Loaded
  let decided: readonly NewEvent[]
  let changes: readonly OperationalChange[] | undefined
  let blobs: Blobs
  let at: number
  try {
    loaded = await transaction.load(rows)
    const now = input.now()
    at = typeof now === 'number' ? now : await now
    const decision = transaction.decide(loaded, at)
    if ('refused' in decision) {
      return { kind: 'settled', result: { ok: false, refused: decision.refused, loaded } }
    }
    decided = decision.events
    changes = decision.rows
    blobs = [...(transaction.blobs ?? []), ...(decision.blobs ?? [])]
  } catch (error) {
    return { kind: 'failed', error }
  }
  const events: AtelierEvent[] = []
  if (blobs.length > 0) await putBlobs(connection, blobs)
  for (const decidedEvent of decided) {
    for (const { table, key } of projection.reads(decidedEvent)) {
      const pending = rows.fetch(table, key)
      if (pending instanceof Promise) await pending
    }
    const appended = appendEvent(connection, decidedEvent, at, transaction.by)
    const event = appended instanceof Promise ? await appended : appended
    events.push(event)
    rows.apply(projection.apply(event, rows.lookup))
  }
  await rows.flush()
  if (changes !== undefined) await writeRows(connection, changes)
  return { kind: 'settled', result: { ok: true, events, loaded } }
}

/** Writes operational rows directly. */
export async function writeRows(
  connection: SqlConnection,
  changes: readonly OperationalChange[],
): Promise<void> {
  for (const change of changes) {
    const table = sqlTable(change.table)
    const { statement, values } = 'put' in change ? table.upsert(change.put) : table.remove(change.remove)
    const pending = connection.run(statement, values)
    if (pending instanceof Promise) await pending
  }
}

export async function putBlobs(connection: SqlConnection, blobs: Blobs): Promise<void> {
  for (const { hash, body } of blobs) await putBlob(connection, hash, body)
}

interface CachedRow {
  readonly table: TableName
  readonly key: RowKey
  /** As the database has it: undefined if it has none, null if nobody looked. */
  readonly before: object | undefined | null
  after: object | undefined
}

/** The rows that one transaction has seen, as it sees them: each is read once and written once. */
class TransactionRows implements Reader {
  readonly #connection: SqlConnection
  readonly #rows = new Map<string, CachedRow>()

  constructor(connection: SqlConnection) {
    this.#connection = connection
  }

  async get<T extends TableName>(table: T, key: RowKey): Promise<RowOf<T> | undefined> {
    return this.fetch(table, key) as MaybePromise<RowOf<T> | undefined>
  }

  async list<T extends TableName>(name: T, query: RowQuery<RowOf<T>> = {}): Promise<readonly RowOf<T>[]> {
    const table = sqlTable(name)
    const { statement, values } = table.list(query)
    const rows = this.#connection.all(statement, values)
    return (rows instanceof Promise ? await rows : rows).map((found) => {
      const row = table.decode(found)
      return this.#remember(name, table.keyOf(row), row) as RowOf<T>
    })
  }

  values<T extends TableName, C extends keyof RowOf<T> & string>(
    name: T,
    column: C,
    query: RowQuery<RowOf<T>> = {},
  ): Promise<readonly RowOf<T>[C][]> {
    return valuesOf(this.#connection, name, column, query)
  }

  blob(hash: string): Promise<string | undefined> {
    return blobOf(this.#connection, hash)
  }

  /** Reads a row unless it was read before. */
  fetch(name: TableName, key: RowKey): MaybePromise<object | undefined> {
    const cached = this.#rows.get(cacheKey(name, key))
    if (cached !== undefined) return cached.after
    const table = sqlTable(name)
    const { statement, values } = table.get(key)
    const found = this.#connection.first(statement, values)
    const remember = (row: SqlRow | undefined): object | undefined =>
      this.#remember(name, key, row === undefined ? undefined : table.decode(row))
    return found instanceof Promise ? found.then(remember) : remember(found)
  }

  /** What a projection sees. */
  readonly lookup = <T extends TableName>(table: T, key: string): RowOf<T> | undefined => {
    const cached = this.#rows.get(cacheKey(table, key))
    if (cached === undefined)
      throw new Error(`The projection looks up ${table} "${key}", which its reads() does not name.`)
    return cached.after as RowOf<T> | undefined
  }

  apply(changes: readonly RowChange[]): void {
    for (const { table, key, row } of changes) {
      const cached = this.#rows.get(cacheKey(table, key))
      const after = row ?? undefined
      if (cached === undefined) this.#rows.set(cacheKey(table, key), { table, key, before: null, after })
      else cached.after = after
    }
  }

  /** Writes what was changed, in the order in which it was first seen. */
  async flush(): Promise<void> {
    for (const { table: name, key, before, after } of this.#rows.values()) {
      if (after === before) continue
      const table = sqlTable(name)
      const bound = after === undefined ? table.remove(key) : boundWrite(table, before, after)
      if (bound === undefined) continue
      const pending = this.#connection.run(bound.statement, bound.values)
      if (pending instanceof Promise) await pending
    }
  }

  #remember(table: TableName, key: RowKey, row: object | undefined): object | undefined {
    const name = cacheKey(table, key)
    const cached = this.#rows.get(name)
    if (cached !== undefined) return cached.after
    this.#rows.set(name, { table, key, before: row, after: row })
    return row
  }
}

function boundWrite(table: SqlTable, before: CachedRow['before'], after: object): BoundStatement | undefined {
  if (before === null) return table.upsert(after)
  return before === undefined ? table.insert(after) : table.update(before, after)
}

function cacheKey(table: TableName, key: RowKey): string {
  return `${table} ${typeof key === 'string' ? key : key.join('\0')}`
}
