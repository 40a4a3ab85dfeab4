/**
 * Runs a command that a user configured, such as `npm test`, to its end: all that it prints goes to a log file, its
 * end is kept, and when it has ended nothing that it started is left.
 */
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StringDecoder } from 'node:string_decoder'

import { messageOf } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Clock } from '../time/clock.ts'
import { monotonicMs, systemClock } from '../time/system-clock.ts'
import { startChild } from './child.ts'
import { childEnvironment } from './environment.ts'
import { Tail } from './output.ts'
import { redactor } from './redact.ts'
import { RedactedStream } from './redact-stream.ts'

/** A text is run by `/bin/sh -c`; a list is a program and its arguments, run without a shell. */
export type Command = string | readonly string[]

/** What fits in a message to an agent, and mostly holds the failure: tools print it last. */
const TAIL_BYTES = 8 << 10
/** A command that prints without end shall not fill the disk. */
const MAX_LOG_BYTES = 64 << 20
/** Both streams in one, in the order in which they were written. */
const BOTH_STREAMS = 'exec "$@" 2>&1'

export interface CommandOptions {
  readonly command: Command
  readonly cwd: string
  /** Variables beyond the few that every child gets. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables that are handed on from this process. */
  readonly passEnv?: readonly string[]
  /** The host it runs for, by which its processes are found when the host is gone. */
  readonly host?: string
  readonly timeoutMs: number
  /** All that it prints, without secrets; its folder is made. */
  readonly logFile: string
  /** How much of the end of what it prints is kept for the result; default 8 KiB. */
  readonly keepBytes?: number
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

export interface CommandResult {
  /** As a person would type it. */
  readonly command: string
  /** Null where it did not start or was ended by a signal. */
  readonly exitCode: number | null
  readonly ok: boolean
  readonly timedOut: boolean
  readonly cancelled: boolean
  readonly durationMs: number
  readonly logFile: string
  /** The end of what it printed, without secrets. */
  readonly tail: string
  /** Why it did not start, or why its log is not complete. */
  readonly problem?: string
}

/** Runs a command. One that fails, hangs or cannot start is a result, not a throw. */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const { command, timeoutMs, logFile, signal } = options
  const clock = options.clock ?? systemClock
  const began = monotonicMs()
  const log = await openLog(logFile, options.keepBytes ?? TAIL_BYTES)
  const end = { timedOut: false, cancelled: false }
  const result = (exitCode: number | null, problem: string | undefined): CommandResult => ({
    command: showCommand(command),
    exitCode,
    ok: exitCode === 0 && !end.timedOut && !end.cancelled,
    ...end,
    durationMs: Math.round(monotonicMs() - began),
    logFile,
    tail: log.tail(),
    ...(problem !== undefined && { problem }),
  })
  if (signal?.aborted === true) {
    end.cancelled = true
    await log.close()
    return result(null, undefined)
  }
  const start = await startCommand(options, clock)
  if (!start.ok) {
    await log.close()
    return result(null, start.failure.message)
  }
  const { child } = start
  const stop = (why: keyof typeof end) => (): void => {
    end[why] = true
    void child.stop()
  }
  const cancelTimer = clock.after(timeoutMs, stop('timedOut'))
  const cancelled = stop('cancelled')
  signal?.addEventListener('abort', cancelled, { once: true })
  try {
    for await (const piece of child.stdout) await log.write(piece)
    const exit = await child.gone
    await log.close()
    return result(exit.code, log.problem())
  } finally {
    cancelTimer()
    signal?.removeEventListener('abort', cancelled)
  }
}

async function startCommand(options: CommandOptions, clock: Clock): ReturnType<typeof startChild> {
  const { command, cwd, env, passEnv, host } = options
  const markers = { turn: newId('proc'), ...(host !== undefined && { host }) }
  const words = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  return startChild({
    file: '/bin/sh',
    args: ['-c', BOTH_STREAMS, 'sh', ...words],
    cwd,
    clock,
    markers,
    env: childEnvironment({ markers, ...(env && { set: env }), ...(passEnv && { pass: passEnv }) }),
  })
}

/** A command as a person would type it. */
export function showCommand(command: Command): string {
  if (typeof command === 'string') return command
  return command
    .map((word) => (/^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ')
}

interface Log {
  write(piece: Buffer): Promise<void>
  close(): Promise<void>
  tail(): string
  problem(): string | undefined
}

/** A log that cannot be written is said in the result: what the command does counts more than its log. */
async function openLog(path: string, keepBytes: number): Promise<Log> {
  const tail = new Tail(keepBytes)
  const clean = new RedactedStream(redactor(process.env))
  const decoder = new StringDecoder('utf8')
  let file: FileHandle | undefined
  let problem: string | undefined
  let written = 0
  const failed = (error: unknown): void => {
    problem ??= `The log ${path} is not complete: ${messageOf(error)}`
  }
  try {
    await mkdir(dirname(path), { recursive: true })
    file = await open(path, 'w')
  } catch (error) {
    failed(error)
  }
  const put = async (text: string): Promise<void> => {
    if (text === '') return
    const bytes = Buffer.from(text)
    tail.push(bytes)
    if (file === undefined || problem !== undefined) return
    const rest = MAX_LOG_BYTES - written
    written += bytes.length
    if (bytes.length > rest) failed(new Error(`it is longer than ${MAX_LOG_BYTES >> 20} MiB.`))
    if (rest > 0) await file.write(bytes.subarray(0, rest)).catch(failed)
  }
  return {
    write: (piece) => put(clean.push(decoder.write(piece))),
    async close() {
      await put(clean.push(decoder.end()) + clean.finish())
      await file?.close().catch(failed)
      file = undefined
    },
    tail: () => tail.text(),
    problem: () => problem,
  }
}
