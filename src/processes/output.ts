/** Reads what a child prints: bounded in bytes, valid UTF-8, cut into lines. */
import { isUtf8 } from 'node:buffer'

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
/** U+FFFD, which decoding puts in the place of bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd'
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT)

/** What is read at most before the output counts as broken. */
export interface OutputLimits {
  readonly maxLineBytes: number
  readonly maxTotalBytes: number
}

/** Output that cannot be read: too much of it, or not text. Its message names the byte. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
}

/**
 * Cuts a stream of bytes into lines, without their ends (`\n` or `\r\n`). It keeps at most one
 * unfinished line, so memory is bounded by `maxLineBytes` whatever the child prints.
 */
export class LineReader {
  readonly #limits: OutputLimits
  #parts: Buffer[] = []
  #partBytes = 0
  /** Where the unfinished line began in the whole output. */
  #lineStart = 0
  #total = 0

  constructor(limits: OutputLimits) {
    this.#limits = limits
  }

  /**
   * Takes the next bytes and gives the lines that they complete.
   * @throws OutputError when a limit is passed or a line is not UTF-8
   */
  push(chunk: Buffer): string[] {
    this.#total += chunk.length
    if (this.#total > this.#limits.maxTotalBytes) {
      throw new OutputError(`The output is longer than ${bytes(this.#limits.maxTotalBytes)}.`)
    }
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end))
      lines.push(this.#take())
      this.#lineStart += 1
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
    return lines
  }

  /** Gives the last line if it had no end. */
  finish(): string | undefined {
    return this.#partBytes === 0 ? undefined : this.#take()
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return
    this.#partBytes += part.length
    if (this.#partBytes > this.#limits.maxLineBytes) {
      const limit = bytes(this.#limits.maxLineBytes)
      throw new OutputError(
        `The line that begins at byte ${this.#lineStart} of the output is longer than ${limit}.`,
      )
    }
    this.#parts.push(part)
  }

  #take(): string {
    const [first, ...others] = this.#parts
    const whole =
      first === undefined ? Buffer.alloc(0) : others.length === 0 ? first : Buffer.concat(this.#parts)
    const line = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole
    const text = decodeText(line, this.#lineStart)
    this.#lineStart += whole.length
    this.#parts = []
    this.#partBytes = 0
    return text
  }
}

/**
 * Decodes UTF-8.
 * @param offset where the bytes stand in the whole output, for the message
 * @throws OutputError naming the first byte that is not UTF-8
 */
export function decodeText(text: Buffer, offset = 0): string {
  if (isUtf8(text)) return text.toString('utf8')
  throw new OutputError(
    `The output is not UTF-8: the byte at offset ${offset + invalidByte(text)} is not valid.`,
  )
}

/** Where the first byte stands that is not UTF-8: where decoding put a replacement that was not in the text. */
function invalidByte(bytesOfText: Buffer): number {
  const decoded = bytesOfText.toString('utf8')
  let offset = 0
  let from = 0
  for (let found = decoded.indexOf(REPLACEMENT); found !== -1; found = decoded.indexOf(REPLACEMENT, from)) {
    offset += Buffer.byteLength(decoded.slice(from, found))
    const at = bytesOfText.subarray(offset, offset + REPLACEMENT_BYTES.length)
    if (!at.equals(REPLACEMENT_BYTES)) return offset
    offset += REPLACEMENT_BYTES.length
    from = found + 1
  }
  return offset
}

/** Keeps only the end of what it is given: of an endless stderr, the part that tells why it ended. */
export class Tail {
  readonly #limit: number
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  push(chunk: Buffer): void {
    const kept = chunk.length > this.#limit ? chunk.subarray(-this.#limit) : chunk
    this.#chunks.push(kept)
    this.#bytes += kept.length
    // Chunks that fell out of the window go; the first one may reach out of it.
    while (this.#bytes - (this.#chunks[0]?.length ?? 0) >= this.#limit) {
      this.#bytes -= this.#chunks.shift()?.length ?? 0
    }
  }

  /** The end as text; bytes that are not UTF-8 are replaced, since this text only explains. */
  text(): string {
    const end = Buffer.concat(this.#chunks).subarray(-this.#limit)
    return end
      .toString('utf8')
      .replace(/^\ufffd+/u, '')
      .trim()
  }
}

function bytes(count: number): string {
  return count % (1 << 20) === 0 ? `${count / (1 << 20)} MiB` : `${count} bytes`
}
