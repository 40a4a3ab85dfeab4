/** Follows the process of one turn to its end. */
import { NO_USAGE, type AgentEvent, type TurnOutcome, type TurnRequest } from '../../agent-backend.ts'
import type { TurnFailure } from '../../agents/failures.ts'
import type { Child } from '../../processes/child.ts'
import { exitFailure, type ProcessExit } from '../../processes/failures.ts'
import { LineReader, OutputError } from '../../processes/output.ts'
import { redactor, type Redactor } from '../../processes/redact.ts'
import type { SessionRef } from '../../tables.ts'
import type { CancelTimer, Clock } from '../../time/clock.ts'
import { formatDuration } from '../../time/duration.ts'
import { answerReader, type Answer, type AnswerReader } from './answer.ts'
import type { CommandSettings } from './config.ts'
import { nameOf, type CommandSession, type Invocation } from './invocation.ts'

export interface CommandTurnOptions {
  readonly backend: string
  readonly request: TurnRequest
  readonly settings: CommandSettings
  readonly session: CommandSession
  readonly invocation: Invocation
  readonly clock: Clock
}

/** Why the process was ended before it ended by itself. */
type Stop = 'cancelled' | TurnFailure

/** One turn while its process runs. */
export class CommandTurn {
  readonly #options: CommandTurnOptions
  readonly #child: Child
  readonly #redact: Redactor
  readonly #name: string
  readonly #reader: AnswerReader
  #stopped: Stop | undefined
  #cancelIdle: CancelTimer = () => {}
  #session: SessionRef | undefined

  constructor(child: Child, options: CommandTurnOptions) {
    this.#child = child
    this.#options = options
    this.#redact = redactor(process.env, options.invocation.env)
    this.#name = this.#redact(nameOf(options.settings))
    this.#reader = answerReader(options.settings, this.#redact)
  }

  /** Reads what the process prints until it has ended or the signal ends it. */
  async *follow(signal: AbortSignal): AsyncGenerator<AgentEvent, TurnOutcome, void> {
    const { invocation } = this.#options
    const cancel = (): void => this.#stop('cancelled')
    signal.addEventListener('abort', cancel, { once: true })
    if (signal.aborted) cancel()
    try {
      if (invocation.stdin !== undefined) {
        void this.#child.write(invocation.stdin)
        this.#child.closeInput()
      }
      yield* this.#read()
      const exit = await this.#child.gone
      const { events, answer } = this.#reader.finish()
      yield* this.#tellSession(true)
      yield* events
      if (answer.usage !== undefined || answer.costUsd !== undefined) yield usageEvent(answer)
      return this.#outcome(exit, answer)
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#cancelIdle()
      // Also where the reader of the events went away in the middle.
      await this.#child.stop()
    }
  }

  async *#read(): AsyncGenerator<AgentEvent, void, void> {
    const { maxLineBytes, maxOutputBytes } = this.#options.settings
    const lines = new LineReader({ maxLineBytes, maxTotalBytes: maxOutputBytes })
    yield* this.#tellSession(false)
    this.#restartIdle()
    try {
      for await (const piece of this.#child.stdout) {
        this.#restartIdle()
        for (const line of lines.push(piece)) yield* this.#take(line)
      }
      const last = lines.finish()
      if (last !== undefined) yield* this.#take(last)
    } catch (error) {
      if (!(error instanceof OutputError)) throw error
      this.#stop({ kind: 'protocol', message: `${this.#name}: ${error.message}` })
    }
  }

  *#take(line: string): Generator<AgentEvent, void, void> {
    const events = this.#reader.line(line)
    yield* this.#tellSession(false)
    yield* events
  }

  /** Tells the session as soon as its id is known: at once, unless the command names it. */
  *#tellSession(isLast: boolean): Generator<AgentEvent, void, void> {
    const { backend, request, session, settings } = this.#options
    const isOurs = settings.sessionField === undefined || request.resume !== undefined || isLast
    const id = this.#reader.session ?? (isOurs ? session.id : undefined)
    if (id === undefined || id === this.#session?.id) return
    this.#session = { backend, id, cwd: request.cwd, data: { turns: session.answered } }
    yield { t: 'session', ref: this.#session }
  }

  #restartIdle(): void {
    const { clock, settings } = this.#options
    this.#cancelIdle()
    if (settings.idleMs === undefined) return
    const limit = settings.idleMs
    this.#cancelIdle = clock.after(limit, () => {
      this.#stop({
        kind: 'idle',
        message: `${this.#name} printed nothing for ${formatDuration(limit)}.`,
      })
    })
  }

  #stop(why: Stop): void {
    this.#stopped ??= why
    void this.#child.stop()
  }

  #outcome(exit: ProcessExit, answer: Answer): TurnOutcome {
    const failure = this.#failure(exit, answer)
    const isCompleted = failure === undefined && this.#stopped === undefined
    const turns = this.#options.session.answered + (isCompleted ? 1 : 0)
    const totals = {
      text: answer.text,
      usage: answer.usage ?? NO_USAGE,
      ...(answer.costUsd !== undefined && { costUsd: answer.costUsd, costSource: 'reported' as const }),
      ...(answer.structured !== undefined && { structured: answer.structured }),
      ...(this.#session !== undefined && { session: { ...this.#session, data: { turns } } }),
    }
    if (this.#stopped === 'cancelled') return { ...totals, status: 'cancelled' }
    return failure === undefined
      ? { ...totals, status: 'completed' }
      : { ...totals, status: 'failed', failure }
  }

  #failure(exit: ProcessExit, answer: Answer): TurnFailure | undefined {
    const name = this.#name
    if (typeof this.#stopped === 'object') return this.#stopped
    if (exit.code !== 0) return exitFailure(name, exit, this.#child.stderrTail() || answer.text, this.#redact)
    if (answer.error !== undefined)
      return { kind: 'unknown', message: `${name} reports an error: ${answer.error}` }
    if (answer.unreadable !== undefined) return { kind: 'protocol', message: `${name}: ${answer.unreadable}` }
    if (answer.text !== '') return undefined
    const said = this.#redact(this.#child.stderrTail())
    const reason = said === '' ? '.' : `; on stderr it said: ${said}`
    return { kind: 'empty_output', message: `${name} ended without printing an answer${reason}` }
  }
}

function usageEvent({ usage = NO_USAGE, costUsd }: Answer): AgentEvent {
  return { t: 'usage', delta: usage, ...(costUsd !== undefined && { costUsd }) }
}
