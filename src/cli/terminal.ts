/** The streams of a command: data to `out`, everything else to `err`. */
import { fstatSync, writeSync } from 'node:fs'

/** One stream that a command writes to. */
export interface Sink {
  readonly isTerminal: boolean
  /** Colours are for terminals, and for nobody who set NO_COLOR (https://no-color.org). */
  readonly colour: boolean
  /** Columns that a line may take; no limit where nobody reads lines of a screen. */
  readonly width: number
  /** Lines of the screen. */
  readonly height: number
  write(text: string): void
}

export interface Terminal {
  readonly out: Sink
  readonly err: Sink
  readonly in: NodeJS.ReadStream
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
}

/** A terminal that does not tell its width. */
const USUAL_WIDTH = 80
const USUAL_HEIGHT = 24

/** Only a terminal has columns. */
type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/**
 * A stream as a sink. Making a stream of a descriptor takes milliseconds, which the shortest commands would
 * feel: it is made for a terminal, and for a reader that does not keep up. Files and pipes are written directly.
 */
class StreamSink implements Sink {
  readonly #descriptor: number
  readonly #open: () => OutputStream
  readonly #env: NodeJS.ProcessEnv
  readonly #onClosed: () => void
  #opened: OutputStream | undefined
  #isDevice: boolean | undefined
  #closed = false

  constructor(descriptor: number, open: () => OutputStream, env: NodeJS.ProcessEnv, onClosed: () => void) {
    this.#descriptor = descriptor
    this.#open = open
    this.#env = env
    this.#onClosed = onClosed
  }

  get #stream(): OutputStream {
    if (this.#opened !== undefined) return this.#opened
    this.#opened = this.#open()
    this.#opened.on('error', (error: NodeJS.ErrnoException) => this.#failed(error))
    return this.#opened
  }

  get isTerminal(): boolean {
    this.#isDevice ??= isDevice(this.#descriptor)
    return this.#isDevice && this.#stream.isTTY === true
  }

  get colour(): boolean {
    const { NO_COLOR, TERM } = this.#env
    return this.isTerminal && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb'
  }

  get width(): number {
    const columns = Number(this.#env['COLUMNS'])
    if (Number.isInteger(columns) && columns > 0) return columns
    return this.isTerminal ? this.#stream.columns || USUAL_WIDTH : Number.POSITIVE_INFINITY
  }

  get height(): number {
    return this.isTerminal ? this.#stream.rows || USUAL_HEIGHT : Number.POSITIVE_INFINITY
  }

  write(text: string): void {
    if (this.#closed) return
    if (this.isTerminal || this.#opened !== undefined) this.#stream.write(text)
    else this.#writeDirectly(Buffer.from(text))
  }

  #writeDirectly(bytes: Buffer): void {
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written)
    } catch (error) {
      // A pipe that does not block, and is full: a stream waits until there is room.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#stream.write(bytes.subarray(written))
      else this.#failed(error as NodeJS.ErrnoException)
    }
  }

  /** Whoever read it has seen enough (`atelier watch | head -1`): that is no error. */
  #failed(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE') throw error
    this.#closed = true
    this.#onClosed()
  }
}

/** Terminals are character devices; so is `/dev/null`. */
function isDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice()
  } catch {
    // A descriptor that was closed before we began: what the stream says of it is right.
    return true
  }
}

/**
 * The terminal of this process.
 * @param onClosed called when nobody reads `out` any more
 */
export function processTerminal(onClosed: () => void): Terminal {
  const { env } = process
  return {
    out: new StreamSink(1, () => process.stdout, env, onClosed),
    err: new StreamSink(
      2,
      () => process.stderr,
      env,
      () => {},
    ),
    get in() {
      return process.stdin
    },
    env,
    cwd: process.cwd(),
  }
}

/** Everything on standard input, as text. */
export async function readInput(terminal: Terminal): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of terminal.in) chunks.push(Buffer.from(chunk as Buffer))
  return Buffer.concat(chunks).toString('utf8')
}
