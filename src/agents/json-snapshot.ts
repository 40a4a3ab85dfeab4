/** Copies a value that a caller passed as JSON, so that what is stored is exactly what was checked. */
import type { Json } from '../json.ts'

/** What a value must be to count as JSON; reads after "it must be". */
const JSON_RULE = 'JSON: text, finite number, true, false, null, or a list or plain object of these'

/** Deeper than any hand-written value, and far from the depth at which recursion over it would overflow. */
const MAX_DEPTH = 100

/** The first part of a value that is not JSON, by its place inside the value. */
export interface JsonProblem {
  readonly path: readonly (string | number)[]
  /** What it must be instead; reads after "it must be". */
  readonly rule: string
}

interface Walk {
  readonly path: (string | number)[]
  /** What may still be copied, in characters of text plus one for each member: also ends what refers to itself. */
  left: number
}

class NotJson extends Error {
  readonly problem: JsonProblem

  constructor(walk: Walk, rule: string = JSON_RULE) {
    super(rule)
    this.problem = { path: [...walk.path], rule }
  }
}

/**
 * A deep copy of a JSON value, without members that are `undefined`, or the first part that is not JSON:
 * a function, a Date, NaN, something that contains itself, or more than `maxCharacters` in all.
 */
export function snapshotJson(
  value: unknown,
  maxCharacters: number,
): { readonly json: Json } | { readonly problem: JsonProblem } {
  try {
    return { json: copy(value, { path: [], left: maxCharacters }) }
  } catch (thrown) {
    if (thrown instanceof NotJson) return { problem: thrown.problem }
    throw thrown
  }
}

function copy(value: unknown, walk: Walk): Json {
  walk.left -= typeof value === 'string' ? value.length + 1 : 1
  if (walk.left < 0) throw new NotJson(walk, 'smaller: in all, the value is too large')
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  // JSON has no -0: adding 0 makes it the 0 that is read back.
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0
  if (typeof value !== 'object') throw new NotJson(walk)
  if (walk.path.length >= MAX_DEPTH)
    throw new NotJson(walk, `at most ${MAX_DEPTH} levels deep, and not contain itself`)
  if (Array.isArray(value)) return Array.from(value, (member: unknown, index) => inside(index, member, walk))
  if (!isPlainObject(value)) throw new NotJson(walk)
  const members: Record<string, Json> = {}
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue
    walk.left -= key.length
    // Assigning to this key would set the prototype of the copy instead.
    if (key === '__proto__') throw new NotJson(walk, 'without the key "__proto__"')
    members[key] = inside(key, member, walk)
  }
  return members
}

function inside(key: string | number, member: unknown, walk: Walk): Json {
  walk.path.push(key)
  const copied = copy(member, walk)
  walk.path.pop()
  return copied
}

/** True for `{}` and `Object.create(null)`, of any realm; false for instances of classes such as Date and Map. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
