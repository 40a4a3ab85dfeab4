/**
 * What every store must do, as tests that any runner with `describe` and `test` can take. A store may
 * leave a case out only by its name and with a reason.
 */
import type { Projection, Store } from '../store.ts'
import { ManualClock } from '../time/manual-clock.ts'
import { LOG_CASES } from './store-cases/log.ts'
import { READING_CASES } from './store-cases/reading.ts'
import { REMOVAL_CASES } from './store-cases/removal.ts'
import { TRANSACTION_CASES } from './store-cases/transactions.ts'
import type { HeldWriter, StoreCase } from './store-cases/case.ts'
import { smallProjection } from './store-projection.ts'

export interface StoreOpening {
  readonly projection: Projection
  readonly clock: ManualClock
}

/** Somewhere to keep a store, empty at first: a file, a schema of a server, nothing at all. */
export interface StorePlace {
  /** Opens a store there. More than one may be open at once, as if by several processes. */
  open(opening: StoreOpening): Promise<Store>
  /** Begins to append an event as another process would, and stops before its commit. */
  holdWriter?(): Promise<HeldWriter>
  dispose(): Promise<void>
}

export interface StoreHarness {
  place(): Promise<StorePlace>
  /** Why a case does not apply to this store, by the name of the case. */
  readonly skip?: Readonly<Record<string, string>>
}

/** The runner's own functions: those of vitest and of `node:test` fit. */
export interface TestFunctions {
  readonly describe: (name: string, define: () => void) => unknown
  readonly test: {
    (name: string, run: () => Promise<void>): unknown
    readonly skip: (name: string, run: () => Promise<void>) => unknown
  }
}

const STORE_CASES: readonly StoreCase[] = [
  ...TRANSACTION_CASES,
  ...REMOVAL_CASES,
  ...READING_CASES,
  ...LOG_CASES,
]

/** Declares the suite for one store. */
export function describeStore(name: string, harness: StoreHarness, { describe, test }: TestFunctions): void {
  const skip = new Map(Object.entries(harness.skip ?? {}))
  describe(`store conformance: ${name}`, () => {
    for (const storeCase of STORE_CASES) {
      const reason = skip.get(storeCase.name)
      skip.delete(storeCase.name)
      if (reason === undefined) test(storeCase.name, () => runStoreCase(storeCase, harness))
      else test.skip(`${storeCase.name} (not here: ${reason})`, async () => {})
    }
    if (skip.size > 0) throw new Error(`There is no case ${[...skip.keys()].join(', ')} to skip.`)
  })
}

/** Runs one case at a place of its own, and closes every store that it opened. */
async function runStoreCase(storeCase: StoreCase, harness: StoreHarness): Promise<void> {
  const place = await harness.place()
  const clock = new ManualClock()
  const stores: Store[] = []
  try {
    await storeCase.run({
      clock,
      async open() {
        const store = await place.open({ projection: smallProjection, clock })
        stores.push(store)
        return store
      },
      async holdWriter() {
        if (place.holdWriter === undefined)
          throw new Error('This place has no holdWriter(): skip the case by name.')
        return place.holdWriter()
      },
    })
  } finally {
    for (const store of stores) await store.close()
    await place.dispose()
  }
}
