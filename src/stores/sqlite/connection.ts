import type { DatabaseSync as Database, StatementSync } from 'node:sqlite'
import type { SqlConnection, SqlDialect, SqlRow, SqlValue, Statement } from '../sql/connection.ts'
import { DatabaseSync } from './node-sqlite.ts'

export const SQLITE: SqlDialect = {
  types: { text: 'TEXT', integer: 'INTEGER', json: 'TEXT' },
  sequence: 'INTEGER PRIMARY KEY',
}

const BEGIN_WRITE: Statement = { text: 'BEGIN IMMEDIATE' }
const BEGIN_READ: Statement = { text: 'BEGIN' }
const COMMIT: Statement = { text: 'COMMIT' }
const ROLLBACK: Statement = { text: 'ROLLBACK' }
const DATA_VERSION: Statement = { text: 'PRAGMA data_version' }
/** The first read of a transaction is what fixes its snapshot. */
const TAKE_SNAPSHOT: Statement = { text: 'SELECT 1 FROM "meta"' }

/** One connection to the file, with every statement prepared once, at first use. */
export class SqliteConnection implements SqlConnection {
  readonly #database: Database
  readonly #prepared = new Map<Statement, StatementSync>()

  constructor(path: string) {
    // A busy wait inside of SQLite would block the event loop; whoever finds the file locked waits outside.
    this.#database = new DatabaseSync(path, { timeout: 0 })
  }

  first(statement: Statement, values: readonly SqlValue[]): SqlRow | undefined {
    return this.#prepare(statement).get(...values) as SqlRow | undefined
  }

  all(statement: Statement, values: readonly SqlValue[]): readonly SqlRow[] {
    return this.#prepare(statement).all(...values) as unknown as readonly SqlRow[]
  }

  run(statement: Statement, values: readonly SqlValue[]): void {
    this.#prepare(statement).run(...values)
  }

  append(statement: Statement, values: readonly SqlValue[]): number {
    return Number(this.#prepare(statement).run(...values).lastInsertRowid)
  }

  /** Runs statements that are needed once: pragmas and DDL. */
  execute(text: string): void {
    this.#database.exec(text)
  }

  /** The first value that a statement needed once answers. */
  ask(text: string): SqlValue | undefined {
    const row = this.#database.prepare(text).get()
    return row === undefined ? undefined : (Object.values(row)[0] as SqlValue)
  }

  beginWrite(): void {
    this.#prepare(BEGIN_WRITE).run()
  }

  beginRead(): void {
    this.#prepare(BEGIN_READ).run()
    this.#prepare(TAKE_SNAPSHOT).get()
  }

  commit(): void {
    this.#prepare(COMMIT).run()
  }

  /** Takes back what was not committed. Some errors have made SQLite do so already. */
  rollback(): void {
    if (this.#database.isTransaction) this.#prepare(ROLLBACK).run()
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction
  }

  /** A number that differs after another connection has committed. */
  dataVersion(): number {
    return this.#prepare(DATA_VERSION).get()?.[0] as unknown as number
  }

  close(): void {
    this.#database.close()
  }

  #prepare(statement: Statement): StatementSync {
    let prepared = this.#prepared.get(statement)
    if (prepared === undefined) {
      // Positions bind three times as fast as names, and the shared statements have `$n` in order.
      prepared = this.#database.prepare(statement.text.replaceAll(/\$\d+/gu, '?'))
      prepared.setReturnArrays(true)
      this.#prepared.set(statement, prepared)
    }
    return prepared
  }
}
