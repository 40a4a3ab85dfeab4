/**
 * How many agents a worker has: always as many, or as many as its work asks for. The rules are those of the source: more
 * than two ready items for each agent adds one; none ready and a load below 0.2 leaves the least. The pause before that is
 * ours: work comes in bursts, and an agent that is dismissed between two of them is made anew for the second.
 */

export interface PoolLimits {
  readonly min: number
  readonly max: number
}

export interface PoolState {
  readonly agents: number
  /** Agents that work on an item. */
  readonly busy: number
  /** Items that it could take. */
  readonly ready: number
  /** Since when nothing is ready and its load is low, ms since the epoch; null while that is not so. */
  readonly quietSince: number | null
}

/** Ready items for each agent that are no reason for another one. */
export const READY_PER_AGENT = 2
const LOW_LOAD = 0.2
/** A pool is quiet for this long before it becomes smaller. */
export const QUIET_MS = 60_000

/** Nothing is ready, and hardly anybody works. */
export function isQuiet({ agents, busy, ready }: Pick<PoolState, 'agents' | 'busy' | 'ready'>): boolean {
  return ready === 0 && busy < agents * LOW_LOAD
}

/** How many agents a pool is to have now: one more, only the least and those that work, or as many as it has. */
export function poolSize({ min, max }: PoolLimits, state: PoolState, now: number): number {
  const { agents, busy, ready, quietSince } = state
  if (agents < min) return min
  if (ready > READY_PER_AGENT * agents && agents < max) return agents + 1
  const isLong = quietSince !== null && now - quietSince >= QUIET_MS
  return isLong && isQuiet(state) ? Math.min(agents, Math.max(min, busy)) : agents
}
