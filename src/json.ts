/** JSON values, their canonical text, and texts that may live outside of the row. */

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/** Text longer than this is kept once in the blob table; events and rows carry its hash. */
export const INLINE_TEXT_BYTES = 4096

/** A text, or the reference to one that is kept as a blob. */
export type StoredText = string | BlobReference

export interface BlobReference {
  /** SHA-256 of the UTF-8 text, hexadecimal: the key in the blob table. */
  readonly blob: string
  /** Length of the text in UTF-8 bytes. */
  readonly bytes: number
  /** The beginning of the text, for lists and logs. */
  readonly head: string
}

/**
 * JSON with the keys of every object in order, so that equal values have equal text: the input of
 * definition hashes. Members that are `undefined` are left out, as JSON.stringify does.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member
    const entries = Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(entries)
  })
}

/** The beginning of a text as one line of at most `length` characters. */
export function headOf(text: string, length: number): string {
  const whole = text.trim()
  const line = whole.slice(0, length * 4).replace(/\s+/gu, ' ')
  if (line.length <= length && whole.length <= length * 4) return line
  // Half of a surrogate pair is no character: it would not survive being stored.
  return `${line
    .slice(0, length - 1)
    .trimEnd()
    .replace(/[\uD800-\uDBFF]$/u, '')}…`
}
