/** Runs a program to its end and gives what it printed. */
import type { Clock } from '../time/clock.ts'
import { startChild } from './child.ts'
import type { ProcessMarkers } from './environment.ts'
import type { ProcessExit, ProcessFailure } from './failures.ts'

export interface ProgramOptions {
  readonly file: string
  readonly args?: readonly string[]
  readonly cwd: string
  /** The complete environment, see `childEnvironment`. */
  readonly env: Readonly<Record<string, string>>
  readonly markers?: ProcessMarkers
  /** What it reads on its stdin; end of file at once without it. */
  readonly input?: string
  /** What is kept of its output; the rest is read and dropped. */
  readonly maxOutputBytes: number
  /** Ends the program, with everything that it started. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/** How a program ended. Output that is not UTF-8 has replacement characters. */
export type ProgramResult =
  | {
      readonly ok: true
      readonly exit: ProcessExit
      readonly stdout: string
      /** Its output was longer than what was kept. */
      readonly isCut: boolean
      /** The end of what it printed to stderr. */
      readonly stderr: string
    }
  | { readonly ok: false; readonly failure: ProcessFailure }

/** Runs a program. One that cannot start is a result, not a throw. */
export async function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  const { maxOutputBytes, signal, input, ...rest } = options
  const start = await startChild({ ...rest, stdin: input === undefined ? 'closed' : 'open' })
  if (!start.ok) return start
  const { child } = start
  // Not waited for: a program that prints before it has read all would wait for us in turn.
  if (input !== undefined) void child.write(input).then(() => child.closeInput())
  const stop = (): void => void child.stop()
  signal?.addEventListener('abort', stop, { once: true })
  if (signal?.aborted === true) stop()
  try {
    const pieces: Buffer[] = []
    let kept = 0
    let isCut = false
    for await (const piece of child.stdout) {
      const fitting = piece.subarray(0, maxOutputBytes - kept)
      isCut ||= fitting.length < piece.length
      kept += fitting.length
      if (fitting.length > 0) pieces.push(fitting)
    }
    const exit = await child.gone
    return {
      ok: true,
      exit,
      stdout: Buffer.concat(pieces).toString('utf8'),
      isCut,
      stderr: child.stderrTail(),
    }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}
