/** How values and fields look in error texts: enough to find the mistake, and never a secret. */
import { headOf } from '../json.ts'

const SHOWN_CHARACTERS = 60

/** A value in an error text: a short text, number or true/false as it is, of anything else only the kind. */
export function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(headOf(value, SHOWN_CHARACTERS))
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  return kindOf(value)
}

/** What sort of value it is, without any of its content. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return 'a list'
  const kind = typeof value === 'string' ? 'text' : typeof value
  return kind === 'object' ? 'an object' : `a ${kind}`
}

/** The place of a field as one writes it in code: `profiles.coder.allowedTools[1]`. */
export function fieldName(path: readonly PropertyKey[]): string {
  return path.map((key, index) => step(key, index)).join('')
}

/** What stands at a place inside a value; undefined if there is nothing. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value
  for (const key of path) at = (at as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[key]
  return at
}

function step(key: PropertyKey, index: number): string {
  if (typeof key === 'number') return `[${key}]`
  const name = String(key)
  if (/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) return index === 0 ? name : `.${name}`
  return `[${JSON.stringify(headOf(name, SHOWN_CHARACTERS))}]`
}
