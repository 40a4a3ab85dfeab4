/** Lets runs go on in the commit of whatever settles their items or answers what they asked. */
import type { Projection } from '../store.ts'
import type { NewEvent } from '../events.ts'
import type { Follower } from './following-store.ts'
import { mayBePart } from './parts.ts'
import { Rows } from './rows.ts'
import { RunSteps } from './steps.ts'

/** The follower of a store with this projection. */
export function runFollower(projection: Projection): Follower {
  return {
    follows,
    async follow(reader, events, now, by) {
      const steps = new RunSteps(new Rows(reader, projection, now, by), now)
      await steps.see(events)
      await steps.happen()
      return { events: steps.events, blobs: steps.blobs }
    },
  }
}

function follows({ type, data }: NewEvent): boolean {
  switch (type) {
    case 'item.done':
    case 'item.skipped':
    case 'item.failed':
    case 'item.cancelled':
      return mayBePart(data.item)
    case 'inbox.answered':
    case 'inbox.expired':
      return data.scope === 'run'
    default:
      return false
  }
}
