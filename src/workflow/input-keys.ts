/** The two ways to write a field, `on_reject` and `onReject`, and the two to write a stage, as a tuple and as an object. */
import { isPlainObject } from '../agents/json-snapshot.ts'
import { valueAt } from '../agents/shown-values.ts'
import { NESTED_FIELDS, STAGE_SHAPE, workflowShape } from './input-shapes.ts'

const CAMEL: ReadonlyMap<string, string> = new Map<string, string>(
  [...Object.keys(workflowShape), ...Object.keys(STAGE_SHAPE), ...NESTED_FIELDS].flatMap((field) =>
    snakeCase(field) === field ? [] : [[snakeCase(field), field] as const],
  ),
)
/** Fields of a stage that have fields of their own; names that users give stand in none of them. */
const NESTED: ReadonlySet<string> = new Set(['gate', 'loop', 'map', 'wait', 'retry'])
const TUPLE: readonly string[] = ['id', 'agent', 'title']

/** `onReject` as YAML writes it: `on_reject`. */
export function snakeCase(field: string): string {
  return field.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`)
}

const WORDS = new RegExp(String.raw`\b(?:${[...CAMEL.values()].join('|')})\b`, 'gu')

/** The names of fields in a text as YAML writes them. */
export function asYaml(text: string): string {
  return text.replaceAll(WORDS, snakeCase)
}

/** The same with the fields of workflows in camelCase. A field that is written in both ways keeps the second as unknown. */
export function camelKeys(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const name = CAMEL.get(key) ?? key
    fields[name in value && name !== key ? key : name] = member
  }
  return fields
}

/** A stage as an object, and where each of its fields stands. */
export interface StageFields {
  readonly fields: Readonly<Record<string, unknown>>
  readonly pathOf: (path: readonly PropertyKey[]) => readonly PropertyKey[]
}

/** A stage of either form; undefined for what is neither. */
export function stageFields(raw: unknown): StageFields | undefined {
  if (isPlainObject(raw))
    return { fields: nestedKeys(camelKeys(raw)), pathOf: (path) => writtenPath(raw, path) }
  if (!Array.isArray(raw)) return undefined
  const members: readonly unknown[] = raw
  const options = members[TUPLE.length] ?? {}
  const isTuple = TUPLE.every((_, index) => typeof members[index] === 'string' && members[index] !== '')
  if (!isTuple || members.length > TUPLE.length + 1 || !isPlainObject(options)) return undefined
  if (TUPLE.some((field) => field in options)) return undefined
  const fixed = Object.fromEntries(TUPLE.map((field, index) => [field, members[index]]))
  return {
    fields: nestedKeys({ ...camelKeys(options), ...fixed }),
    pathOf: (path) => {
      const index = TUPLE.indexOf(String(path[0]))
      return index === -1 ? [TUPLE.length, ...writtenPath(options, path)] : [index, ...path.slice(1)]
    },
  }
}

function nestedKeys(fields: Record<string, unknown>): Record<string, unknown> {
  for (const key of NESTED) {
    const member = fields[key]
    if (isPlainObject(member)) fields[key] = camelKeys(member)
  }
  return fields
}

/** A path as it was written: with the keys that are there. */
export function writtenPath(raw: unknown, path: readonly PropertyKey[]): readonly PropertyKey[] {
  let at = raw
  return path.map((key) => {
    const snake = typeof key === 'string' ? snakeCase(key) : key
    const shown = isPlainObject(at) && !(key in at) && snake in at ? snake : key
    at = valueAt(at, [shown])
    return shown
  })
}
