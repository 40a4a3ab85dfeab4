/** The store in one SQLite file: for one machine, any number of processes, no server. */
import { AtelierError } from '../../errors.ts'
import type { AtelierEvent } from '../../events.ts'
import type {
  CommitListener,
  EventQuery,
  ListenOptions,
  OperationalChange,
  Projection,
  Reader,
  Store,
  Transaction,
  TransactionResult,
} from '../../store.ts'
import type { Clock } from '../../time/clock.ts'
import { eventsOf, lastSeqOf } from '../sql/log.ts'
import { SqlReader } from '../sql/reader.ts'
import { SCHEMA, type Schema } from '../sql/schema.ts'
import { CommitWatch } from './commits.ts'
import type { SqliteConnection } from './connection.ts'
import { TransactJob, WriteJob } from './jobs.ts'
import { openDatabase, type DatabaseFile, type Durability } from './open.ts'
import { SnapshotReader } from './snapshots.ts'
import { SqliteWriter } from './writer.ts'

export interface SqliteStoreOptions {
  /** The file; it and its folder are made if they are missing. */
  readonly path: string
  readonly projection: Projection
  /** The time of decisions and events. */
  readonly clock: Clock
  /** Default `full`: a commit survives a power failure. */
  readonly durability?: Durability
  /** How long a command waits while another process has the file locked; default 10,000. */
  readonly lockDeadlineMs?: number
  /** Another schema than the current one: for tests of migrations. */
  readonly schema?: Schema
}

/** Far beyond what any write of Atelier holds the lock for: only a stuck process is waited for so long. */
const LOCK_DEADLINE_MS = 10_000

/**
 * Opens the store in a file.
 * @throws AtelierError `store_unwritable`, `store_corrupt`, `disk_full`, `store_busy`, or `unsupported`
 * if a newer version of Atelier wrote it
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { path, durability = 'full', lockDeadlineMs = LOCK_DEADLINE_MS, schema = SCHEMA } = options
  const file = { path, durability, lockDeadlineMs, schema }
  return new SqliteStore(options, file, await openDatabase(file))
}

class SqliteStore implements Store {
  readonly #options: SqliteStoreOptions
  readonly #connection: SqliteConnection
  readonly #watch: CommitWatch
  readonly #writer: SqliteWriter
  readonly #snapshots: SnapshotReader
  #closing: Promise<void> | undefined

  constructor(options: SqliteStoreOptions, file: DatabaseFile, connection: SqliteConnection) {
    this.#options = options
    this.#connection = connection
    this.#watch = new CommitWatch(connection)
    this.#writer = new SqliteWriter(connection, {
      ...file,
      committed: (events) => this.#watch.committed(events),
    })
    this.#snapshots = new SnapshotReader(file)
  }

  transact<Loaded>(transaction: Transaction<Loaded>): Promise<TransactionResult<Loaded>> {
    if (this.#closing !== undefined) return Promise.reject(this.#closed())
    return new Promise((resolve, reject) => {
      this.#writer.enqueue(new TransactJob({ ...this.#options, transaction, resolve, reject }))
    })
  }

  write(
    changes: readonly OperationalChange[],
    blobs: readonly { hash: string; body: string }[] = [],
  ): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(this.#closed())
    return new Promise((resolve, reject) => {
      this.#writer.enqueue(new WriteJob({ changes, blobs, resolve, reject }))
    })
  }

  read<Result>(load: (reader: Reader) => Promise<Result>): Promise<Result> {
    return this.#read((connection) => load(new SqlReader(connection)))
  }

  events(query: EventQuery): Promise<readonly AtelierEvent[]> {
    return this.#read((connection) => eventsOf(connection, query))
  }

  lastSeq(): Promise<number> {
    return this.#read(lastSeqOf)
  }

  onCommit(listener: CommitListener, options?: ListenOptions): () => void {
    if (this.#closing !== undefined) throw this.#closed()
    return this.#watch.add(listener, options)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  #read<Result>(load: (connection: SqliteConnection) => Promise<Result>): Promise<Result> {
    if (this.#closing !== undefined) return Promise.reject(this.#closed())
    return this.#snapshots.read(load)
  }

  async #close(): Promise<void> {
    await this.#writer.idle()
    await this.#snapshots.close()
    this.#watch.close()
    this.#connection.close()
  }

  #closed(): AtelierError {
    return new AtelierError('closed', `The store ${this.#options.path} was closed. Open it again to go on.`)
  }
}
