import { afterAll, beforeAll, describe, test } from 'vitest'
import { describeStore } from '../../src/testing/store-conformance.ts'
import { connectTo, postgresMissing, startPostgres, type PostgresServer } from './postgres/server.ts'
import { APPEND_LOCK, createTables, openPostgresStore } from './postgres/store.ts'

const missing = postgresMissing()

describe.skipIf(missing !== undefined)(
  `a real Postgres${missing === undefined ? '' : ` (not here: ${missing})`}`,
  () => {
    let server: PostgresServer
    let schemas = 0

    beforeAll(async () => {
      server = await startPostgres()
    }, 60_000)

    afterAll(async () => {
      await server.stop()
    })

    describeStore(
      'postgres (a throwaway driver)',
      {
        async place() {
          const schema = `place_${++schemas}`
          const client = await connectTo(server)
          await client.query(`CREATE SCHEMA ${schema}`)
          await client.query(`SET search_path TO ${schema}`)
          await createTables(client)
          return {
            open: (opening) => openPostgresStore(() => connectTo(server, schema), opening),
            async holdWriter() {
              await client.query('BEGIN')
              await client.query(`SELECT pg_advisory_xact_lock(${APPEND_LOCK})`)
              await client.query(
                `INSERT INTO event (at, type, version, actor, via, data) VALUES (0, 'budget.reset', 1, 'other', 'cli', '{"scope":"x"}')`,
              )
              return { commit: async () => void (await client.query('COMMIT')) }
            },
            async dispose() {
              await client.query(`DROP SCHEMA ${schema} CASCADE`)
              await client.end()
            },
          }
        },
      },
      { describe, test },
    )
  },
)
