/**
 * Turns what a schema found into problems that name the field, the value and what is allowed. The convention:
 * the message of every schema is the phrase after "it must be"; that of an object of fields is the list of its fields.
 */
import type { z } from 'zod'
import { AtelierError, nearestNames, type ErrorCode, type ErrorDetails } from '../errors.ts'
import { fieldName, kindOf, showValue, valueAt } from './shown-values.ts'
import { VARIABLE_PATTERN } from './text-rules.ts'

/** What sort of problem it is. A schema marks `name` and `unsupported` in the `params` of its issue. */
export type ProblemKind = 'value' | 'missing' | 'unknown' | 'name' | 'unsupported'

/** One thing that is wrong with what a user passed. */
export interface Problem {
  readonly kind: ProblemKind
  /** Where it stands, for looking up its line. */
  readonly path: readonly PropertyKey[]
  /** The same place as one writes it in code. */
  readonly field: string
  readonly allowed: string | readonly string[]
  /** The known fields most like an unknown one. */
  readonly nearest: readonly string[]
  /** A full sentence about it. */
  readonly sentence: string
}

/** The message of a field that works from a later version; any other says what to use instead. */
export const LATER = 'left out'

/** Between the names of fields in the message of a {@link ProblemKind} `unknown`; no field has a space. */
export const FIELD_SEPARATOR = ' '

/** Variables and whole settings objects may hold tokens: of these an error tells the kind and never the value. */
const SECRET_FIELDS: ReadonlySet<PropertyKey> = new Set([
  'env',
  'passEnv',
  'backendConfig',
  'mcpConfig',
  'settings',
  'scripted',
])

/** More would bury the first one. */
const SHOWN_PROBLEMS = 5
/** Likeness is quadratic in the length; no field is this long. */
const COMPARED_CHARACTERS = 64

/** Every problem of a value, in the schema's order. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], value: unknown): readonly Problem[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownField([...issue.path, key], issue.message.split(FIELD_SEPARATOR)))
      : [problemAt(issue, value)],
  )
}

/**
 * The error of a call whose input has problems: `unsupported` if it only asks for what comes later.
 * @param what whose input it is, such as `Agent "impl"`
 */
export function problemError(what: string, problems: readonly Problem[]): AtelierError {
  const [first] = problems
  const sentences = sentencesOf(problems)
  const text = sentences.length === 1 ? ` ${sentences.join('')}` : `\n  ${sentences.join('\n  ')}`
  return new AtelierError(codeOf(problems, 'invalid_input'), `${what}:${text}`, {
    details: first === undefined ? {} : detailsOf(first),
  })
}

/** `unsupported` where nothing is wrong but that it works later; else the given code. */
export function codeOf(problems: readonly Problem[], invalid: ErrorCode): ErrorCode {
  return problems.length > 0 && problems.every(({ kind }) => kind === 'unsupported') ? 'unsupported' : invalid
}

/** The first sentences, and how many more there are. */
export function sentencesOf(problems: readonly Pick<Problem, 'sentence'>[]): readonly string[] {
  const shown = problems.slice(0, SHOWN_PROBLEMS).map(({ sentence }) => sentence)
  const more = problems.length - shown.length
  return more === 0 ? shown : [...shown, `… and ${more} more.`]
}

/** What a program reads of a problem. */
export function detailsOf({ field, allowed, nearest }: Problem): ErrorDetails {
  return nearest.length === 0 ? { field, allowed } : { field, allowed, nearest }
}

function unknownField(path: readonly PropertyKey[], known: readonly string[]): Problem {
  const nearest = nearestNames(String(path.at(-1)).slice(0, COMPARED_CHARACTERS), known)
  const field = fieldName(path)
  const advice =
    nearest.length === 0 ? `Known are ${known.join(', ')}.` : `Did you mean ${nearest.join(' or ')}?`
  return {
    kind: 'unknown',
    path,
    field,
    allowed: known,
    nearest,
    sentence: `${field} is not a known field. ${advice}`,
  }
}

function problemAt(issue: z.core.$ZodIssue, value: unknown): Problem {
  const { path, message } = issue
  const found = valueAt(value, path)
  const field = fieldName(masked(path))
  const kind = kindOfIssue(issue, found)
  const allowed = issue.code === 'invalid_value' ? issue.values.map(String) : message
  return {
    kind,
    path,
    field,
    allowed,
    nearest: [],
    sentence: sentenceOf(kind, { path, field, found, message }),
  }
}

/** Where a schema marked its issue, that kind; else whether there is a value at all. */
function kindOfIssue(issue: z.core.$ZodIssue, found: unknown): MarkedKind {
  if (issue.code === 'custom' && issue.params !== undefined) return issue.params['kind'] as MarkedKind
  return found === undefined && issue.path.length > 0 ? 'missing' : 'value'
}

type MarkedKind = Exclude<ProblemKind, 'unknown'>

interface Finding {
  readonly path: readonly PropertyKey[]
  readonly field: string
  readonly found: unknown
  readonly message: string
}

function sentenceOf(kind: MarkedKind, { path, field, found, message }: Finding): string {
  switch (kind) {
    case 'unsupported':
      if (message !== LATER) return `${field} is ${showValue(found)}, which does not work here: ${message}.`
      return `${field} works from a later version of Atelier; leave it out.`
    case 'name':
      return `${field} is not a valid name; a name must be ${message}.`
    case 'missing':
      return `${field} is missing; it must be ${message}.`
    case 'value': {
      const secret = path.some((key) => SECRET_FIELDS.has(key))
      const shown = secret ? kindOf(found) : showValue(found)
      return `${field === '' ? 'the value' : field} is ${shown}; it must be ${message}.`
    }
  }
}

function masked(path: readonly PropertyKey[]): readonly PropertyKey[] {
  const env = path.indexOf('env')
  return path.map((key, index) =>
    env !== -1 && index === env + 1 && !VARIABLE_PATTERN.test(String(key)) ? '…' : key,
  )
}
