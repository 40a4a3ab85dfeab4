/** JSON Schema of inputs and results: what of it is understood, and whether a value fits. */
import { z } from 'zod'
import { isPlainObject, snapshotJson } from '../agents/json-snapshot.ts'
import { fieldName } from '../agents/shown-values.ts'
import { MAX_JSON_CHARACTERS } from '../agents/text-rules.ts'
import { messageOf } from '../errors.ts'
import type { Json } from '../json.ts'
import type { JsonSchema } from './definition.ts'

/** What says something to people, and nothing about values. */
const NOTES = ['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples', 'deprecated']
/** What describes values of a type; without the type it would say nothing. */
const OF_TYPES: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
}
const OF_ANY = ['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref', '$defs', 'definitions']
const KNOWN: readonly string[] = [...NOTES, ...OF_ANY, ...Object.values(OF_TYPES).flat()]

/** Where a schema stands in another: as a value by name, in a list, or by itself. */
const BY_NAME = ['properties', 'patternProperties', '$defs', 'definitions']
const IN_LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const BY_ITSELF = ['items', 'additionalProperties', 'propertyNames']

export type ReadSchema =
  | { readonly ok: true; readonly schema: JsonSchema }
  /** `isUnsupported`: it is a schema, of which this version does not understand all. */
  | { readonly ok: false; readonly why: string; readonly isUnsupported: boolean }

/**
 * A JSON Schema, or a Standard Schema that can say itself as one. A definition is JSON, so that any process can go on with it:
 * a schema that is only code cannot be kept.
 */
export function readSchema(input: unknown): ReadSchema {
  const standard = standardOf(input)
  if (standard === undefined) return checked(input)
  try {
    const made = standard.jsonSchema?.output({ target: 'draft-2020-12' })
    if (made !== undefined) return checked(made)
    if (standard.vendor === 'zod') return checked(z.toJSONSchema(input as z.ZodType))
  } catch (thrown) {
    return refused(`it cannot be written as JSON Schema: ${messageOf(thrown)}`)
  }
  return refused(
    `a schema of ${standard.vendor} that cannot say itself as JSON Schema; definitions are JSON, so pass a JSON Schema, or one of zod`,
  )
}

interface Standard {
  readonly vendor: string
  readonly jsonSchema?: { readonly output: (options: { readonly target: string }) => unknown }
}

function standardOf(input: unknown): Standard | undefined {
  const isSchema = (typeof input === 'object' || typeof input === 'function') && input !== null
  return isSchema && '~standard' in input ? (input['~standard'] as Standard) : undefined
}

function refused(why: string): ReadSchema {
  return { ok: false, why, isUnsupported: true }
}

function checked(input: unknown): ReadSchema {
  if (!isPlainObject(input)) return { ok: false, why: 'a JSON Schema is an object', isUnsupported: false }
  const snapshot = snapshotJson(input, MAX_JSON_CHARACTERS)
  if ('problem' in snapshot)
    return {
      ok: false,
      why: `${fieldName(snapshot.problem.path)} must be ${snapshot.problem.rule}`,
      isUnsupported: false,
    }
  const schema = snapshot.json as JsonSchema
  const fault = faultIn(schema, [])
  if (fault !== undefined) return { ok: false, ...fault }
  try {
    z.fromJSONSchema(schema)
    return { ok: true, schema }
  } catch (thrown) {
    return { ok: false, why: messageOf(thrown), isUnsupported: false }
  }
}

interface Fault {
  readonly why: string
  readonly isUnsupported: boolean
}

/** What zod would pass over in silence is found here. */
function faultIn(schema: Json | undefined, path: readonly PropertyKey[]): Fault | undefined {
  if (typeof schema === 'boolean') return undefined
  const at = path.length === 0 ? 'the schema' : fieldName(path)
  if (!isPlainObject(schema))
    return { why: `${at} must be a schema, which is an object`, isUnsupported: false }
  for (const [key, value] of Object.entries(schema)) {
    const fault = faultOfKey(key, value as Json, schema, path)
    if (fault !== undefined) return fault
  }
  return undefined
}

function faultOfKey(
  key: string,
  value: Json,
  schema: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[],
): Fault | undefined {
  const field = fieldName([...path, key])
  if (!KNOWN.includes(key))
    return {
      why: `${field} is not understood; known are ${[...OF_ANY, ...Object.values(OF_TYPES).flat()].join(', ')}`,
      isUnsupported: true,
    }
  const type = Object.keys(OF_TYPES).find((each) => OF_TYPES[each]?.includes(key))
  if (type !== undefined && !hasType(schema, type))
    return {
      why: `${field} says something about values of type ${type}; add type: ${type}`,
      isUnsupported: false,
    }
  const inside = insideOf(key, value)
  if (inside === undefined) return { why: `${field} has no value that fits it`, isUnsupported: false }
  return inside
    .map(([step, each]) => faultIn(each, [...path, key, ...step]))
    .find((fault) => fault !== undefined)
}

function hasType(schema: Readonly<Record<string, unknown>>, type: string): boolean {
  const types = [schema['type']].flat()
  return types.includes(type) || (type === 'number' && types.includes('integer'))
}

/** The schemas within a member; undefined where it should have some and is of another form. */
function insideOf(
  key: string,
  value: Json,
): readonly (readonly [readonly PropertyKey[], Json])[] | undefined {
  if (BY_NAME.includes(key))
    return isPlainObject(value)
      ? Object.entries(value as Record<string, Json>).map(([name, each]) => [[name], each])
      : undefined
  if (IN_LISTS.includes(key))
    return Array.isArray(value) && value.length > 0
      ? (value as Json[]).map((each, index) => [[index], each])
      : undefined
  if (BY_ITSELF.includes(key)) return [[[], value]]
  if (key === 'required' || key === 'enum') return Array.isArray(value) ? [] : undefined
  return []
}

const compiled = new WeakMap<JsonSchema, z.ZodType>()

/** Whether a value fits a schema that {@link readSchema} took; `why` names each field that does not. */
export function fits(
  schema: JsonSchema,
  value: Json,
): { readonly ok: true } | { readonly ok: false; readonly why: string } {
  let type = compiled.get(schema)
  if (type === undefined) {
    type = z.fromJSONSchema(schema)
    compiled.set(schema, type)
  }
  const parsed = type.safeParse(value)
  if (parsed.success) return { ok: true }
  const sentences = parsed.error.issues.map(({ path, message }) => {
    const said = message.charAt(0).toLowerCase() + message.slice(1)
    return path.length === 0 ? said : `${fieldName(path)}: ${said}`
  })
  return { ok: false, why: [...new Set(sentences)].slice(0, SHOWN_ISSUES).join('; ') }
}

const SHOWN_ISSUES = 5
