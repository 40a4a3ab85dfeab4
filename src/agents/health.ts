/** How a worker fares, in one word and in one number: derived, never stored. */

export type Health = 'healthy' | 'degraded' | 'unhealthy' | 'recovering' | 'offline'

export interface HealthFacts {
  /** Its host shows signs of life. */
  readonly isHosted: boolean
  /** How its last attempts ended, the newest last: 1 is well. */
  readonly recent: readonly (0 | 1)[]
  /** How long the turn of one of its agents has shown nothing, ms; 0 where none runs. */
  readonly silentMs: number
  /** The worst breaker in front of its agents. */
  readonly circuit: 'closed' | 'half_open' | 'open'
}

/** Attempts that its health is told from. */
export const RECENT_ATTEMPTS = 20
/** Fewer say nothing about the next one. */
const LEAST_ATTEMPTS = 3
const DEGRADED_PERCENT = 30
const SILENT_MS = 5 * 60_000
/** So many in a row that went well show that it gets better. */
const RECOVERING_RUN = 2

/**
 * `offline`: its host is silent. `unhealthy`: a turn has shown nothing for 5 minutes, or nothing is sent to an agent after
 * failures in a row. `degraded`: more than 30 % of its last attempts failed. `recovering`: so it was, and the last two went
 * well, or a breaker lets one turn through to see.
 */
export function healthOf({ isHosted, recent, silentMs, circuit }: HealthFacts): Health {
  if (!isHosted) return 'offline'
  if (silentMs >= SILENT_MS || circuit === 'open') return 'unhealthy'
  if (circuit === 'half_open') return 'recovering'
  if (recent.length < LEAST_ATTEMPTS || failuresOf(recent) * 100 <= DEGRADED_PERCENT * recent.length)
    return 'healthy'
  return recent.slice(-RECOVERING_RUN).every((each) => each === 1) ? 'recovering' : 'degraded'
}

/** Part of the attempts that went well; 1 where there was none. */
export function successOf(recent: readonly (0 | 1)[]): number {
  return recent.length === 0 ? 1 : 1 - failuresOf(recent) / recent.length
}

function failuresOf(recent: readonly (0 | 1)[]): number {
  return recent.filter((each) => each === 0).length
}

const HEALTH_PART: Readonly<Record<Health, number>> = {
  healthy: 1,
  recovering: 0.5,
  degraded: 0.5,
  unhealthy: 0,
  offline: 0,
}

/** 0 to 1: 0.3 success + 0.25 (1 - load) + 0.25 health + 0.2 availability, as the source has it. */
export function efficiencyOf({
  recent,
  load,
  health,
}: {
  readonly recent: readonly (0 | 1)[]
  /** Part of its agents that work. */
  readonly load: number
  readonly health: Health
}): number {
  const availability = health === 'offline' ? 0 : 1
  return 0.3 * successOf(recent) + 0.25 * (1 - load) + 0.25 * HEALTH_PART[health] + 0.2 * availability
}
