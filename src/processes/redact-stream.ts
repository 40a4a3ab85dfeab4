/** Takes secrets out of a text that comes in pieces, wherever it was cut. */
import type { Redactor } from './redact.ts'

const KEY_BEGIN = '-----BEGIN '
const KEY_END = '-----END '

/** Gives whole lines only, and a private key as a whole: a secret that is cut in two is not known as one. */
export class RedactedStream {
  readonly #redact: Redactor
  #pending = ''

  constructor(redact: Redactor) {
    this.#redact = redact
  }

  /** Takes the next piece and gives what is safe to show; often nothing. */
  push(piece: string): string {
    this.#pending += piece
    if (!piece.includes('\n')) return ''
    const lines = this.#pending.slice(0, this.#pending.lastIndexOf('\n') + 1)
    const key = lines.lastIndexOf(KEY_BEGIN)
    const end = key === -1 || lines.includes(KEY_END, key) ? lines.length : key
    const safe = this.#pending.slice(0, end)
    this.#pending = this.#pending.slice(end)
    return this.#redact(safe)
  }

  /** Gives what is left when there are no more pieces. */
  finish(): string {
    const rest = this.#pending
    this.#pending = ''
    return this.#redact(rest)
  }
}
