/**
 * A throwaway store on Postgres: it shows that the seam and the shared SQL carry a server with many
 * writers. The real one comes with a later issue.
 */
import { types, type Client } from 'pg'
import type {
  SqlConnection,
  SqlDialect,
  SqlRow,
  SqlValue,
  Statement,
} from '../../../src/stores/sql/connection.ts'
import { eventsOf, lastSeqOf } from '../../../src/stores/sql/log.ts'
import { SqlReader } from '../../../src/stores/sql/reader.ts'
import { SCHEMA } from '../../../src/stores/sql/schema.ts'
import { putBlobs, runTransaction, writeRows } from '../../../src/stores/sql/transaction.ts'
import type { CommitListener, Store, Transaction, TransactionResult } from '../../../src/store.ts'
import { AtelierError } from '../../../src/errors.ts'
import type { StoreOpening } from '../../../src/testing/store-conformance.ts'

const POSTGRES: SqlDialect = {
  // Texts are ordered by code point, as everywhere.
  types: { text: 'text COLLATE "C"', integer: 'bigint', json: 'text' },
  sequence: 'bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
}

types.setTypeParser(types.builtins.INT8, Number)

/** Held from the append of an event to the commit, so that numbers become visible in their order. */
export const APPEND_LOCK = 1

/** Serialisation failure, deadlock, and a row that another writer inserted first: the command runs again. */
const RETRYABLE = new Set(['40001', '40P01', '23505'])

class PgConnection implements SqlConnection {
  readonly client: Client
  readonly #names = new Map<Statement, string>()
  /** One query at a time, also where the caller asks for several at once. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(client: Client) {
    this.client = client
  }

  async first(statement: Statement, values: readonly SqlValue[]): Promise<SqlRow | undefined> {
    return (await this.all(statement, values))[0]
  }

  all(statement: Statement, values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    const rows = this.#last.then(() => this.#query(statement, values))
    this.#last = rows.catch(() => {})
    return rows
  }

  async #query(statement: Statement, values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    let name = this.#names.get(statement)
    if (name === undefined) this.#names.set(statement, (name = `s${this.#names.size}`))
    const result = await this.client.query<SqlValue[]>({
      name,
      text: statement.text,
      values: [...values],
      rowMode: 'array',
    })
    return result.rows
  }

  run(statement: Statement, values: readonly SqlValue[]): Promise<unknown> {
    return this.all(statement, values)
  }

  async append({ text }: Statement, values: readonly SqlValue[]): Promise<number> {
    await this.client.query(`SELECT pg_advisory_xact_lock(${APPEND_LOCK})`)
    const result = await this.client.query<SqlValue[]>({
      text: `${text} RETURNING "seq"`,
      values: [...values],
      rowMode: 'array',
    })
    return result.rows[0]![0] as number
  }
}

export async function createTables(client: Client): Promise<void> {
  for (const statement of SCHEMA.create(POSTGRES)) await client.query(statement)
}

export async function openPostgresStore(
  connect: () => Promise<Client>,
  opening: StoreOpening,
): Promise<Store> {
  const store = new PostgresStore(
    new PgConnection(await connect()),
    new PgConnection(await connect()),
    opening,
  )
  await store.listen()
  return store
}

class PostgresStore implements Store {
  readonly #writer: PgConnection
  readonly #reader: PgConnection
  readonly #opening: StoreOpening
  readonly #listeners = new Set<{ readonly listener: CommitListener }>()
  #writing: Promise<unknown> = Promise.resolve()
  #reading: Promise<unknown> = Promise.resolve()
  /** The newest event that listeners can know of. */
  #seq = 0
  #closed = false

  constructor(writer: PgConnection, reader: PgConnection, opening: StoreOpening) {
    this.#writer = writer
    this.#reader = reader
    this.#opening = opening
  }

  async listen(): Promise<void> {
    const { client } = this.#reader
    const own = await this.#writer.client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    client.on('notification', ({ processId }) => {
      if (processId !== own.rows[0]!.pid) this.#tell(undefined)
    })
    await client.query('LISTEN commits')
    this.#seq = await lastSeqOf(this.#reader)
  }

  transact<Loaded>(transaction: Transaction<Loaded>): Promise<TransactionResult<Loaded>> {
    return this.#write(async () => {
      const { projection } = this.#opening
      const now = async (): Promise<number> => this.#opening.clock.now()
      const outcome = await runTransaction({ connection: this.#writer, projection, transaction, now })
      if (outcome.kind === 'failed') throw outcome.error
      return outcome.result
    }, transaction.keys)
  }

  write: Store['write'] = (changes, blobs = []) =>
    this.#write(async () => {
      await putBlobs(this.#writer, blobs)
      await writeRows(this.#writer, changes)
    }, [])

  read: Store['read'] = (load) => this.#read(() => load(new SqlReader(this.#reader)))
  events: Store['events'] = (query) => this.#read(() => eventsOf(this.#reader, query))
  lastSeq: Store['lastSeq'] = () => this.#read(() => lastSeqOf(this.#reader))

  onCommit(listener: CommitListener): () => void {
    if (this.#closed) throw closed()
    const entry = { listener }
    this.#listeners.add(entry)
    return () => void this.#listeners.delete(entry)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await Promise.all([this.#writing, this.#reading])
    await Promise.all([this.#writer.client.end(), this.#reader.client.end()])
  }

  #read<Result>(load: () => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(closed())
    const result = this.#reading.then(() =>
      inTransaction(this.#reader.client, 'REPEATABLE READ READ ONLY', load),
    )
    this.#reading = result.catch(() => {})
    return result
  }

  #write<Result>(act: () => Promise<Result>, keys: readonly string[]): Promise<Result> {
    if (this.#closed) return Promise.reject(closed())
    const result = this.#writing.then(async () => {
      const { client } = this.#writer
      const locks = keys
        .toSorted()
        .map((key) => ({ text: 'SELECT pg_advisory_lock(2, hashtext($1))', values: [key] }))
      for (const lock of locks) await client.query(lock)
      try {
        for (;;) {
          try {
            return await inTransaction(client, 'SERIALIZABLE', async () => {
              const done = await act()
              await client.query('NOTIFY commits')
              return done
            })
          } catch (error) {
            if (!(error instanceof Error && 'code' in error && RETRYABLE.has(String(error.code)))) throw error
          }
        }
      } finally {
        await client.query('SELECT pg_advisory_unlock_all()')
      }
    })
    const told = result.then((done) => this.#announce(done))
    this.#writing = told.catch(() => {})
    return told
  }

  #announce<Result>(done: Result): Result {
    const { ok, events } = (done ?? {}) as Partial<Extract<TransactionResult<unknown>, { ok: true }>>
    const [first] = ok === true && events !== undefined ? events : []
    if (first !== undefined && events !== undefined) {
      const follows = first.seq === this.#seq + 1
      this.#seq = first.seq + events.length - 1
      this.#tell(follows ? events : undefined)
    }
    return done
  }

  #tell(events: Parameters<CommitListener>[0]): void {
    for (const { listener } of [...this.#listeners]) listener(events)
  }
}

async function inTransaction<Result>(
  client: Client,
  mode: string,
  act: () => Promise<Result>,
): Promise<Result> {
  await client.query(`BEGIN ISOLATION LEVEL ${mode}`)
  try {
    const result = await act()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

function closed(): AtelierError {
  return new AtelierError('closed', 'This store was closed.')
}
