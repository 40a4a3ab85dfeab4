import { readFile, stat } from 'node:fs/promises'

/** Larger than anything a person writes; a folder may hold a dump under a familiar name. */
const MAX_FILE_BYTES = 1024 * 1024

/**
 * Reads a text file that a person wrote: UTF-8, without its byte-order mark, with `\n` between lines.
 * @throws Error whose message says why it is no such file
 */
export async function readTextFile(file: string): Promise<string> {
  const found = await stat(file)
  // Reading a pipe would wait for a writer that may never come.
  if (!found.isFile()) throw new Error('it is not a regular file')
  if (found.size > MAX_FILE_BYTES)
    throw new Error(`it has ${found.size} bytes; the limit is ${MAX_FILE_BYTES}`)
  const text = decode(await readFile(file))
  if (text === undefined || text.includes('\0')) throw new Error('it is not UTF-8 text')
  return text.replaceAll(/\r\n?/gu, '\n')
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
