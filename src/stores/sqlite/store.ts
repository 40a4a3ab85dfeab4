/** The store in one SQLite file: for one machine, any number of processes, no server. */
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
import type { SqliteConnection } from './connection.ts'
import { TransactJob, WriteJob } from './jobs.ts'
import { databaseFile, openDatabase, type DatabaseFile, type FileOptions } from './open.ts'
import { SnapshotReader } from './snapshots.ts'
import { SqliteView } from './view.ts'
import { SqliteWriter } from './writer.ts'

export interface SqliteStoreOptions extends FileOptions {
  readonly projection: Projection
  /** The time of decisions and events. */
  readonly clock: Clock
}

/**
 * Opens the store in a file.
 * @throws AtelierError `store_unwritable`, `store_corrupt`, `disk_full`, `store_busy`, or `unsupported`
 * if a newer version of Atelier wrote it
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const file = databaseFile(options)
  return new SqliteStore(options, file, await openDatabase(file))
}

class SqliteStore implements Store {
  readonly #options: SqliteStoreOptions
  readonly #view: SqliteView
  readonly #writer: SqliteWriter

  constructor(options: SqliteStoreOptions, file: DatabaseFile, connection: SqliteConnection) {
    this.#options = options
    this.#view = new SqliteView(file, connection, new SnapshotReader(file))
    this.#writer = new SqliteWriter(connection, {
      ...file,
      committed: (events) => this.#view.committed(events),
    })
  }

  transact<Loaded>(transaction: Transaction<Loaded>): Promise<TransactionResult<Loaded>> {
    return new Promise((resolve, reject) => {
      this.#view.assertOpen()
      this.#writer.enqueue(new TransactJob({ ...this.#options, transaction, resolve, reject }))
    })
  }

  write(
    changes: readonly OperationalChange[],
    blobs: readonly { hash: string; body: string }[] = [],
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#view.assertOpen()
      this.#writer.enqueue(new WriteJob({ changes, blobs, resolve, reject }))
    })
  }

  read<Result>(load: (reader: Reader) => Promise<Result>): Promise<Result> {
    return this.#view.read(load)
  }

  events(query: EventQuery): Promise<readonly AtelierEvent[]> {
    return this.#view.events(query)
  }

  lastSeq(): Promise<number> {
    return this.#view.lastSeq()
  }

  onCommit(listener: CommitListener, options?: ListenOptions): () => void {
    return this.#view.onCommit(listener, options)
  }

  close(): Promise<void> {
    return this.#view.close(this.#writer.idle())
  }
}
