/** Identifiers and content hashes: the only place that makes randomness. */
import { INLINE_TEXT_BYTES, headOf, type BlobReference, type StoredText } from './json.ts'

/** Crockford's base 32: no letters that read as digits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const RANDOM_CHARACTERS = 16
const HEAD_CHARACTERS = 200

type Crypto = typeof import('node:crypto')
let loaded: Crypto | undefined
/** Loaded at first use: commands that only read start faster without it. */
function crypto(): Crypto {
  return (loaded ??= process.getBuiltinModule('node:crypto'))
}

/** What an identifier names, as its prefix. */
export type IdPrefix = 'ask' | 'msg' | 'turn' | 'host' | 'grp' | 'ses' | 'run' | 'proc' | 'att' | 'mrg'

let pool = new Uint8Array(0)
let used = 0

/** A new identifier with 80 random bits, such as `turn_7k3m…`. */
export function newId(prefix: IdPrefix): string {
  if (used + RANDOM_CHARACTERS > pool.length) {
    pool = crypto().randomBytes(RANDOM_CHARACTERS * 64)
    used = 0
  }
  let id = `${prefix}_`
  for (let index = 0; index < RANDOM_CHARACTERS; index++) id += ALPHABET[(pool[used++] as number) & 31]
  return id
}

/** A random number in [0, 1), for jitter. */
export function randomFraction(): number {
  return crypto().randomBytes(4).readUInt32BE(0) / 2 ** 32
}

/** SHA-256 of a UTF-8 text, hexadecimal. */
export function hashText(text: string): string {
  return crypto().hash('sha256', text)
}

/** A new random UUID, for the sessions of agents that want one. */
export function newUuid(): string {
  return crypto().randomUUID()
}

/** A text that goes to the blob table. */
export interface Blob {
  readonly hash: string
  readonly body: string
}

/** Splits a text into what a row carries and the blob it needs, if it is too long to stay inline. */
export function packText(text: string): { readonly stored: StoredText; readonly blobs: readonly Blob[] } {
  if (text.length <= INLINE_TEXT_BYTES / 4) return { stored: text, blobs: [] }
  const bytes = Buffer.byteLength(text)
  if (bytes <= INLINE_TEXT_BYTES) return { stored: text, blobs: [] }
  const hash = hashText(text)
  const reference: BlobReference = { blob: hash, bytes, head: headOf(text, HEAD_CHARACTERS) }
  return { stored: reference, blobs: [{ hash, body: text }] }
}
