/** Lets runs go on in the commit of whatever settles their items or answers what they asked. */
import type { Projection } from '../store.ts'
import type { Follower } from './following-store.ts'
import { Rows } from './rows.ts'
import { RunSteps } from './steps.ts'

/** The follower of a store with this projection. */
export function runFollower(projection: Projection): Follower {
  return {
    async follow(reader, events, now, by) {
      const steps = new RunSteps(new Rows(reader, projection, now, by), now)
      await steps.see(events)
      await steps.happen()
      return { events: steps.events, blobs: steps.blobs }
    },
  }
}
