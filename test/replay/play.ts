/** The same actions on a store and on a map of rows. */
import { expect } from 'vitest'
import { projection } from '../../src/projection.ts'
import type { Store } from '../../src/store.ts'
import { projectedRows, replay } from '../../src/testing/replay.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import type { Action } from './actions.ts'
import { RowTeam, START_MS } from './row-team.ts'
import { StoreTeam } from './store-team.ts'

/** Opens an empty store, and takes it away again. */
export type StorePlace = (clock: ManualClock, use: (store: Store) => Promise<void>) => Promise<void>

/** Plays the actions on a store and on a map of rows, and compares both and the log after each. */
export async function play(place: StorePlace, actions: readonly Action[]): Promise<void> {
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
