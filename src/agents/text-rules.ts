/** Limits and patterns of what users write, shared by schemas and single checks. */

export const MIB: number = 1024 * 1024

/** About a million tokens: more than any model reads at once, so that a longer prompt is a mistake. */
export const MAX_PROMPT_BYTES: number = 4 * MIB

/** The largest JSON value: characters of its texts and keys, plus one for each member. */
export const MAX_JSON_CHARACTERS: number = 4 * MIB

/** Names of agents, profiles and backends: safe in a file name, a branch, a URL and a shell. */
export const NAME_PATTERN: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/u
export const NAME_RULE =
  '1 to 64 characters of A-Z, a-z, 0-9, ".", "_" and "-", beginning with a letter or digit'

/** A name of a variable; `TOKEN=secret`, written as a name by mistake, is none. */
export const VARIABLE_PATTERN: RegExp = /^[^=\s\0]+$/u

/** The length of a text in UTF-8, without encoding it; half of a surrogate pair counts as the 3 bytes of U+FFFD. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    const pair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00
    // 4 bytes for both halves: the second half adds nothing beyond its own unit.
    if (pair) index++
  }
  return bytes
}
