import { AtelierError } from '../errors.ts'

/** A length of time: milliseconds as a number, or a text such as `'90s'`, `'5m'`, `'1h30m'`, `'250ms'`. */
export type Duration = number | string

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/u
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gu

/**
 * Reads a duration as whole milliseconds.
 * @throws AtelierError `invalid_input` if it is negative, too large to count exactly, or not of the form
 */
export function parseDuration(duration: Duration, what = 'duration'): number {
  const exact = typeof duration === 'number' ? duration : read(duration.trim())
  const ms = Math.round(exact)
  if (exact >= 0 && Number.isSafeInteger(ms)) return ms
  throw invalid(duration, what)
}

/** Not a number where the text is not of the form. */
function read(text: string): number {
  if (/^\d+$/u.test(text)) return Number(text)
  if (!WHOLE.test(text)) return Number.NaN
  let total = 0
  for (const [, amount, unit] of text.matchAll(PART))
    total += Number(amount) * (UNIT_MS[unit as string] as number)
  return total
}

function invalid(duration: Duration, what: string): AtelierError {
  return new AtelierError(
    'invalid_input',
    `${what} ${JSON.stringify(duration)} is not a duration. Give milliseconds as a number, or a text such as "90s", "5m" or "1h30m".`,
    { details: { field: what, value: duration } },
  )
}

/** A duration as a person reads it: `850 ms`, `4.2 s`, `3 m 20 s`, `2 h 5 m`. */
export function formatDuration(ms: number): string {
  // The limits are those of the rounded figure, so that nothing reads as 1000 ms or 60.0 s.
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`
}
