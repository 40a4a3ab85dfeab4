/** The kinds of fields in what users write. The message of each is the phrase after "it must be". */
import { z } from 'zod'
import type { Json } from '../json.ts'
import { parseDuration, type Duration } from '../time/duration.ts'
import { snapshotJson } from './json-snapshot.ts'
import { FIELD_SEPARATOR, LATER, type ProblemKind } from './schema-problems.ts'
import {
  MAX_JSON_CHARACTERS,
  MAX_PROMPT_BYTES,
  NAME_PATTERN,
  NAME_RULE,
  utf8Bytes,
  VARIABLE_PATTERN,
} from './text-rules.ts'

/** A schema for each field of an object. */
export type Shape<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> }

const PROSE_RULE = 'a text without NUL characters, of at most 4 MiB'
const TEXT_RULE = 'a text that is not blank and has no NUL characters'
/** Above it, millionths of a dollar would no longer be exact whole numbers in a sum. */
const MAX_USD = 1_000_000_000
const USD_RULE = `an amount in USD from 0 to ${MAX_USD}`
const DURATION_RULE = 'a duration above 0: milliseconds as a number, or a text such as "90s", "5m" or "1h30m"'
const VARIABLE_RULE = 'without "=", spaces and NUL characters'

/** Any text, as long as a process can take it: roles and other parts of a system prompt. */
export const prose: z.ZodType<string> = z
  .string(PROSE_RULE)
  .refine((value) => !value.includes('\0') && utf8Bytes(value) <= MAX_PROMPT_BYTES, PROSE_RULE)

/** A text that says something: the name of a model, of a tool, a path. */
export const text: z.ZodType<string> = z
  .string(TEXT_RULE)
  .refine(
    (value) => value.trim() !== '' && !value.includes('\0') && utf8Bytes(value) <= MAX_PROMPT_BYTES,
    TEXT_RULE,
  )

export const texts: z.ZodType<readonly string[]> = z.array(text, 'a list of texts')
export const trueOrFalse: z.ZodType<boolean> = z.boolean('true or false')
export const usd: z.ZodType<number> = z.number(USD_RULE).min(0, USD_RULE).max(MAX_USD, USD_RULE)

/** A whole number within bounds. */
export function wholeNumber(min: number, max?: number): z.ZodType<number> {
  const rule =
    max === undefined ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`
  const atLeast = z.int(rule).min(min, rule)
  return max === undefined ? atLeast : atLeast.max(max, rule)
}

/** One of a few words. */
export function oneOf<Word extends string>(words: readonly Word[]): z.ZodType<Word> {
  return z.enum(words, `one of ${words.join(', ')}`)
}

/** One of a few words; others are known, and refused with what to use instead. */
export function oneOfOr<Word extends string>(
  words: readonly Word[],
  others: Readonly<Record<string, string>>,
): z.ZodType<Word> {
  const isOther = (value: unknown): value is string =>
    typeof value === 'string' && Object.hasOwn(others, value)
  return z.unknown().check((payload) => {
    const { value } = payload
    if (words.some((word) => word === value)) return
    if (isOther(value)) addIssue(payload, others[value] as string, [], { kind: 'unsupported' })
    else addIssue(payload, `one of ${words.join(', ')}`, [])
  }) as unknown as z.ZodType<Word>
}

/** The name of something that users define. */
export function name(rule: string): z.ZodType<string> {
  return z.string(rule).regex(NAME_PATTERN, rule)
}

/** A length of time, as it was written. */
export const duration: z.ZodType<Duration> = z
  .union([z.number(), z.string()], DURATION_RULE)
  .refine((value) => {
    try {
      const ms = parseDuration(value)
      return ms > 0 && ms <= Number.MAX_SAFE_INTEGER
    } catch {
      return false
    }
  }, DURATION_RULE)

/** JSON, copied: what is stored is what was checked. */
export const anyJson: z.ZodType<Json> = z.unknown().check((payload) => {
  const snapshot = snapshotJson(payload.value, MAX_JSON_CHARACTERS)
  if ('json' in snapshot) payload.value = snapshot.json
  else addIssue(payload, snapshot.problem.rule, snapshot.problem.path)
}) as unknown as z.ZodType<Json>

/** Variables of an environment, by name. */
export const variables: z.ZodType<Readonly<Record<string, string>>> = z
  .record(
    z.string(),
    z.string('a text without NUL characters').regex(/^[^\0]*$/u, 'a text without NUL characters'),
    {
      error: 'an object of texts by name',
    },
  )
  .check((payload) => addNameIssues(payload, (key) => VARIABLE_PATTERN.test(key), VARIABLE_RULE))

export const variableNames: z.ZodType<readonly string[]> = z.array(
  z.string('the name of a variable').regex(VARIABLE_PATTERN, `the name of a variable, ${VARIABLE_RULE}`),
  'a list of names of variables',
)

/** Objects of one kind by their name: agents, profiles. */
export function byName<T>(member: z.ZodType<T>, rule: string): z.ZodType<Readonly<Record<string, T>>> {
  return z
    .record(z.string(), member, { error: rule })
    .check((payload) => addNameIssues(payload, (key) => NAME_PATTERN.test(key), NAME_RULE))
}

/** A field that is known and works from a later version: asking for it is refused, never ignored. */
export function later<T>(schema: z.ZodType<T>, isAsked: (value: T) => boolean): z.ZodType<T> {
  return schema.refine((value) => !isAsked(value), {
    error: LATER,
    params: { kind: 'unsupported' satisfies ProblemKind },
  })
}

/**
 * A value that may be written in several forms, each with a schema of its own, so that what is wrong inside of one is
 * told by its field.
 * @param formOf the schema of the form that a value has; undefined if it has none
 * @param rule the phrase for a value of no form
 */
export function inForms<T>(formOf: (value: unknown) => z.ZodType<T> | undefined, rule: string): z.ZodType<T> {
  return z.unknown().check((payload) => {
    const form = formOf(payload.value)
    if (form === undefined) return addIssue(payload, rule, [])
    const parsed = form.safeParse(payload.value)
    if (parsed.success) payload.value = parsed.data
    else payload.issues.push(...(parsed.error.issues as z.core.$ZodRawIssue[]))
    return undefined
  }) as unknown as z.ZodType<T>
}

/** A plain object with these fields and no others. */
export function fieldsObject<T>(shape: Shape<T>): z.ZodType<T> {
  const known = Object.keys(shape).join(FIELD_SEPARATOR)
  const object = z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? known : 'a plain object'),
  })
  return object as unknown as z.ZodType<T>
}

interface Payload<T> {
  readonly value: T
  readonly issues: z.core.$ZodRawIssue[]
}

function addNameIssues(
  payload: Payload<Readonly<Record<string, unknown>>>,
  fits: (key: string) => boolean,
  rule: string,
): void {
  for (const key of Object.keys(payload.value))
    if (!fits(key)) addIssue(payload, rule, [key], { kind: 'name' })
}

function addIssue(
  payload: Payload<unknown>,
  message: string,
  path: readonly PropertyKey[],
  params?: { readonly kind: ProblemKind },
): void {
  payload.issues.push({
    code: 'custom',
    input: payload.value,
    message,
    path: [...path],
    ...(params ? { params } : {}),
  })
}
