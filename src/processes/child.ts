/**
 * One child process: started in a session of its own, its stdin closed or ours, and at its end
 * nothing that it started is left.
 *
 *     started ── exit ──────────────────────────┐
 *        └─ stop(): first steps, if any ── exit ─┤
 *              └─ SIGTERM to its group ── exit ──┤
 *                     └─ 2 s ── SIGKILL ── exit ─┴─ wait for its pipes, 500 ms ── sweep ── gone
 */
import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'

import { crash } from '../failpoints.ts'
import { sleep, type Clock } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import type { ProcessMarkers } from './environment.ts'
import { spawnFailure, type ProcessExit, type ProcessFailure } from './failures.ts'
import { readStat } from './identity.ts'
import { Tail } from './output.ts'
import { PipeReader } from './pipe.ts'
import type { ProcessEntry } from './process-table.ts'
import { processesOf, send, sweep, type SweepTarget } from './sweep.ts'

/** How long a child may take to clean up after SIGTERM. Claude Code needs 1.5 s. */
const TERM_GRACE_MS = 2000
/** How long the output is waited for after the exit while others hold the pipe open. */
const PIPE_GRACE_MS = 500
/** The same for stderr when everything that was found is gone. */
const STDERR_GRACE_MS = 100
/** A process in uninterruptible sleep outlives SIGKILL: waited for this long, then left to the system. */
const KILL_GRACE_MS = 5000
/** What is kept of stderr: enough for a stack trace. */
const STDERR_TAIL_BYTES = 8192

/** A step of the cancel ladder before SIGTERM. */
export interface LadderStep {
  /**
   * A signal to its group, or what else makes it end by itself, such as a word on its stdin; false if
   * that cannot be done now, and need not be waited for.
   */
  readonly act: NodeJS.Signals | (() => boolean)
  /** How long it may take then. */
  readonly graceMs: number
}

export interface ChildOptions {
  readonly file: string
  readonly args?: readonly string[]
  readonly cwd: string
  /** The complete environment, see `childEnvironment`. */
  readonly env: Readonly<Record<string, string>>
  /** `closed`: reads end of file at once. `open`: the owner writes. Default `closed`. */
  readonly stdin?: 'closed' | 'open'
  /**
   * The markers in `env` by which its descendants are found when it ends: everything that carries
   * them is killed then, so children that run at the same time need markers of their own. Without any it is a plain
   * program that starts nothing of its own: the process table is read only when it is stopped.
   */
  readonly markers?: ProcessMarkers
  /** Tried one after the other before SIGTERM, for a program that then says what it has done so far. */
  readonly firstSteps?: readonly LadderStep[]
  /** The clock of the cancel ladder; default the system's. */
  readonly clock?: Clock
}

/** A running child. */
export interface Child {
  readonly pid: number
  /** What it prints, at the reader's pace; to be read once. */
  readonly stdout: AsyncIterable<Buffer, void, void>
  /** The end of what it printed to stderr so far. */
  stderrTail(): string
  /** Writes to its stdin, if that is open; resolves when the text is handed over or nobody reads it any more. */
  write(text: string): Promise<void>
  /** True while its stdin can be written to. */
  readonly isInputOpen: boolean
  /** The child reads end of file after what was written. */
  closeInput(): void
  /** Resolves when it has ended and nothing that it started is left. */
  readonly gone: Promise<ProcessExit>
  /** Ends it and everything that it started; more calls change nothing. */
  stop(): Promise<ProcessExit>
}

export type ChildStart =
  | { readonly ok: true; readonly child: Child }
  | { readonly ok: false; readonly failure: ProcessFailure }

/** Starts a child, or says why it could not be started. Before the first child of a host its guard is started. */
export async function startChild(options: ChildOptions): Promise<ChildStart> {
  const { spawn } = await import('node:child_process')
  const { file, cwd, markers } = options
  if (markers?.host !== undefined) await (await import('./guard.ts')).guardHost(markers.host, cwd)
  crash('child.start.before')
  try {
    const started = spawn(file, options.args ?? [], {
      cwd,
      env: options.env,
      stdio: [options.stdin === 'open' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      // A session and process group of its own: signals reach it as a group, and no terminal is shared.
      detached: true,
    })
    // Read at once: until this turn of the event loop ends, even a dead child is not reaped.
    const start = started.pid === undefined ? undefined : readStat(started.pid)?.start
    const error = await new Promise<unknown>((resolve) => {
      started.once('spawn', () => resolve(undefined)).once('error', resolve)
    })
    crash('child.start.after')
    if (error !== undefined) return { ok: false, failure: spawnFailure(error, file, cwd) }
    return { ok: true, child: new RunningChild(started, start, options) }
  } catch (error) {
    return { ok: false, failure: spawnFailure(error, file, cwd) }
  }
}

class RunningChild implements Child {
  readonly pid: number
  readonly stdout: PipeReader
  readonly gone: Promise<ProcessExit>
  readonly #process: ChildProcess
  readonly #clock: Clock
  readonly #firstSteps: readonly LadderStep[]
  readonly #target: SweepTarget
  readonly #stderr = new Tail(STDERR_TAIL_BYTES)
  readonly #stderrEnded: Promise<void>
  readonly #exited: Promise<ProcessExit>
  #exit: ProcessExit | undefined
  #end: (exit: ProcessExit) => void = () => {}
  #seen: readonly ProcessEntry[] = []
  #stopping: Promise<ProcessExit> | undefined
  readonly #waiting = new AbortController()

  constructor(started: ChildProcess, start: string | undefined, options: ChildOptions) {
    this.pid = started.pid as number
    this.#process = started
    this.#clock = options.clock ?? systemClock
    this.#firstSteps = options.firstSteps ?? []
    this.#target = { leader: { pid: this.pid, start }, ...(options.markers && { markers: options.markers }) }
    this.stdout = new PipeReader(started.stdout as Readable)
    const stderr = started.stderr as Readable
    stderr.on('data', (chunk: Buffer) => this.#stderr.push(chunk)).on('error', () => {})
    this.#stderrEnded = new Promise((resolve) => stderr.once('close', resolve))
    // A child that does not read its input closes the pipe: EPIPE is its right, not our failure.
    started.stdin?.on('error', () => {})
    // A later `error` only says that a signal could not be sent.
    started.on('error', () => {})
    this.#exited = new Promise((resolve) => {
      this.#end = (exit) => {
        this.#exit = exit
        resolve(exit)
      }
    })
    started.once('exit', (code, signal) => this.#end({ code, signal }))
    this.gone = this.#settle()
  }

  stderrTail(): string {
    return this.#stderr.text()
  }

  get isInputOpen(): boolean {
    return this.#process.stdin?.writable === true
  }

  async write(text: string): Promise<void> {
    const { stdin } = this.#process
    if (stdin === null || stdin.destroyed) return
    await new Promise<void>((resolve) => {
      stdin.write(text, () => resolve())
    })
  }

  closeInput(): void {
    this.#process.stdin?.end()
  }

  async stop(): Promise<ProcessExit> {
    this.#stopping ??= this.#descend()
    // What it still says is of no interest.
    this.#waiting.abort()
    return this.#stopping
  }

  /** The ladder. */
  async #descend(): Promise<ProcessExit> {
    if (this.#exit === undefined) {
      // Before the first signal, while parents still tell whose child a process is.
      this.#seen = await processesOf(this.#target)
      for (const { act, graceMs } of [
        ...this.#firstSteps,
        { act: 'SIGTERM', graceMs: TERM_GRACE_MS } as const,
      ]) {
        if (typeof act === 'string') this.#signal(act)
        else if (!act()) continue
        if (await this.#exitsWithin(graceMs)) return this.gone
      }
      this.#signal('SIGKILL')
      if (!(await this.#exitsWithin(KILL_GRACE_MS))) this.#abandon()
    }
    return this.gone
  }

  async #exitsWithin(ms: number): Promise<boolean> {
    const waiting = new AbortController()
    const exited = await Promise.race([
      this.#exited.then(() => true),
      sleep(this.#clock, ms, waiting.signal).then(() => false),
    ])
    waiting.abort()
    return exited
  }

  /** The system will end it when it can; nobody here waits for it. */
  #abandon(): void {
    this.#process.unref()
    this.#end({ code: null, signal: 'SIGKILL' })
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined && !send(-this.pid, signal)) send(this.pid, signal)
  }

  /** Waits for the exit, then for the output, then ends what is left. */
  async #settle(): Promise<ProcessExit> {
    const exit = await this.#exited
    this.#process.stdin?.destroy()
    const read = Promise.all([this.stdout.ended, this.#stderrEnded])
    await Promise.race([read, sleep(systemClock, PIPE_GRACE_MS, this.#waiting.signal)])
    this.#waiting.abort()
    const isPlain = this.#target.markers === undefined && this.#stopping === undefined
    if (!isPlain) await sweep({ ...this.#target, seen: this.#seen })
    this.stdout.cut()
    // What was written to stderr is on its way; only a process that escaped the sweep keeps the end away.
    const waiting = new AbortController()
    await Promise.race([this.#stderrEnded, sleep(systemClock, STDERR_GRACE_MS, waiting.signal)])
    waiting.abort()
    this.#process.stderr?.destroy()
    return exit
  }
}
