/**
 * Follows the process of one turn to its end.
 *
 *     starting ── first line ── working ── result ── answered ── exit ── end
 *                                  └──── goes on ──────┘  └─ 10 s ── ended by us
 *
 * Its input stays open until the first result, for the word that interrupts it; closed, it ends by
 * itself when subagents and commands in the background have. Silence ends it: how long it may last
 * depends on whether a tool runs.
 */
import type { AgentEvent, TurnOutcome, TurnRequest } from '../../agent-backend.ts'
import type { TurnFailure } from '../../agents/failures.ts'
import type { Child } from '../../processes/child.ts'
import type { ProcessExit } from '../../processes/failures.ts'
import { LineReader, OutputError } from '../../processes/output.ts'
import type { Redactor } from '../../processes/redact.ts'
import type { SessionRef } from '../../tables.ts'
import type { Clock } from '../../time/clock.ts'
import type { ClaudeSettings } from './config.ts'
import { failureWithoutResult, noLogin } from './ending.ts'
import { refusalLine, type Invocation, type SessionChoice } from './invocation.ts'
import { ClaudeReader } from './reader.ts'
import type { ClaudeResult } from './result.ts'
import { dataJson, sessionData, sessionFile, systemHash, type SessionData } from './session.ts'
import { SilenceClock, type Overdue } from './silence.ts'
import { checkStructured } from './structured.ts'
import { configFolder } from './trust.ts'
import { isTooOld, tooOld } from './version.ts'

export interface ClaudeTurnOptions {
  readonly backend: string
  readonly path: string
  readonly request: TurnRequest
  readonly settings: ClaudeSettings
  readonly choice: SessionChoice
  readonly invocation: Invocation
  readonly redact: Redactor
  readonly clock: Clock
}

/** More than this of what is no output of Claude Code, and it is something else that runs. */
const MAX_GARBAGE_BYTES = 1 << 20
/** A login that is refused is tried again for minutes (measured: 10 times); the first retry may come after its renewal. */
const REFUSED_LOGIN_ATTEMPTS = 2

/** One turn while its process runs. */
export class ClaudeTurn {
  readonly #options: ClaudeTurnOptions
  readonly #child: Child
  readonly #reader: ClaudeReader
  readonly #silence: SilenceClock
  readonly #before: SessionData
  #stopped: 'cancelled' | TurnFailure | undefined
  /** The last result when the turn was cancelled: a later one, that was on its way, is an answer. */
  #resultBefore: ClaudeResult | undefined
  #session: SessionRef | undefined

  constructor(child: Child, options: ClaudeTurnOptions) {
    const { request, settings, choice, redact, clock } = options
    this.#child = child
    this.#options = options
    this.#before = sessionData(request.resume)
    const beforeUsd = choice.resume === undefined ? 0 : this.#before.totalUsd
    const { maxLineBytes: maxBlockCharacters } = settings
    this.#reader = new ClaudeReader({ cwd: request.cwd, beforeUsd, redact, maxBlockCharacters })
    this.#silence = new SilenceClock(clock, settings, (what) => this.#endAfter(what))
  }

  /** Reads what the process prints until it has ended or the signal ends it. */
  async *follow(signal: AbortSignal): AsyncGenerator<AgentEvent, TurnOutcome, void> {
    const cancel = (): void => this.#cancel()
    signal.addEventListener('abort', cancel, { once: true })
    if (signal.aborted) {
      this.#child.closeInput()
      cancel()
    }
    try {
      void this.#child.write(this.#options.invocation.input)
      yield* this.#read()
      const exit = await this.#child.gone
      if (this.#endedBy === undefined && this.#hasAnswer(exit)) yield* this.#warnings()
      return await this.#outcome(exit)
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#silence.stop()
      // Also where the reader of the events went away in the middle: nobody reads what a word would bring about.
      this.#child.closeInput()
      await this.#child.stop()
    }
  }

  async *#read(): AsyncGenerator<AgentEvent, void, void> {
    const { maxLineBytes, maxOutputBytes } = this.#options.settings
    const lines = new LineReader({ maxLineBytes, maxTotalBytes: maxOutputBytes })
    this.#silence.restart(this.#reader)
    try {
      for await (const piece of this.#child.stdout) {
        for (const line of lines.push(piece)) yield* this.#take(line)
        this.#silence.restart(this.#reader)
      }
      const last = lines.finish()
      if (last !== undefined) yield* this.#take(last)
    } catch (error) {
      if (!(error instanceof OutputError)) throw error
      this.#stop({ kind: 'protocol', message: `Claude Code: ${error.message}` })
    }
    this.#silence.stop()
  }

  *#take(line: string): Generator<AgentEvent, void, void> {
    const wasNamed = this.#reader.facts !== undefined
    const events = [...this.#reader.take(line)]
    if (!wasNamed && this.#reader.facts !== undefined) yield* this.#begin()
    yield* events
    this.#react()
  }

  /** The first line that tells of the session. */
  *#begin(): Generator<AgentEvent, void, void> {
    const { backend, request, path } = this.#options
    const { session: id, version, model } = this.#reader.facts ?? {}
    if (version !== undefined && isTooOld(version)) {
      this.#stop({ kind: 'version_unsupported', message: tooOld(version, path) })
    }
    if (request.noSessionPersistence === true || id === undefined || id === '') return
    this.#session = {
      backend,
      id,
      cwd: request.cwd,
      ...(version !== undefined && { backendVersion: version }),
      data: dataJson(this.#data(this.#before.turns, undefined)),
    }
    yield { t: 'session', ref: this.#session, ...(model !== undefined && { model }) }
  }

  /** What follows from what was read last. */
  #react(): void {
    const { questions, isWorking, garbageBytes, hasBegun, retry } = this.#reader
    for (const question of questions.splice(0)) void this.#child.write(refusalLine(question))
    if (!isWorking) this.#child.closeInput()
    if (garbageBytes > MAX_GARBAGE_BYTES) {
      this.#stop({ kind: 'protocol', message: this.#garbage(hasBegun) })
    }
    if (retry?.status === 401 && retry.attempt >= REFUSED_LOGIN_ATTEMPTS) {
      this.#stop({ ...noLogin('the login was refused (401).', this.#options.invocation.env), status: 401 })
    }
  }

  #garbage(hasBegun: boolean): string {
    const what = hasBegun ? 'much that is not' : 'something else than'
    return `${this.#options.path} prints ${what} the output of Claude Code: ${this.#reader.firstGarbage}`
  }

  #cancel(): void {
    // An answer that is there counts; only the process is still about to end.
    if (!this.#reader.isWorking && this.#reader.subagents === 0) return void this.#child.stop()
    this.#resultBefore = this.#reader.result
    this.#stop('cancelled')
  }

  #endAfter(what: Overdue): void {
    if (what.does === 'end') void this.#child.stop()
    else if (this.#reader.hasBegun || this.#reader.garbageBytes === 0) this.#stop(what.failure)
    else this.#stop({ kind: 'protocol', message: this.#garbage(false) })
  }

  #stop(why: 'cancelled' | TurnFailure): void {
    this.#stopped ??= why
    void this.#child.stop()
  }

  /** Why it was ended before its answer; undefined if the answer is there nevertheless. */
  get #endedBy(): 'cancelled' | TurnFailure | undefined {
    const { result, isWorking, isInterim } = this.#reader
    const isNew = result !== undefined && result !== this.#resultBefore
    const isAnswer = isNew && result.failure === undefined && !isWorking && !isInterim
    return this.#stopped === 'cancelled' && isAnswer ? undefined : this.#stopped
  }

  /** The work after a result, too, has to end well: it may have been what the answer promised. */
  #hasAnswer(exit: ProcessExit): boolean {
    const { result, isWorking } = this.#reader
    return result !== undefined && result.failure === undefined && !(isWorking && exit.code !== 0)
  }

  /** What it said on stderr though all went well, such as an option that it did not take. */
  *#warnings(): Generator<AgentEvent, void, void> {
    const said = this.#options.redact(this.#child.stderrTail())
    if (said !== '') yield { t: 'warn', message: `Claude Code said on stderr: ${said}` }
  }

  async #outcome(exit: ProcessExit): Promise<TurnOutcome> {
    const { result, text, usage, costUsd, modelCalls } = this.#reader
    const failure = await this.#failure(exit)
    const isCompleted = failure === undefined
    const session = await this.#finalSession(isCompleted)
    const facts = {
      text,
      usage,
      modelTurns: modelCalls,
      ...(costUsd !== undefined && { costUsd, costSource: 'reported' as const }),
      ...(session !== undefined && { session }),
      ...(isCompleted && result?.structured !== undefined && { structured: result.structured }),
    }
    if (isCompleted) return { ...facts, status: 'completed' }
    return failure === 'cancelled'
      ? { ...facts, status: 'cancelled' }
      : { ...facts, status: 'failed', failure }
  }

  async #failure(exit: ProcessExit): Promise<'cancelled' | TurnFailure | undefined> {
    const { path, request, invocation, redact } = this.#options
    const { result, text } = this.#reader
    if (this.#endedBy !== undefined) return this.#endedBy
    const { failure } = result ?? {}
    if (failure?.kind === 'auth')
      return { ...noLogin(failure.message, invocation.env), ...pickStatus(failure) }
    if (failure !== undefined) return failure
    if (result === undefined || !this.#hasAnswer(exit)) {
      const said = redact(this.#child.stderrTail())
      return failureWithoutResult({ path, exit, said, garbage: this.#reader.firstGarbage, cwd: request.cwd })
    }
    if (request.outputSchema !== undefined) return checkStructured(result.structured, request.outputSchema)
    if (text !== '') return undefined
    return { kind: 'empty_output', message: 'Claude Code ended without an answer.' }
  }

  async #finalSession(isCompleted: boolean): Promise<SessionRef | undefined> {
    if (this.#session === undefined) return undefined
    const file = await sessionFile(this.#folder, this.#session.id)
    return {
      ...this.#session,
      data: dataJson(this.#data(this.#before.turns + (isCompleted ? 1 : 0), file?.bytes)),
    }
  }

  #data(turns: number, bytes: number | undefined): SessionData {
    const { request, choice } = this.#options
    return {
      turns,
      totalUsd: this.#reader.totalUsd ?? this.#before.totalUsd,
      system: choice.resume === undefined ? systemHash(request.systemPrompt) : this.#before.system,
      bytes: bytes ?? this.#before.bytes,
      folder: this.#folder,
    }
  }

  get #folder(): string {
    return configFolder(this.#options.invocation.env)
  }
}

function pickStatus({ status }: TurnFailure): Pick<TurnFailure, 'status'> {
  return status === undefined ? {} : { status }
}
