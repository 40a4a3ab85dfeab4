/** Whether an attempt that waits keeps its lease and its process, or gives both up until what it waits for has come. */
import type { WaitingFor } from './item.ts'

/** A wait that is shorter keeps lease and process: to start them again would cost more than to hold them, ms. */
export const PARK_AFTER_MS = 60_000

export interface Wait {
  readonly waiting: WaitingFor
  /** When the attempt began to wait, ms since the epoch. */
  readonly since: number
}

/** `at`: when to look again, if nothing has come by then. */
export type Parking = { readonly parks: true } | { readonly parks: false; readonly at: number }

/**
 * Parks an attempt whose wait is known to be long, or has become it. Nobody knows when a person answers: such a wait is
 * kept for as long as a short one would take.
 */
export function decideParking(
  { waiting, since }: Wait,
  now: number,
  parkAfterMs: number = PARK_AFTER_MS,
): Parking {
  const limit = since + parkAfterMs
  if ('at' in waiting) return waiting.at > limit ? { parks: true } : { parks: false, at: waiting.at }
  return now < limit ? { parks: false, at: limit } : { parks: true }
}
