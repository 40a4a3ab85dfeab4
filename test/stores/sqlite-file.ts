import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Store } from '../../src/store.ts'
import { openSqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite/store.ts'
import { smallProjection } from '../../src/testing/store-projection.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'

/** A folder that is removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Opens a store that is closed when the test is over. */
export async function openStore(path: string, options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
  const store = await openSqliteStore({
    path,
    projection: smallProjection,
    clock: new ManualClock(),
    ...options,
  })
  onTestFinished(() => store.close())
  return store
}
