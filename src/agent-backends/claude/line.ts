/** Reads fields of the lines that Claude Code prints. What is not as expected is as if it were not there. */
import type { Json } from '../../json.ts'

/** The members of a JSON object. */
export type Fields = { readonly [name: string]: Json | undefined }

/** The members of a value; none if it is no object. */
export function fieldsOf(value: Json | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

/** The objects of a list; none if it is no list. */
export function objectsOf(value: Json | undefined): readonly Fields[] {
  return Array.isArray(value) ? (value as readonly Json[]).map(fieldsOf) : []
}

/** A text, or undefined. */
export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A number, or undefined. */
export function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** A text that is a JSON object, or undefined. */
export function parseObject(text: string): Fields | undefined {
  try {
    const value = JSON.parse(text) as Json
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Fields)
      : undefined
  } catch {
    return undefined
  }
}
