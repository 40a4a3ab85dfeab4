/** How much a turn may cost is set aside before it starts, in every scope that pays for it. */

/** Charged for a turn of which nothing is known, USD; shown wherever it was used. */
export const DEFAULT_ASSUME_USD = 0.5

/** How many past turns an estimate rests on. */
export const RECENT_TURNS = 20

export interface ReservationInput {
  /** The turn's own cap, which the backend enforces. */
  readonly capMicros: number | null
  /** Costs of the last turns of the same profile. */
  readonly recentMicros: readonly number[]
  /** What to assume where neither is known. */
  readonly assumeMicros: number
}

/** The turn's own cap, else the 90th percentile of the profile's last turns, else the assumption. */
export function reservationFor({ capMicros, recentMicros, assumeMicros }: ReservationInput): number {
  if (capMicros !== null) return capMicros
  return recentMicros.length === 0 ? assumeMicros : percentile(recentMicros, 0.9)
}

/** Nearest-rank percentile: the smallest value that at least `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const ordered = values.toSorted((a, b) => a - b)
  return ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] as number
}
