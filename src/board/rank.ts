/**
 * The order of ready items as one stored number, so that claiming is the first entry of an index.
 *
 *     rank = readyAt + priority x AGEING_MS - lead(path) - lead(value) - lead(deadline)        smaller first
 *
 * - Ageing is linear and needs no scan: an item that became ready AGEING_MS earlier stands where one of the next
 *   higher priority stands that became ready now. So nothing starves.
 * - `path` is the estimated work on the longest way from the item to the end of the board. Taking the longest way first
 *   is list scheduling by the critical path (Graham 1969; HLFET in Adam, Chandy and Dickson 1974).
 * - Each doubling of the path leads by the same time. A linear lead needs a cap, beyond which the longest ways are no
 *   longer told apart, and it is those that matter. In logarithms the cap lies at 2^28 ms (three days of work), and the
 *   whole lead, 28 x 8 min = 224 min, stays below one level of priority: the path never beats a priority.
 * - What value and deadline lead by stands in `urgency.ts`.
 * - An emergency leads by more than any time and any ageing.
 */
import { AGEING_MS, doublings, leadOfDeadline, leadOfFactor } from './urgency.ts'

/** Lead for each doubling of the path, ms. */
const DOUBLING_MS = 8 * 60_000
const MAX_DOUBLINGS = 28
/** Beyond every time (1.8e12 in 2026), and exact in a sum with one (2^53 is 9e15). */
const EMERGENCY_LEAD_MS = 2e15

export const EMERGENCY = 0

export interface RankInput {
  /** ms since the epoch. */
  readonly readyAt: number
  /** 0 emergency, 1 critical … 5 lowest. */
  readonly priority: number
  /** ms. */
  readonly path: number
  /** How much more it is worth than others: 1 is as much. */
  readonly value?: number
  /** ms since the epoch. */
  readonly deadline?: number | null
}

export function rankOf({ readyAt, priority, path, value = 1, deadline = null }: RankInput): number {
  const lead = leadOf(path) + leadOfFactor(value) + leadOfDeadline(deadline, readyAt)
  const rank = readyAt + priority * AGEING_MS - lead
  return priority === EMERGENCY ? rank - EMERGENCY_LEAD_MS : rank
}

/** Lead of a path, ms: so much for each doubling. */
function leadOf(path: number): number {
  return doublings(Math.min(Math.max(1, Math.floor(path)), 2 ** MAX_DOUBLINGS), DOUBLING_MS)
}
