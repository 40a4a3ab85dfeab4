/** Points in time as people write them. */

/** A date and a time with its zone: without one, it would be another time on another machine. */
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/u

/** ms since the epoch of a time such as `2026-03-01T17:00Z`; undefined if it is none. */
export function parseInstant(text: string): number | undefined {
  const at = ISO.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
