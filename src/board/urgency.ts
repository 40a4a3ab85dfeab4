/**
 * What a deadline and a value are worth, in waiting.
 *
 * The source has a product: level x value x urgency, with levels 1 to 5, and urgency 10 once overdue, else
 * max(1, 5 / hours left). A product of factors is a sum of logarithms, and a rank is a sum: so each doubling of the
 * product leads by the same time. Five levels span a factor of 5, and here 4 x AGEING_MS: a doubling is worth
 * 4 x AGEING_MS / log2 5 = 6.9 h, and a factor of 5 exactly the way from the lowest level to the highest.
 *
 * Urgency rises while time passes, and a rank is stored once. All items age at the same pace, so the closest that needs
 * no ranking anew is the line through the point that matters: at its deadline, an item stands as far ahead as the factor
 * of an overdue one is worth, which is OVERDUE_LEAD_MS. So an item that will have waited for that long by then leads by
 * nothing, as its ageing brings it there, and one that is due sooner leads by what is missing. Before the deadline it
 * stands nearer to the front than the product would have it, never further back at the deadline; among items of one level
 * and value that are not overdue when they become ready, the earliest deadline is first, as the product has it.
 */

/** One level of priority is worth this much waiting, ms. */
export const AGEING_MS: number = 4 * 60 * 60_000

const HOUR_MS = 60 * 60_000
const LEVELS_SPANNED = 4
const LEVELS = 5

/** Urgency of what is overdue. */
const OVERDUE = 10
/** Below this many hours urgency rises. */
const PRESSING_HOURS = 5

export const MIN_VALUE = 0.1
export const MAX_VALUE = 10

/** Values count in thousandths: whole numbers, so that every machine that replays the log gets the same. */
const GRAIN = 1000
/** Lead of each doubling of the product, ms. The logarithm of the number of levels is a constant: log2 5 = 2.3219… */
const DOUBLING_MS = Math.round((LEVELS_SPANNED * AGEING_MS) / 2.321928094887362)

/** What an overdue item leads by, ms. */
export const OVERDUE_LEAD_MS: number = leadOfFactor(OVERDUE)

/** What the urgency of a deadline is at a time: 10 when it is over, else max(1, 5 / hours left), and never more than 10. */
export function urgencyAt(deadline: number | null, now: number): number {
  if (deadline === null) return 1
  const hours = (deadline - now) / HOUR_MS
  return hours <= 0 ? OVERDUE : Math.min(OVERDUE, Math.max(1, PRESSING_HOURS / hours))
}

/** What the source would give: the higher, the more urgent. `level` is 5 for the most urgent of the five, 1 for the least. */
export function dynamicPriority(
  {
    priority,
    value,
    deadline,
  }: { readonly priority: number; readonly value: number; readonly deadline: number | null },
  now: number,
): number {
  return (LEVELS + 1 - Math.max(1, priority)) * value * urgencyAt(deadline, now)
}

/** Lead of an item that becomes ready at a time, for its deadline, ms. */
export function leadOfDeadline(deadline: number | null, readyAt: number): number {
  if (deadline === null) return 0
  return Math.min(OVERDUE_LEAD_MS, Math.max(0, OVERDUE_LEAD_MS - (deadline - readyAt)))
}

/** Lead for a factor of the product, ms; less than 0 for one below 1. */
export function leadOfFactor(factor: number): number {
  return doublings(Math.round(factor * GRAIN), DOUBLING_MS) - doublings(GRAIN, DOUBLING_MS)
}

/** A whole number's logarithm to base 2, each worth so much, and straight between powers of 2. Whole numbers only. */
export function doublings(whole: number, worth: number): number {
  const exponent = 31 - Math.clz32(whole)
  const power = 2 ** exponent
  return exponent * worth + Math.floor(((whole - power) * worth) / power)
}
