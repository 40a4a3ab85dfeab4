/** Checks a value from outside by a schema. */
import type { z } from 'zod'
import { AtelierError, isAtelierError } from '../errors.ts'
import { isPlainObject } from './json-snapshot.ts'
import { problemError, problemsOf } from './schema-problems.ts'

/**
 * Checks a plain object of fields.
 * @param what whose fields they are, such as `Agent "impl"`
 * @throws AtelierError `invalid_input`, or `unsupported` for what works from a later version
 */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, what: () => string): T {
  return guarded('The options', () => {
    // A Map or a Date would pass for an object without fields.
    const parsed = schema.safeParse(isPlainObject(value) ? value : null)
    if (parsed.success) return parsed.data
    throw problemError(what(), problemsOf(parsed.error.issues, value))
  })
}

/**
 * Runs a check of a value from outside. A getter or a proxy may throw anything while it is read; what comes out
 * is an AtelierError all the same.
 */
export function guarded<T>(what: string, check: () => T): T {
  try {
    return check()
  } catch (thrown) {
    if (isAtelierError(thrown)) throw thrown
    const message = `${what} cannot be read: reading threw an error. Pass plain data.`
    throw new AtelierError('invalid_input', message, { cause: thrown })
  }
}

/** Without the members that are undefined. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof given<T>
  >
}
