import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projection } from '../../src/projection.ts'
import { openMemoryStore } from '../../src/stores/memory.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { connectTo, postgresMissing, startPostgres, type PostgresServer } from '../stores/postgres/server.ts'
import { createTables, openPostgresStore } from '../stores/postgres/store.ts'
import { sequences } from './actions.ts'
import { play, type StorePlace } from './play.ts'

const inMemory: StorePlace = async (clock, use) => {
  const store = openMemoryStore({ projection, clock })
  await use(store)
  await store.close()
}

const inFile: StorePlace = async (clock, use) => {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-replay-'))
  const store = await openSqliteStore({
    path: join(folder, 'atelier.db'),
    projection,
    clock,
    durability: 'fast',
  })
  try {
    await use(store)
  } finally {
    await store.close()
    rmSync(folder, { recursive: true })
  }
}

it.each([
  ['in memory', inMemory, { numRuns: 40 }, 40],
  ['in a SQLite file', inFile, { numRuns: 8 }, 60],
])(
  'a store %s holds after every command what its log replays to, and what the decisions alone come to',
  async (_name, place, parameters, length) => {
    await expect(
      fc.assert(
        fc.asyncProperty(sequences(length), (actions) => play(place, actions)),
        parameters,
      ),
    ).resolves.toBeUndefined()
  },
)

const missing = postgresMissing()

describe.skipIf(missing !== undefined)('a store in Postgres', () => {
  let server: PostgresServer
  let places = 0

  beforeAll(async () => {
    server = await startPostgres()
  }, 60_000)

  afterAll(async () => {
    await server.stop()
  })

  const inPostgres: StorePlace = async (clock, use) => {
    const schema = `replay_${++places}`
    const client = await connectTo(server)
    await client.query(`CREATE SCHEMA ${schema}`)
    await client.query(`SET search_path TO ${schema}`)
    await createTables(client)
    const store = await openPostgresStore(() => connectTo(server, schema), { projection, clock })
    try {
      await use(store)
    } finally {
      await store.close()
      await client.query(`DROP SCHEMA ${schema} CASCADE`)
      await client.end()
    }
  }

  it('holds after every command what its log replays to, and what the decisions alone come to', async () => {
    const played = fc.asyncProperty(sequences(40), (actions) => play(inPostgres, actions))
    await expect(fc.assert(played, { numRuns: 5 })).resolves.toBeUndefined()
  })
})
