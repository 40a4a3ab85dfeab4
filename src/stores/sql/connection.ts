/**
 * What a SQL driver gives to the shared store code. A driver that answers at once returns plain
 * values, so that its transactions cost no turn of the event loop; another returns promises.
 */
import type { ColumnType } from '../../table-specs.ts'

export type MaybePromise<T> = T | Promise<T>

export type SqlValue = string | number | null

/** The values of one row, in the order of the statement's columns. */
export type SqlRow = readonly SqlValue[]

/** A statement in Postgres form. Its parameters `$1`, `$2` … stand once each and in order. */
export interface Statement {
  readonly text: string
}

export interface SqlConnection {
  first(statement: Statement, values: readonly SqlValue[]): MaybePromise<SqlRow | undefined>
  all(statement: Statement, values: readonly SqlValue[]): MaybePromise<readonly SqlRow[]>
  run(statement: Statement, values: readonly SqlValue[]): MaybePromise<unknown>
  /** Runs the statement that appends to the log, and gives the number of the new event. */
  append(statement: Statement, values: readonly SqlValue[]): MaybePromise<number>
}

/** What differs between databases in DDL. */
export interface SqlDialect {
  readonly types: Readonly<Record<ColumnType, string>>
  /** Type and constraint of the number of an event: rising, given by the database. */
  readonly sequence: string
}

/** A name in quotes: columns are in camel case, and some are reserved words. */
export function quoted(name: string): string {
  return `"${name}"`
}

/** `$from, $from+1 …`: `count` parameters. */
export function parameters(count: number, from = 1): string {
  return Array.from({ length: count }, (_, index) => `$${from + index}`).join(', ')
}

/**
 * At most as many rows as the parameter at this position says. SQLite plans a bare `LIMIT ?` for its
 * value, and so prepares the statement again with every value: four times the price of the query.
 */
export function limitTo(position: number): string {
  return ` LIMIT $${position} + 0`
}
