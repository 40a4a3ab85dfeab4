/** Lets runs go on in the commit of whatever settles their items or answers what they asked. */
import type { Projection } from '../store.ts'
import type { Follower } from './following-store.ts'
import { Rows } from './rows.ts'
import { RunSteps } from './steps.ts'

/** The follower of a store with this projection. */
export function runFollower(projection: Projection): Follower {
  return {
    async follow(reader, { events, blobs }, now, by) {
      const rows = new Rows(reader, projection, now, by)
      // What is settled with a long result is read by what follows it.
      rows.keep(blobs)
      const steps = new RunSteps(rows, now)
      await steps.see(events)
      await steps.happen()
      return { events: steps.events, blobs: steps.blobs }
    },
  }
}
