/** Money inside of Atelier is whole millionths of a US dollar, so that sums are exact. */

const MICROS_PER_USD = 1_000_000

/** Millionths of a US dollar, rounded to the nearest. */
export function microsOf(usd: number): number {
  return Math.round(usd * MICROS_PER_USD)
}

/** US dollars of millionths. */
export function usdOf(micros: number): number {
  return micros / MICROS_PER_USD
}

/** An amount as a person reads it: cents, or four digits where it is less than a cent. */
export function formatUsd(usd: number): string {
  return usd !== 0 && Math.abs(usd) < 0.01 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`
}
