/** The half of the store that only reads. `atelier status` waits for whatever this file imports. */
import { AtelierError } from '../../errors.ts'
import type { AtelierEvent } from '../../events.ts'
import type { CommitListener, EventQuery, ListenOptions, Reader, StoreView } from '../../store.ts'
import { eventsOf, lastSeqOf } from '../sql/log.ts'
import { SqlReader } from '../sql/reader.ts'
import { CommitWatch } from './commits.ts'
import type { SqliteConnection } from './connection.ts'
import { databaseFile, openDatabase, type DatabaseFile, type FileOptions } from './open.ts'
import { SnapshotReader } from './snapshots.ts'

/**
 * Opens a file to look at what it holds; it is made or brought up like one that is written.
 * @throws AtelierError `store_unwritable`, `store_corrupt`, `disk_full`, `store_busy`, or `unsupported`
 * if a newer version of Atelier wrote it
 */
export async function openSqliteView(options: FileOptions): Promise<StoreView> {
  const file = databaseFile(options)
  const connection = await openDatabase(file)
  return new SqliteView(file, connection, new SnapshotReader(file, connection))
}

export class SqliteView implements StoreView {
  readonly #path: string
  readonly #connection: SqliteConnection
  readonly #snapshots: SnapshotReader
  readonly #watch: CommitWatch
  #closing: Promise<void> | undefined

  /** Takes the connection over: it is closed with the view. */
  constructor({ path }: DatabaseFile, connection: SqliteConnection, snapshots: SnapshotReader) {
    this.#path = path
    this.#connection = connection
    this.#snapshots = snapshots
    this.#watch = new CommitWatch(connection)
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
    this.assertOpen()
    return this.#watch.add(listener, options)
  }

  /** Tells those who listen what was committed on the connection. */
  committed(events: readonly AtelierEvent[]): void {
    this.#watch.committed(events)
  }

  /** @throws AtelierError `closed` */
  assertOpen(): void {
    if (this.#closing === undefined) return
    throw new AtelierError('closed', `The store ${this.#path} was closed. Open it again to go on.`)
  }

  /** @param written settles when nothing is written on the connection any more */
  close(written?: Promise<void>): Promise<void> {
    return (this.#closing ??= this.#close(written))
  }

  async #read<Result>(load: (connection: SqliteConnection) => Promise<Result>): Promise<Result> {
    this.assertOpen()
    return this.#snapshots.read(load)
  }

  async #close(written: Promise<void> | undefined): Promise<void> {
    await written
    await this.#snapshots.close()
    this.#watch.close()
    this.#connection.close()
  }
}
