/**
 * The tables as DDL, and how older databases are brought up. A version that was released never
 * changes: a new one is a new step, and `test/stores/schema-N.sql` keeps what each one looked like.
 */
import { quoted, type SqlDialect } from './connection.ts'
import { SHAPES } from './shape.ts'

/** The statements that bring a database from the version before up to `version`. */
export interface Migration {
  readonly version: number
  readonly statements: readonly string[]
}

export interface Schema {
  readonly version: number
  /** Makes an empty database one of this version. */
  create(dialect: SqlDialect): readonly string[]
  /** One for each version after the first, in order. */
  readonly migrations: readonly Migration[]
}

/** What this version of Atelier reads and writes. */
export const SCHEMA: Schema = { version: 1, create: createStatements, migrations: [] }

/** Notes the schema's version where the next process that opens the database looks for it. */
export function writeVersion(version: number): string {
  return `INSERT INTO "meta" ("name", "value") VALUES ('schema', '${version}') ON CONFLICT ("name") DO UPDATE SET "value" = excluded."value"`
}

export const READ_VERSION = `SELECT "value" FROM "meta" WHERE "name" = 'schema'`

function createStatements({ types, sequence }: SqlDialect): readonly string[] {
  const { text, integer } = types
  const statements = [
    `CREATE TABLE "meta" ("name" ${text} PRIMARY KEY, "value" ${text} NOT NULL)`,
    `CREATE TABLE "blob" ("hash" ${text} PRIMARY KEY, "body" ${text} NOT NULL)`,
    `CREATE TABLE "event" ("seq" ${sequence}, "at" ${integer} NOT NULL, "type" ${text} NOT NULL, "version" ${integer} NOT NULL, "actor" ${text} NOT NULL, "via" ${text} NOT NULL, "data" ${text} NOT NULL)`,
  ]
  for (const [name, { key, columns, indexes }] of Object.entries(SHAPES)) {
    const definitions = Object.entries(columns).map(([column, type]) => `${quoted(column)} ${types[type]}`)
    statements.push(
      `CREATE TABLE ${quoted(name)} (${definitions.join(', ')}, PRIMARY KEY (${key.map(quoted).join(', ')}))`,
    )
    for (const [index, { columns: indexed, where }] of Object.entries(indexes)) {
      const condition = where === undefined ? '' : ` WHERE ${quoted(where[0])} = ${literal(where[1])}`
      statements.push(
        `CREATE INDEX ${quoted(`${name}_${index}`)} ON ${quoted(name)} (${indexed.map(quoted).join(', ')})${condition}`,
      )
    }
  }
  return statements
}

function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value}'`
}
