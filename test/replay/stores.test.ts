import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { projection } from '../../src/projection.ts'
import type { Store } from '../../src/store.ts'
import { openMemoryStore } from '../../src/stores/memory.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { projectedRows, replay } from '../../src/testing/replay.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { sequences, type Action } from './actions.ts'
import { RowTeam, START_MS } from './row-team.ts'
import { StoreTeam } from './store-team.ts'

/** Opens an empty store, and takes it away again. */
type StorePlace = (clock: ManualClock, use: (store: Store) => Promise<void>) => Promise<void>

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

/** Plays the actions on a store and on a map of rows, and compares both and the log after each. */
async function play(place: StorePlace, actions: readonly Action[]): Promise<void> {
  const clock = new ManualClock(START_MS)
  await place(clock, async (store) => {
    const team = new StoreTeam(store, clock)
    const expected = new RowTeam()
    for (const action of actions) {
      expected.perform(action)
      await team.perform(action)
      expect(replay(await store.events({}), projection)).toStrictEqual(await projectedRows(store))
      expect(await team.rows()).toEqual(expected.rows())
    }
  })
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
