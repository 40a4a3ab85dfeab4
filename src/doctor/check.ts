/** What the doctor says of one thing that Atelier needs. */

export type CheckStatus = 'ok' | 'warn' | 'fail'

export interface Check {
  readonly name: string
  readonly status: CheckStatus
  /** What was found. */
  readonly found: string
  /** What to run or change; null where nothing is to be done. */
  readonly fix: string | null
}

/** The variables that are read, of the user's shell. */
export type Environment = Readonly<Record<string, string | undefined>>

export function ok(name: string, found: string): Check {
  return { name, status: 'ok', found, fix: null }
}

export function warn(name: string, found: string, fix: string): Check {
  return { name, status: 'warn', found, fix }
}

export function fail(name: string, found: string, fix: string): Check {
  return { name, status: 'fail', found, fix }
}

/** A text as one word of a shell line. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
