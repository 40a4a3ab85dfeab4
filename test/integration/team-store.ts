/** A team on a store in a file, without hosts or agents: what an integrator needs. Also for child processes. */
import { join } from 'node:path'
import { projection } from '../../src/projection.ts'
import type { Store } from '../../src/store.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import type { TeamContext } from '../../src/team/context.ts'
import { EventFeed } from '../../src/team/feed.ts'
import type { Clock } from '../../src/time/clock.ts'
import { systemClock } from '../../src/time/system-clock.ts'

export async function openTeamStore(
  stateDir: string,
  loops: Clock,
): Promise<{ readonly store: Store; readonly team: TeamContext }> {
  const path = join(stateDir, 'atelier.db')
  const store = await openSqliteStore({ path, projection, clock: systemClock })
  const feed = new EventFeed(store)
  await feed.open()
  const by = { actor: 'tester', via: 'library' } as const
  return { store, team: { store, clock: systemClock, loops, feed, by } }
}
