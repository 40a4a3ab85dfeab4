/** Amounts, times and tokens as a person reads them. */

/** An amount in cents, or with four digits where it is less than a cent. */
export function usd(amount: number): string {
  return isSmall(amount) ? `$${amount.toFixed(4)}` : `$${amount.toFixed(2)}`
}

/** Formats amounts that stand below each other with the same number of digits. */
export function usdColumn(amounts: readonly number[]): (amount: number) => string {
  const digits = amounts.some(isSmall) ? 4 : 2
  return (amount) => `$${amount.toFixed(digits)}`
}

function isSmall(amount: number): boolean {
  return amount !== 0 && Math.abs(amount) < 0.01
}

/** `1,234,567`. */
export function count(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/gu, ',')
}

/** `1 agent`, `2 agents`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const DAY = new Intl.DateTimeFormat('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' })

/** The time of day, with the date where it was not today: `14:03:20`, `2026-11-20 14:03:20`. */
export function timeOfDay(at: number, now: number): string {
  const day = DAY.format(at)
  return day === DAY.format(now) ? TIME.format(at) : `${day} ${TIME.format(at)}`
}

/** `code 9, review 5`. */
export function skillsText(skills: readonly { readonly name: string; readonly expertise: number }[]): string {
  return skills.map(({ name, expertise }) => `${name} ${expertise}`).join(', ')
}
