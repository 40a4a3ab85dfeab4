/** The statements of one table, and its rows as SQL values. Each statement is built once, at first use. */
import { AtelierError } from '../../errors.ts'
import type { RowKey, RowOf, RowQuery } from '../../store.ts'
import type { TableName } from '../../tables.ts'
import {
  limitTo,
  parameters,
  quoted,
  type SqlConnection,
  type SqlRow,
  type SqlValue,
  type Statement,
} from './connection.ts'
import { SHAPES } from './shape.ts'

type Values = Record<string, unknown>

/** A {@link RowQuery} of any table. */
type ListQuery = Omit<RowQuery<object>, 'where' | 'orderBy'> & {
  readonly where?: object
  readonly orderBy?: string
}

export interface BoundStatement {
  readonly statement: Statement
  readonly values: readonly SqlValue[]
}

export class SqlTable {
  readonly name: TableName
  readonly columns: readonly string[]
  readonly #key: readonly string[]
  readonly #isJson: readonly boolean[]
  readonly #blank: Readonly<Values>
  /** Conditions of partial indexes: a query matches them only if it has the value in its text. */
  readonly #literals: ReadonlyMap<string, string | number>
  readonly #statements = new Map<string, Statement>()
  readonly #updates = new Map<number, Statement>()
  readonly #select: string

  constructor(name: TableName) {
    const shape = SHAPES[name]
    this.name = name
    this.columns = Object.keys(shape.columns)
    this.#key = shape.key
    this.#blank = Object.fromEntries(this.columns.map((column) => [column, null]))
    this.#isJson = Object.values(shape.columns).map((type) => type === 'json')
    this.#literals = new Map(
      Object.values(shape.indexes).flatMap(({ where }) => (where === undefined ? [] : [where])),
    )
    this.#select = `SELECT ${this.columns.map(quoted).join(', ')} FROM ${quoted(name)}`
  }

  get(key: RowKey): BoundStatement {
    const statement = this.#statement('get', () => `${this.#select} WHERE ${this.#keyCondition(1)}`)
    return { statement, values: typeof key === 'string' ? [key] : key }
  }

  remove(key: RowKey): BoundStatement {
    const statement = this.#statement(
      'remove',
      () => `DELETE FROM ${quoted(this.name)} WHERE ${this.#keyCondition(1)}`,
    )
    return { statement, values: typeof key === 'string' ? [key] : key }
  }

  /** Writes a row of which it is not known whether it exists. */
  upsert(row: object): BoundStatement {
    const statement = this.#statement('upsert', () => {
      const others = this.columns.filter((column) => !this.#key.includes(column)).map(quoted)
      const conflict = this.#key.map(quoted).join(', ')
      const set = others.map((column) => `${column} = excluded.${column}`).join(', ')
      const change = set === '' ? 'NOTHING' : `UPDATE SET ${set}`
      return `${this.#insert()} ON CONFLICT (${conflict}) DO ${change}`
    })
    return { statement, values: this.columns.map((column, at) => this.#encode((row as Values)[column], at)) }
  }

  insert(row: object): BoundStatement {
    const statement = this.#statement('insert', () => this.#insert())
    return { statement, values: this.columns.map((column, at) => this.#encode((row as Values)[column], at)) }
  }

  /** Writes the columns that differ, so that indexes on the others are left alone; undefined if none does. */
  update(before: object, after: object): BoundStatement | undefined {
    const values: SqlValue[] = []
    let changed = 0
    const { columns } = this
    // By index: with an iterator this takes several times as long, and it is done for each row that is written.
    for (let at = 0; at < columns.length; at++) {
      const column = columns[at] as string
      const value = (after as Values)[column]
      if ((before as Values)[column] === value) continue
      // Not a shift: a table may have more than 32 columns.
      changed += 2 ** at
      values.push(this.#encode(value, at))
    }
    if (changed === 0) return undefined
    for (const column of this.#key) values.push((before as Values)[column] as SqlValue)
    let statement = this.#updates.get(changed)
    if (statement === undefined)
      this.#updates.set(changed, (statement = { text: this.#updateOf(before, after) }))
    return { statement, values }
  }

  list(query: ListQuery): BoundStatement {
    return this.#listing(this.#select, query)
  }

  /** One column of what `list` gives. */
  values(column: string, query: ListQuery): BoundStatement {
    return this.#listing(`SELECT ${quoted(column)} FROM ${quoted(this.name)}`, query)
  }

  #listing(select: string, query: ListQuery): BoundStatement {
    const { where, orderBy, after, limit, direction = 'asc' } = query
    const values: SqlValue[] = []
    const conditions: string[] = []
    if (where !== undefined) {
      for (const [column, value] of Object.entries(where) as [string, SqlValue | undefined][]) {
        if (value !== undefined) conditions.push(this.#equals(column, value, values))
      }
    }
    if (after !== undefined) {
      const column = quoted(orderBy ?? (this.#key[0] as string))
      conditions.push(`${column} ${direction === 'asc' ? '>' : '<'} $${values.push(after)}`)
    }
    const order = orderBy === undefined ? this.#key : [orderBy]
    let text = select
    if (conditions.length > 0) text += ` WHERE ${conditions.join(' AND ')}`
    text += ` ORDER BY ${order.map((column) => `${quoted(column)}${direction === 'asc' ? '' : ' DESC'}`).join(', ')}`
    if (limit !== undefined) text += limitTo(values.push(limit))
    return { statement: this.#statement(text, () => text), values }
  }

  decode(values: SqlRow): object {
    // A copy has its final shape at once, where columns that are added one by one change it each time.
    const row: Values = { ...this.#blank }
    const { columns } = this
    for (let at = 0; at < columns.length; at++) {
      const value = values[at]
      row[columns[at] as string] =
        this.#isJson[at] === true && value !== null ? JSON.parse(value as string) : value
    }
    return row
  }

  decodeValue(column: string, value: SqlValue | undefined): unknown {
    const isJson = this.#isJson[this.columns.indexOf(column)] === true
    return isJson && typeof value === 'string' ? JSON.parse(value) : value
  }

  keyOf(row: object): RowKey {
    const [first, ...others] = this.#key.map((column) => (row as Values)[column] as string | number)
    return others.length === 0 ? (first as string) : [first as string, ...others]
  }

  #statement(name: string, build: () => string): Statement {
    let statement = this.#statements.get(name)
    if (statement === undefined) this.#statements.set(name, (statement = { text: build() }))
    return statement
  }

  #encode(value: unknown, at: number): SqlValue {
    if (value === null || value === undefined) return null
    return this.#isJson[at] === true ? JSON.stringify(value) : (value as SqlValue)
  }

  #equals(column: string, value: SqlValue, values: SqlValue[]): string {
    const at = this.columns.indexOf(column)
    if (at < 0 || this.#isJson[at] === true) {
      throw new AtelierError('invalid_input', `Rows of "${this.name}" cannot be selected by "${column}".`)
    }
    if (value === null) return `${quoted(column)} IS NULL`
    if (this.#literals.get(column) !== value) return `${quoted(column)} = $${values.push(value)}`
    return `${quoted(column)} = ${typeof value === 'number' ? value : `'${value}'`}`
  }

  #insert(): string {
    return `INSERT INTO ${quoted(this.name)} (${this.columns.map(quoted).join(', ')}) VALUES (${parameters(this.columns.length)})`
  }

  #updateOf(before: object, after: object): string {
    const columns = this.columns.filter((column) => (before as Values)[column] !== (after as Values)[column])
    const set = columns.map((column, index) => `${quoted(column)} = $${index + 1}`).join(', ')
    return `UPDATE ${quoted(this.name)} SET ${set} WHERE ${this.#keyCondition(columns.length + 1)}`
  }

  #keyCondition(from: number): string {
    return this.#key.map((column, index) => `${quoted(column)} = $${from + index}`).join(' AND ')
  }
}

/** See `Reader.values`. */
export async function valuesOf<T extends TableName, C extends keyof RowOf<T> & string>(
  connection: SqlConnection,
  name: T,
  column: C,
  query: RowQuery<RowOf<T>>,
): Promise<readonly RowOf<T>[C][]> {
  const table = sqlTable(name)
  const { statement, values } = table.values(column, query)
  const rows = await connection.all(statement, values)
  return rows.map(([value]) => table.decodeValue(column, value) as RowOf<T>[C])
}

const tables = new Map<TableName, SqlTable>()

/** The statements of a table. */
export function sqlTable(name: TableName): SqlTable {
  let table = tables.get(name)
  if (table === undefined) tables.set(name, (table = new SqlTable(name)))
  return table
}
