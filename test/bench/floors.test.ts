import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { openFloor } from '../../bench/floors.mjs'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import { SCHEMA } from '../../src/stores/sql/schema.ts'
import { openDatabase } from '../../src/stores/sqlite/open.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { openStore, temporaryFolder } from '../stores/sqlite-file.ts'

const AGENT = 'impl'
const PROMPT = 'hello'
const ANSWER = 'done'

/** Rows as the database has them. */
type Rows = readonly Readonly<Record<string, unknown>>[]

function query(path: string, sql: string): Rows {
  const database = new DatabaseSync(path)
  const rows = database.prepare(sql).all()
  database.close()
  return rows
}

function floorWithTeam(dir: string): { readonly path: string; readonly floor: ReturnType<typeof openFloor> } {
  const path = join(dir, 'floor.db')
  return { path, floor: openFloor(path, { agents: [AGENT], cwd: dir }) }
}

/** Opens a workshop in which the agent answers at once. */
async function openProduct(dir: string) {
  const backend = scriptedBackend({ script: { reply: ANSWER } })
  const shop = await openWorkshop({ dir, config: false, backends: [backend] })
  shop.configure({ backend: backend.id })
  shop.agent(AGENT, 'Answers at once.')
  return shop
}

/** Every statement that writes, by how often it ran, in a fixed order. */
async function writesOf(act: () => unknown): Promise<string[]> {
  const run = vi.spyOn(StatementSync.prototype, 'run')
  try {
    await act()
    return run.mock.contexts.map((statement) => (statement as StatementSync).sourceSQL).toSorted()
  } finally {
    run.mockRestore()
  }
}

test('the floor has the tables and indexes of the product', async () => {
  const dir = temporaryFolder()
  const product = join(dir, 'product.db')
  await (await openStore(product)).close()
  const { path, floor } = floorWithTeam(dir)
  floor.close()
  const schema = 'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid'
  expect(query(path, schema)).toEqual(query(product, schema))
})

test('the floor is as durable as the product', async () => {
  const dir = temporaryFolder()
  const path = join(dir, 'product.db')
  const product = await openDatabase({ path, durability: 'full', lockDeadlineMs: 1000, schema: SCHEMA })
  const { floor } = floorWithTeam(dir)
  const settings = [
    'journal_mode',
    'synchronous',
    'wal_autocheckpoint',
    'journal_size_limit',
    'page_size',
    'cache_size',
    'mmap_size',
  ]
  for (const name of settings)
    expect([name, floor.pragma(name)]).toEqual([name, product.ask(`PRAGMA ${name}`)])
  expect(floor.pragma('synchronous')).toBe(2)
  product.close()
  floor.close()
})

test('one ask of the floor runs the statements of one ask of the product', async () => {
  const dir = temporaryFolder()
  const shop = await openProduct(dir)
  const { floor } = floorWithTeam(dir)
  // The first turn of an agent makes rows that later ones change.
  await shop.ask(AGENT, PROMPT)
  floor.ask(AGENT, PROMPT, ANSWER)

  const writes = await writesOf(() => floor.ask(AGENT, PROMPT, ANSWER))

  expect(writes).toEqual(await writesOf(() => shop.ask(AGENT, PROMPT)))
  expect(writes.filter((statement) => statement === 'COMMIT')).toHaveLength(3)
  await shop.close()
  floor.close()
})

/** The same text for the same facts: what is random or told by a clock is numbered or left out. */
function normalized(rows: Rows): string {
  const ids = new Map<string, string>()
  const numbered = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `id ${ids.size}`)
    return ids.get(id) as string
  }
  return JSON.stringify(rows, null, 1)
    .replaceAll(/(?:msg|turn|ses|host)_[0-9a-z]{16}/gu, numbered)
    .replaceAll(/[0-9a-f]{64}/gu, 'hash')
    .replaceAll(/\b\d{13}\b/gu, 'time')
    .replaceAll(/(durationMs\\":)\d+/gu, '$1time')
}

/** What asks leave behind, without what only names their place in the log and who asked. */
const LEFT_BEHIND = {
  events: `SELECT type, version, data FROM event WHERE type LIKE 'message.%' OR type LIKE 'turn.%' ORDER BY seq`,
  messages: `SELECT *, NULL AS position, NULL AS "from" FROM message ORDER BY position`,
  turns: 'SELECT turn.* FROM turn JOIN message ON message.id = turn.message ORDER BY message.position',
  ledger: 'SELECT * FROM ledger ORDER BY scope',
  agents: 'SELECT *, NULL AS cursor FROM agent',
  transcript: 'SELECT count(*) FROM transcript',
}

test('the floor leaves the events and rows of the product, and nothing more', async () => {
  const dir = temporaryFolder()
  const shop = await openProduct(dir)
  for (let n = 0; n < 3; n++) await shop.ask(AGENT, PROMPT)
  await shop.close()
  const product = join(dir, '.atelier', 'state', 'atelier.db')
  const { path, floor } = floorWithTeam(dir)
  for (let n = 0; n < 3; n++) floor.ask(AGENT, PROMPT, ANSWER)
  floor.close()
  for (const [what, sql] of Object.entries(LEFT_BEHIND)) {
    expect([what, normalized(query(path, sql))]).toEqual([what, normalized(query(product, sql))])
  }
})

test('a post of the floor is one event and one row in one commit', async () => {
  const { path, floor } = floorWithTeam(temporaryFolder())
  const writes = await writesOf(() => floor.post(AGENT, PROMPT))
  floor.close()
  expect(writes.map((statement) => statement.split(' (')[0])).toEqual([
    'BEGIN IMMEDIATE',
    'COMMIT',
    'INSERT INTO "event"',
    'INSERT INTO "message"',
  ])
  expect(query(path, `SELECT state, prompt FROM message JOIN event ON seq = position`)).toEqual([
    { state: 'queued', prompt: JSON.stringify(PROMPT) },
  ])
})
