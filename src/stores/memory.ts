/** The store in memory: the same rules with nothing kept, for tests and for workshops of one process. */
import { AtelierError } from '../errors.ts'
import { EVENT_VERSIONS, type AtelierEvent } from '../events.ts'
import { selectRows, type Row } from '../row-selection.ts'
import type {
  CommitListener,
  EventQuery,
  OperationalChange,
  Projection,
  Reader,
  RowKey,
  RowOf,
  RowQuery,
  Store,
  Transaction,
  TransactionResult,
} from '../store.ts'
import { TABLES } from '../table-specs.ts'
import type { TableName } from '../tables.ts'
import type { Clock } from '../time/clock.ts'

export interface MemoryStoreOptions {
  readonly projection: Projection
  /** The time of decisions and events. */
  readonly clock: Clock
}

/** Opens an empty store. */
export function openMemoryStore(options: MemoryStoreOptions): Store {
  return new MemoryStore(options)
}

type Blobs = readonly { readonly hash: string; readonly body: string }[]

/** Writes of one command: rows by table and key, null where one is removed. */
type Staged = Map<TableName, Map<string, Row | null>>

class MemoryStore implements Store {
  readonly #projection: Projection
  readonly #clock: Clock
  readonly #tables = new Map<TableName, Map<string, Row>>()
  readonly #blobs = new Map<string, string>()
  readonly #log: AtelierEvent[] = []
  readonly #listeners = new Set<{ readonly listener: CommitListener }>()
  /** Commands and reads run one after the other: each sees the state that the last one left. */
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor({ projection, clock }: MemoryStoreOptions) {
    this.#projection = projection
    this.#clock = clock
  }

  transact<Loaded>(transaction: Transaction<Loaded>): Promise<TransactionResult<Loaded>> {
    return this.#inTurn(() => this.#transact(transaction))
  }

  read<Result>(load: (reader: Reader) => Promise<Result>): Promise<Result> {
    return this.#inTurn(() => load(this.#reader()))
  }

  write(changes: readonly OperationalChange[], blobs: Blobs = []): Promise<void> {
    return this.#inTurn(async () => this.#commit([], stageRows(new Map(), changes), blobs))
  }

  events({ after = 0, last, limit, types }: EventQuery): Promise<readonly AtelierEvent[]> {
    return this.#inTurn(async () => {
      const found = this.#log.filter(
        ({ seq, type }) => seq > after && (types === undefined || types.includes(type)),
      )
      const most = Math.min(last ?? Infinity, limit ?? Infinity)
      return last === undefined ? found.slice(0, most) : found.slice(Math.max(0, found.length - most))
    })
  }

  lastSeq(): Promise<number> {
    return this.#inTurn(async () => this.#log.length)
  }

  onCommit(listener: CommitListener): () => void {
    if (this.#closed) throw closed()
    const entry = { listener }
    this.#listeners.add(entry)
    return () => {
      this.#listeners.delete(entry)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#last
    this.#listeners.clear()
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(closed())
    const result = this.#last.then(act)
    this.#last = result.catch(() => {})
    return result
  }

  async #transact<Loaded>(transaction: Transaction<Loaded>): Promise<TransactionResult<Loaded>> {
    const loaded = await transaction.load(this.#reader())
    const at = this.#clock.now()
    const decision = transaction.decide(loaded, at)
    if ('refused' in decision) return { ok: false, refused: decision.refused, loaded }
    const staged: Staged = new Map()
    const events: AtelierEvent[] = []
    for (const { type, data } of decision.events) {
      const seq = this.#log.length + events.length + 1
      const event = { type, data, seq, at, ...transaction.by, version: EVENT_VERSIONS[type] } as AtelierEvent
      this.#apply(event, staged)
      events.push(event)
    }
    this.#commit(events, stageRows(staged, decision.rows ?? []), [
      ...(transaction.blobs ?? []),
      ...(decision.blobs ?? []),
    ])
    return { ok: true, events, loaded }
  }

  #apply(event: AtelierEvent, staged: Staged): void {
    const named = new Set(this.#projection.reads(event).map(({ table, key }) => `${table} ${key}`))
    const changes = this.#projection.apply(event, <T extends TableName>(table: T, key: string) => {
      const row = staged.get(table)?.get(key)
      if (row !== undefined) return (row ?? undefined) as RowOf<T> | undefined
      if (!named.has(`${table} ${key}`)) {
        throw new Error(`The projection looks up ${table} "${key}", which its reads() does not name.`)
      }
      return this.#tables.get(table)?.get(key) as RowOf<T> | undefined
    })
    for (const { table, key, row } of changes)
      stage(staged, table, keyText(key), row as unknown as Row | null)
  }

  #commit(events: readonly AtelierEvent[], staged: Staged, blobs: Blobs): void {
    for (const [table, rows] of staged) {
      let kept = this.#tables.get(table)
      if (kept === undefined) this.#tables.set(table, (kept = new Map<string, Row>()))
      for (const [key, row] of rows) {
        if (row === null) kept.delete(key)
        else kept.set(key, row)
      }
    }
    for (const { hash, body } of blobs) this.#blobs.set(hash, body)
    this.#log.push(...events)
    if (events.length === 0) return
    for (const { listener } of [...this.#listeners]) {
      try {
        listener(events)
      } catch (error) {
        // A listener that throws is a broken promise of its owner, not of the commit or of the others.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  #list<T extends TableName>(table: T, query: RowQuery<RowOf<T>>): readonly RowOf<T>[] {
    const rows = this.#tables.get(table)?.values() ?? []
    return selectRows(table, rows, query) as unknown as readonly RowOf<T>[]
  }

  #reader(): Reader {
    return {
      get: async <T extends TableName>(table: T, key: RowKey) => {
        return this.#tables.get(table)?.get(keyText(key)) as RowOf<T> | undefined
      },
      list: async <T extends TableName>(table: T, query: RowQuery<RowOf<T>> = {}) => {
        return this.#list(table, query)
      },
      values: async <T extends TableName, C extends keyof RowOf<T> & string>(
        table: T,
        column: C,
        query: RowQuery<RowOf<T>> = {},
      ) => this.#list(table, query).map((row) => row[column]),
      blob: async (hash) => this.#blobs.get(hash),
    }
  }
}

function stageRows(staged: Staged, changes: readonly OperationalChange[]): Staged {
  for (const change of changes) {
    if ('put' in change) {
      const row = change.put as unknown as Row
      stage(
        staged,
        change.table,
        TABLES[change.table].key.map((column) => row[column] as string | number).join('\0'),
        row,
      )
    } else {
      stage(staged, change.table, keyText(change.remove), null)
    }
  }
  return staged
}

function stage(staged: Staged, table: TableName, key: string, row: Row | null): void {
  let rows = staged.get(table)
  if (rows === undefined) staged.set(table, (rows = new Map<string, Row | null>()))
  rows.set(key, row)
}

function keyText(key: RowKey): string {
  return typeof key === 'string' ? key : key.join('\0')
}

function closed(): AtelierError {
  return new AtelierError(
    'closed',
    'This store in memory was closed; what it held is gone. Open another one to go on.',
  )
}
