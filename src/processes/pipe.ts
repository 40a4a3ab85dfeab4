/** Reads a child's output pipe, which others may hold open after the child has ended. */
import type { Readable } from 'node:stream'

import { systemClock } from '../time/system-clock.ts'

/** Silence after which a cut pipe counts as read: what was written before is in memory by then. */
const SILENCE_MS = 100
/** Pieces still taken from a cut pipe: more than a pipe and its buffers hold. */
const PIECES_AFTER_CUT = 64

/**
 * The bytes of a pipe, at the pace of the reader. Ends with the pipe, or soon after {@link cut}:
 * what was written before is still given, but an end that somebody else keeps away is not waited for.
 */
export class PipeReader implements AsyncIterable<Buffer> {
  readonly #stream: Readable
  #isCut = false
  #hasReader = false
  #wake = (): void => {}
  readonly #ended: Promise<void>

  constructor(stream: Readable) {
    this.#stream = stream
    const wake = (): void => this.#wake()
    stream.on('readable', wake).on('end', wake).on('close', wake).on('error', wake)
    this.#ended = new Promise((resolve) => {
      stream.once('end', resolve).once('close', resolve)
    })
  }

  /** Resolves when nobody holds the pipe any more and all of it was read. */
  get ended(): Promise<void> {
    return this.#ended
  }

  /** Waits no longer for the end of the pipe. */
  cut(): void {
    this.#isCut = true
    if (!this.#hasReader) this.close()
    this.#wake()
  }

  /** Closes our end; a process that still writes to the pipe gets SIGPIPE. */
  close(): void {
    this.#stream.destroy()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    this.#hasReader = true
    try {
      let piecesAfterCut = 0
      let wasSilent = false
      for (;;) {
        const piece = this.#stream.read() as Buffer | null
        if (piece !== null) {
          wasSilent = false
          if (this.#isCut && ++piecesAfterCut > PIECES_AFTER_CUT) return
          yield piece
          continue
        }
        if (this.#stream.readableEnded || this.#stream.destroyed || wasSilent) return
        wasSilent = await this.#change()
      }
    } finally {
      this.close()
    }
  }

  /** Waits for data or the end of the pipe; true if it was cut and stayed silent. */
  async #change(): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = this.#isCut ? systemClock.after(SILENCE_MS, () => resolve(true)) : (): void => {}
      this.#wake = () => {
        stop()
        resolve(false)
      }
    })
  }
}
