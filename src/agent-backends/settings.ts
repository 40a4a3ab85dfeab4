/** Checks the settings of a backend against a schema; shared by the adapters. */
import { createRequire } from 'node:module'
import type { core, z as zodNamespace, ZodObject, ZodRawShape, ZodType } from 'zod'

import { AtelierError, messageOf } from '../errors.ts'

export type Zod = typeof zodNamespace

let loaded: Zod | undefined
/** Loaded at first use, some 35 ms: most processes never define an agent that has settings. */
function zod(): Zod {
  // Not by import(): settings are checked at once, while an agent is being defined.
  return (loaded ??= (createRequire(import.meta.url)('zod') as { z: Zod }).z)
}

/** A schema that is made at first use. */
export function lazySchema<T>(make: (z: Zod) => ZodType<T>): () => ZodType<T> {
  let schema: ZodType<T> | undefined
  return () => (schema ??= make(zod()))
}

/** An object with these fields and no others; an unknown one is answered with the known ones. */
export function fields<S extends ZodRawShape>(z: Zod, shape: S): ZodObject<S, core.$strict> {
  const known = Object.keys(shape).join(', ')
  const error = (issue: { readonly code?: string }): string | undefined =>
    issue.code === 'unrecognized_keys' ? `is not known; known: ${known}` : undefined
  return z.strictObject(shape, { error })
}

/** A check by a function of ours; what it throws is the message. */
export function readable<T>(read: (value: T) => unknown): (context: core.ParsePayload<T>) => void {
  return (context) => {
    try {
      read(context.value)
    } catch (error) {
      context.issues.push({ code: 'custom', input: context.value, message: messageOf(error) })
    }
  }
}

/**
 * Reads settings by their schema.
 * @param what where they stand, such as `backendConfig`
 * @throws AtelierError `invalid_config` naming each wrong field and what is allowed there
 */
export function readSettings<T>(schema: () => ZodType<T>, settings: unknown, what: string): T {
  const result = schema().safeParse(settings)
  if (result.success) return result.data
  const problems = result.error.issues.flatMap((issue) => problemsOf(issue, []))
  const details = problems.map(({ path, allowed }) => ({
    field: fieldOf(path, what),
    ...(allowed && { allowed }),
  }))
  const message = problems.map((problem) => sentence(problem, settings, what)).join(' ')
  throw new AtelierError('invalid_config', message, { details: { ...details[0] } })
}

/** A word that was mistyped is shorter than this, a token longer. */
const SHOWN_CHARACTERS = 16

type Path = readonly PropertyKey[]

interface Problem {
  readonly path: Path
  readonly message: string
  readonly allowed?: readonly unknown[]
}

function problemsOf(issue: core.$ZodIssue, above: Path): Problem[] {
  const path = [...above, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], message: issue.message }))
    case 'invalid_value':
      return [{ path, message: 'is not allowed', allowed: issue.values }]
    case 'invalid_union':
      return clearest(issue.errors, path) ?? [{ path, message: issue.message }]
    default:
      return [{ path, message: issue.message }]
  }
}

/** Of alternatives, the one that got furthest says best what is wrong; the others only miss the type. */
function clearest(alternatives: readonly (readonly core.$ZodIssue[])[], path: Path): Problem[] | undefined {
  const isTypeOnly = (issues: readonly core.$ZodIssue[]): boolean =>
    issues.every((issue) => issue.path.length === 0 && issue.code === 'invalid_type')
  const depth = (issues: readonly core.$ZodIssue[]): number =>
    Math.max(...issues.map((issue) => issue.path.length))
  const [best] = alternatives.filter((issues) => !isTypeOnly(issues)).sort((a, b) => depth(b) - depth(a))
  return best?.flatMap((issue) => problemsOf(issue, path))
}

/** `backendConfig.output "xml": is not allowed; allowed: text, json.` */
function sentence({ path, message, allowed }: Problem, settings: unknown, what: string): string {
  // Only where a few words are allowed is the value shown: any other field may hold a token by mistake.
  const value = allowed === undefined ? undefined : valueAt(settings, path)
  const shown =
    typeof value === 'string' && value.length <= SHOWN_CHARACTERS ? ` ${JSON.stringify(value)}` : ''
  const values = allowed === undefined ? '' : `; allowed: ${allowed.map(String).join(', ')}`
  return `${fieldOf(path, what)}${shown}: ${message.replace(/\.$/u, '')}${values}.`
}

function valueAt(settings: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    settings,
  )
}

function fieldOf(path: Path, what: string): string {
  const step = (text: string, key: PropertyKey): string =>
    typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`
  return path.reduce<string>(step, what)
}
