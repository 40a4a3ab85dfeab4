/** Opens the file: makes it, checks that it is ours, and brings an older one up. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { READ_VERSION, SCHEMA, writeVersion, type Schema } from '../sql/schema.ts'
import { SQLITE, SqliteConnection } from './connection.ts'
import { folderError, newerSchema, storeCorrupt, storeError, storeUnwritable } from './errors.ts'
import { whenUnlocked } from './patience.ts'

/** `full` survives a power failure; `fast` may lose the last commits in one, never in a crash of a process. */
export type Durability = 'full' | 'fast'

/** "Atel" in the file's header: a SQLite file of another program is not touched. */
const APPLICATION_ID = 0x4174656c

/**
 * SQLite copies the write-ahead log into the database at every 1000 pages or so, without waiting for anybody;
 * a log that one large command has grown is cut back to this.
 */
const WAL_LIMIT_BYTES = 8_000_000

export interface FileOptions {
  /** The file; it and its folder are made if they are missing. */
  readonly path: string
  /** Default `full`: a commit survives a power failure. */
  readonly durability?: Durability
  /** How long a command waits while another process has the file locked; default 10,000. */
  readonly lockDeadlineMs?: number
  /** Another schema than the current one: for tests of migrations. */
  readonly schema?: Schema
}

export type DatabaseFile = Required<FileOptions>

/** Far beyond what any write of Atelier holds the lock for: only a stuck process is waited for so long. */
const LOCK_DEADLINE_MS = 10_000

/** A file and how it is used, with what nobody chose. */
export function databaseFile(options: FileOptions): DatabaseFile {
  const { path, durability = 'full', lockDeadlineMs = LOCK_DEADLINE_MS, schema = SCHEMA } = options
  return { path, durability, lockDeadlineMs, schema }
}

type PrepareFile = (connection: SqliteConnection, file: DatabaseFile) => void

/** Opens a connection to a file that has been prepared. */
export function connect(file: DatabaseFile): Promise<SqliteConnection> {
  return connectWith(file, () => {})
}

/**
 * Opens the first connection; the file is new or of the current schema afterwards. Several processes
 * may do this at the same moment.
 * @throws AtelierError `store_unwritable`, `store_corrupt`, `disk_full`, `store_busy`, or `unsupported`
 * if a newer version of Atelier wrote it
 */
export async function openDatabase(file: DatabaseFile): Promise<SqliteConnection> {
  makeFolder(file.path)
  return await connectWith(file, prepare)
}

function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    throw folderError(error, path)
  }
}

async function connectWith(file: DatabaseFile, prepareFile: PrepareFile): Promise<SqliteConnection> {
  try {
    return await whenUnlocked(file.lockDeadlineMs, () => attempt(file, prepareFile))
  } catch (error) {
    throw storeError(error, file.path)
  }
}

function attempt(file: DatabaseFile, prepareFile: PrepareFile): SqliteConnection {
  const connection = new SqliteConnection(file.path)
  try {
    prepareFile(connection, file)
    connection.execute(`PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}`)
    connection.execute(`PRAGMA synchronous = ${file.durability === 'full' ? 'FULL' : 'NORMAL'}`)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

function prepare(connection: SqliteConnection, { path, schema }: DatabaseFile): void {
  if (connection.ask('PRAGMA application_id') === 0) create(connection, path, schema)
  const version = versionOf(connection, path)
  if (version > schema.version) throw newerSchema(path, version, schema.version)
  if (version < schema.version) migrate(connection, path, schema)
}

function create(connection: SqliteConnection, path: string, schema: Schema): void {
  if (connection.ask('SELECT count(*) FROM sqlite_master') !== 0) {
    // Another process may just have made it.
    if (connection.ask('PRAGMA application_id') === APPLICATION_ID) return
    throw storeCorrupt(path, 'it is a SQLite database, but not one of Atelier')
  }
  if (connection.ask('PRAGMA journal_mode = WAL') !== 'wal') {
    throw storeUnwritable(path, 'its file system does not offer the shared memory that SQLite needs for WAL')
  }
  inTransaction(connection, () => {
    if (connection.ask('PRAGMA application_id') !== 0) return
    for (const statement of schema.create(SQLITE)) connection.execute(statement)
    connection.execute(writeVersion(schema.version))
    connection.execute(`PRAGMA application_id = ${APPLICATION_ID}`)
  })
}

function versionOf(connection: SqliteConnection, path: string): number {
  if (connection.ask('PRAGMA application_id') !== APPLICATION_ID) {
    throw storeCorrupt(path, 'it is a SQLite database, but not one of Atelier')
  }
  return Number(connection.ask(READ_VERSION))
}

/** One step, one commit: a process that is killed on the way leaves a database of a version in between. */
function migrate(connection: SqliteConnection, path: string, schema: Schema): void {
  for (const { version, statements } of schema.migrations) {
    inTransaction(connection, () => {
      if (versionOf(connection, path) >= version) return
      for (const statement of statements) connection.execute(statement)
      connection.execute(writeVersion(version))
    })
  }
}

function inTransaction(connection: SqliteConnection, act: () => void): void {
  connection.beginWrite()
  try {
    act()
    connection.commit()
  } catch (error) {
    connection.rollback()
    throw error
  }
}
