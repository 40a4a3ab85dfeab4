import type { Reader, RowKey, RowOf, RowQuery } from '../../store.ts'
import type { TableName } from '../../tables.ts'
import type { SqlConnection } from './connection.ts'
import { blobOf } from './log.ts'
import { sqlTable, valuesOf } from './table.ts'

/** Reads rows straight from a connection that holds one consistent state. */
export class SqlReader implements Reader {
  readonly #connection: SqlConnection

  constructor(connection: SqlConnection) {
    this.#connection = connection
  }

  async get<T extends TableName>(name: T, key: RowKey): Promise<RowOf<T> | undefined> {
    const table = sqlTable(name)
    const { statement, values } = table.get(key)
    const row = await this.#connection.first(statement, values)
    return row === undefined ? undefined : (table.decode(row) as RowOf<T>)
  }

  async list<T extends TableName>(name: T, query: RowQuery<RowOf<T>> = {}): Promise<readonly RowOf<T>[]> {
    const table = sqlTable(name)
    const { statement, values } = table.list(query)
    return (await this.#connection.all(statement, values)).map((row) => table.decode(row) as RowOf<T>)
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
}
