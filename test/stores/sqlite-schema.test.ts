import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { SCHEMA, type Schema } from '../../src/stores/sql/schema.ts'
import { SQLITE } from '../../src/stores/sqlite/connection.ts'
import { openDatabase } from '../../src/stores/sqlite/open.ts'
import { contextPut, decided } from '../../src/testing/store-cases/case.ts'
import { startWriter } from './children/child.ts'
import { openStore, temporaryFolder } from './sqlite-file.ts'

function fixture(version: number): string {
  return join(import.meta.dirname, `schema-${version}.sql`)
}

/** Tables, columns and indexes as a text, whatever way they came to be. */
function shapeOf(path: string): string {
  const database = new DatabaseSync(path)
  const names = database.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`).all()
  const shape = names.map(({ name }) => ({
    name,
    columns: database
      .prepare(`SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY name`)
      .all(name!),
    indexes: database
      .prepare(
        `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ? ORDER BY name`,
      )
      .all(name!),
  }))
  database.close()
  return JSON.stringify(shape, null, 1)
}

test('the schema of this version is the one that its fixture keeps', () => {
  // Red: raise SCHEMA.version with a migration, and keep the new text as test/stores/schema-N.sql. Only a
  // schema that was never released may be changed in place.
  expect(`${SCHEMA.create(SQLITE).join(';\n')};\n`).toBe(readFileSync(fixture(SCHEMA.version), 'utf8'))
})

test('every released schema is brought up to the current one, with its data', async () => {
  for (let version = 1; version <= SCHEMA.version; version++) {
    expect(existsSync(fixture(version))).toBe(true)
    const create = (): string[] => readFileSync(fixture(version), 'utf8').trim().split(';\n')
    const path = join(temporaryFolder(), 'old.db')
    const old = await openStore(path, { schema: { version, create, migrations: [] } })
    await old.close()
    const current = await openStore(path)
    await decided(current, { events: [contextPut('a', '1')] })
    await current.close()
    const fresh = join(temporaryFolder(), 'fresh.db')
    await (await openStore(fresh)).close()
    expect(shapeOf(path)).toBe(shapeOf(fresh))
  }
})

test.for([
  ['full', 2],
  ['fast', 1],
] as const)('durability %s is synchronous = %i, in WAL', async ([durability, synchronous]) => {
  const path = join(temporaryFolder(), 'atelier.db')
  const connection = await openDatabase({ path, durability, lockDeadlineMs: 1000, schema: SCHEMA })
  expect([connection.ask('PRAGMA synchronous'), connection.ask('PRAGMA journal_mode')]).toEqual([
    synchronous,
    'wal',
  ])
  connection.close()
})

const WITH_NOTE = 'ALTER TABLE "context" ADD COLUMN "note" TEXT'
const WITH_INDEX = 'CREATE INDEX "context_note" ON "context" ("note")'

/** What a later version may look like: two steps after the current one. */
const LATER: Schema = {
  version: SCHEMA.version + 2,
  create: (dialect) => [...SCHEMA.create(dialect), WITH_NOTE, WITH_INDEX],
  migrations: [
    ...SCHEMA.migrations,
    {
      version: SCHEMA.version + 1,
      statements: [WITH_NOTE, `UPDATE "context" SET "note" = 'kept ' || "key"`],
    },
    { version: SCHEMA.version + 2, statements: [WITH_INDEX] },
  ],
}

test('an older file is migrated step by step, keeps its rows, and looks like a new one', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const old = await openStore(path)
  await decided(old, { events: [contextPut('a', '1')] })
  await old.close()

  const migrated = await openStore(path, { schema: LATER })

  expect((await migrated.read((reader) => reader.get('context', 'a')))?.value).toBe('1')
  await migrated.close()
  const database = new DatabaseSync(path)
  expect(database.prepare('SELECT note FROM context').all()).toMatchObject([{ note: 'kept a' }])
  database.close()
  const fresh = join(temporaryFolder(), 'fresh.db')
  await (await openStore(fresh, { schema: LATER })).close()
  expect(shapeOf(path)).toBe(shapeOf(fresh))
})

test('several openers migrate an older file once', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  await (await openStore(path)).close()
  const stores = await Promise.all(Array.from({ length: 5 }, () => openStore(path, { schema: LATER })))
  expect(await Promise.all(stores.map((store) => store.lastSeq()))).toEqual([0, 0, 0, 0, 0])
})

test('a step that fails changes nothing', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  await (await openStore(path)).close()
  const before = shapeOf(path)
  const broken = { version: SCHEMA.version + 1, statements: [WITH_NOTE, 'CREATE NONSENSE'] }
  const opening = openStore(path, { schema: { ...LATER, version: broken.version, migrations: [broken] } })
  await expect(opening).rejects.toThrow(/syntax error/u)
  expect(shapeOf(path)).toBe(before)
  await expect((await openStore(path)).lastSeq()).resolves.toBe(0)
})

test('a file of a newer version is refused by name and kept', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  await (await openStore(path, { schema: LATER })).close()
  const before = readFileSync(path)
  await expect(openStore(path)).rejects.toMatchObject({
    code: 'unsupported',
    details: { path, schema: LATER.version },
  })
  expect(readFileSync(path).equals(before)).toBe(true)
  // From the outside, as a command of an older version would be met.
  const { code, errors } = await startWriter(path, ['put', 'a']).ended
  expect(code).toBe(1)
  expect(errors).toContain('newer version of Atelier')
})
