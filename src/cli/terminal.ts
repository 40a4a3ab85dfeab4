/** The streams of a command: data to `out`, everything else to `err`. */

/** One stream that a command writes to. */
export interface Sink {
  readonly isTerminal: boolean
  /** Colours are for terminals, and for nobody who set NO_COLOR (https://no-color.org). */
  readonly colour: boolean
  /** Columns that a line may take; no limit where nobody reads lines of a screen. */
  readonly width: number
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

/** Only a terminal has columns. */
type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }

/** A stream as a sink. It is touched at first use: making a stream of a descriptor takes milliseconds. */
class StreamSink implements Sink {
  readonly #open: () => OutputStream
  readonly #env: NodeJS.ProcessEnv
  readonly #onClosed: () => void
  #opened: OutputStream | undefined
  #closed = false

  constructor(open: () => OutputStream, env: NodeJS.ProcessEnv, onClosed: () => void) {
    this.#open = open
    this.#env = env
    this.#onClosed = onClosed
  }

  get #stream(): OutputStream {
    if (this.#opened !== undefined) return this.#opened
    this.#opened = this.#open()
    // Whoever read it has seen enough (`atelier watch | head -1`): that is no error.
    this.#opened.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      this.#closed = true
      this.#onClosed()
    })
    return this.#opened
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true
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

  write(text: string): void {
    if (!this.#closed) this.#stream.write(text)
  }
}

/**
 * The terminal of this process.
 * @param onClosed called when nobody reads `out` any more
 */
export function processTerminal(onClosed: () => void): Terminal {
  const { env } = process
  return {
    out: new StreamSink(() => process.stdout, env, onClosed),
    err: new StreamSink(
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
