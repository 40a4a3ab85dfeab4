import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { describeStore } from '../../src/testing/store-conformance.ts'

describeStore(
  'sqlite',
  {
    async place() {
      const folder = mkdtempSync(join(tmpdir(), 'atelier-store-'))
      const path = join(folder, 'state', 'atelier.db')
      return {
        open: (opening) => openSqliteStore({ path, ...opening }),
        async holdWriter() {
          const database = new DatabaseSync(path)
          database.exec('BEGIN IMMEDIATE')
          database.exec(
            `INSERT INTO event (at, type, version, actor, via, data) VALUES (0, 'budget.reset', 1, 'other', 'cli', '{"scope":"x"}')`,
          )
          return {
            async commit() {
              database.exec('COMMIT')
              database.close()
            },
          }
        },
        async dispose() {
          rmSync(folder, { recursive: true })
        },
      }
    },
  },
  { describe, test },
)
