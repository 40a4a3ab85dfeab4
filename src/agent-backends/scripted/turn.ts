/** Plays the steps of one turn. */
import { NO_USAGE, type AgentEvent, type TurnOutcome, type TurnRequest } from '../../agent-backend.ts'
import type { TurnFailure } from '../../agents/failures.ts'
import { unreachable } from '../../errors.ts'
import { childEnvironment } from '../../processes/environment.ts'
import { runProgram } from '../../processes/program.ts'
import { redactor } from '../../processes/redact.ts'
import type { SessionRef, Usage } from '../../tables.ts'
import { sleep, type Clock } from '../../time/clock.ts'
import { parseDuration } from '../../time/duration.ts'
import { EditError, editFile, type FileEdit } from './files.ts'
import { fillIn, type Script, type ScriptSource, type Step, type ToolReport } from './script.ts'

/** What is kept of a command's output. */
const MAX_RUN_OUTPUT_BYTES = 1 << 20

/** A failure that a step asked for or ran into; it ends the turn. */
export class TurnFailed extends Error {
  override readonly name = 'TurnFailed'
  readonly failure: TurnFailure

  constructor(failure: TurnFailure) {
    super(failure.message)
    this.failure = failure
  }
}

type TurnTotals = Pick<TurnOutcome, 'text' | 'usage' | 'costUsd' | 'costSource' | 'session' | 'modelTurns'>

/** What has happened in a turn so far. */
export class TurnPlay {
  readonly request: TurnRequest
  readonly #signal: AbortSignal
  readonly #clock: Clock
  #pieces = 0
  #tools = 0
  #last = ''
  #exit = ''
  #usage: Usage | undefined
  #costUsd: number | undefined
  /** The last thing said. */
  answer = ''
  /** Number of the turn in its session, from 1. */
  turnNumber = 1
  session: SessionRef | undefined

  constructor(request: TurnRequest, signal: AbortSignal, clock: Clock) {
    this.request = request
    this.#signal = signal
    this.#clock = clock
  }

  get isCancelled(): boolean {
    return this.#signal.aborted
  }

  /** What every outcome of the turn says, whatever its status. */
  totals(): TurnTotals {
    return {
      text: this.answer,
      usage: this.#usage ?? NO_USAGE,
      ...(this.#costUsd !== undefined && { costUsd: this.#costUsd, costSource: 'reported' }),
      ...(this.session !== undefined && { session: this.session }),
      modelTurns: this.#modelTurns,
    }
  }

  /** A tool's result goes back to the model, which is called once more. */
  get #modelTurns(): number {
    return 1 + this.#tools
  }

  /** Plays the steps until the last one, a failure or the cancellation. */
  async *play(steps: readonly Step[]): AsyncGenerator<AgentEvent, void, void> {
    for (const step of steps) {
      yield* this.#perform(step)
      if (this.#signal.aborted) return
    }
  }

  /** Counts what the scripts say of a turn whose steps name no tokens or no cost. */
  *countDefaults(sources: readonly ScriptSource[]): Generator<AgentEvent, void, void> {
    const usage = this.#usage === undefined ? firstOf(sources, 'usage') : undefined
    const costUsd = this.#costUsd === undefined ? firstOf(sources, 'costUsd') : undefined
    if (usage !== undefined || costUsd !== undefined) yield* this.#count(usage, costUsd)
  }

  /** Counts tokens and cost, and reports them. */
  *#count(usage: Partial<Usage> | undefined, costUsd: number | undefined): Generator<AgentEvent, void, void> {
    const delta = { ...NO_USAGE, ...usage }
    if (usage !== undefined) this.#usage = addUsage(this.#usage ?? NO_USAGE, delta)
    if (costUsd !== undefined) this.#costUsd = (this.#costUsd ?? 0) + costUsd
    yield { t: 'usage', delta, ...(costUsd !== undefined && { costUsd }) }
    const { maxBudgetUsd } = this.request
    if (maxBudgetUsd !== undefined && (this.#costUsd ?? 0) > maxBudgetUsd) {
      const message = `The turn cost more than its cap of ${maxBudgetUsd} USD.`
      throw new TurnFailed({ kind: 'budget_exceeded', message })
    }
  }

  async *#perform(step: Step): AsyncGenerator<AgentEvent, void, void> {
    if ('say' in step) yield* this.#say(step)
    else if ('think' in step) {
      yield { t: 'reasoning', id: this.#pieceId(), delta: this.#fill(step.think), done: true }
    } else if ('delay' in step) await sleep(this.#clock, parseDuration(step.delay, 'delay'), this.#signal)
    else if ('tool' in step) yield* this.#report(step.tool)
    else if ('run' in step) yield* this.#run(this.#fill(step.run))
    else if ('edit' in step)
      yield* this.#edit('content' in step.edit ? 'Write' : 'Edit', this.#fillEdit(step.edit))
    else if ('append' in step) yield* this.#edit('Edit', this.#fillEdit(step.append))
    else if ('usage' in step) yield* this.#count(step.usage, undefined)
    else if ('cost' in step) yield* this.#count(undefined, step.cost)
    else if ('event' in step) yield step.event
    else if ('fail' in step) yield* this.#fail(step.fail)
    else if ('hang' in step) await aborted(this.#signal)
    else if ('crash' in step) throw new Error(step.crash)
    else if (!('session' in step)) unreachable(step, 'The step')
  }

  async *#say(step: Extract<Step, { say: string }>): AsyncGenerator<AgentEvent, void, void> {
    const text = this.#fill(step.say)
    const id = this.#pieceId()
    const pieces = cut(text, step.pieces ?? 1)
    for (const [index, delta] of pieces.entries()) {
      if (index > 0 && step.every !== undefined) {
        if (!(await sleep(this.#clock, parseDuration(step.every, 'every'), this.#signal))) return
      }
      yield { t: 'text', id, delta, done: index === pieces.length - 1 }
    }
    this.answer = text
  }

  *#report(tool: ToolReport): Generator<AgentEvent, void, void> {
    const { name, kind = 'other', input, output, ok = true } = tool
    const id = this.#toolId()
    yield { t: 'tool', id, name, kind, phase: 'start', ...(input !== undefined && { input }) }
    if (!this.#isAllowed(name, kind)) return yield this.#denied(id, name, kind)
    this.#last = this.#fill(output ?? '')
    yield { t: 'tool', id, name, kind, phase: 'end', output: this.#last, ok }
  }

  async *#run(command: string): AsyncGenerator<AgentEvent, void, void> {
    const { request } = this
    const tool = { t: 'tool', id: this.#toolId(), name: 'Bash', kind: 'exec' } as const
    yield { ...tool, phase: 'start', input: { command } }
    if (!this.#isAllowed(tool.name, tool.kind)) return yield this.#denied(tool.id, tool.name, tool.kind)
    const markers = { turn: request.turn, ...(request.host !== undefined && { host: request.host }) }
    const result = await runProgram({
      file: '/bin/sh',
      // Both outputs in the order in which they were written.
      args: ['-c', `exec 2>&1\n${command}`],
      cwd: request.cwd,
      env: childEnvironment({ set: request.env, markers }),
      markers,
      maxOutputBytes: MAX_RUN_OUTPUT_BYTES,
      signal: this.#signal,
    })
    if (!result.ok) throw new TurnFailed(result.failure)
    this.#last = redactor(process.env, request.env)(result.stdout).trimEnd()
    this.#exit = String(result.exit.code ?? result.exit.signal)
    yield { ...tool, phase: 'end', output: this.#last, ok: result.exit.code === 0 }
  }

  async *#edit(name: string, edit: FileEdit): AsyncGenerator<AgentEvent, void, void> {
    const tool = { t: 'tool', id: this.#toolId(), name, kind: 'edit' } as const
    yield { ...tool, phase: 'start', input: { ...edit } }
    if (!this.#isAllowed(name, tool.kind)) return yield this.#denied(tool.id, name, tool.kind)
    const change = await editFile(this.request.cwd, edit).catch((error: unknown) => {
      if (error instanceof EditError)
        throw new TurnFailed({ kind: 'invalid_request', message: error.message })
      throw error
    })
    this.#last = ''
    yield { t: 'file', ...change }
    yield { ...tool, phase: 'end', output: '', ok: true }
  }

  *#fail(fail: Extract<Step, { fail: unknown }>['fail']): Generator<AgentEvent, void, void> {
    const { kind, message = `The script ends the turn with ${kind}.`, status, resetsIn } = fail
    const resetsAt =
      resetsIn === undefined ? fail.resetsAt : this.#clock.now() + parseDuration(resetsIn, 'resetsIn')
    const reset = resetsAt === undefined ? {} : { resetsAt }
    if (kind === 'rate_limit' || kind === 'usage_limit') yield { t: 'limit', kind, ...reset }
    throw new TurnFailed({ kind, message, ...(status !== undefined && { status }), ...reset })
  }

  #isAllowed(name: string, kind: ToolReport['kind']): boolean {
    const { allowedTools, disallowedTools, permissionMode } = this.request
    if (permissionMode === 'plan' && (kind === 'edit' || kind === 'exec')) return false
    if (disallowedTools?.some((rule) => toolOf(rule) === name) === true) return false
    return allowedTools === undefined || allowedTools.some((rule) => toolOf(rule) === name)
  }

  #denied(id: string, name: string, kind: NonNullable<ToolReport['kind']>): AgentEvent {
    this.#last = `${name} is not allowed.`
    this.#exit = ''
    return { t: 'tool', id, name, kind, phase: 'end', output: this.#last, ok: false }
  }

  #pieceId(): string {
    return `text${++this.#pieces}`
  }

  #toolId(): string {
    this.#tools += 1
    const { maxTurns } = this.request
    if (maxTurns !== undefined && this.#modelTurns > maxTurns) {
      throw new TurnFailed({
        kind: 'turn_limit',
        message: `The turn needed more than maxTurns, ${maxTurns}.`,
      })
    }
    return `tool${this.#tools}`
  }

  #fillEdit<E extends FileEdit>(edit: E): E {
    return Object.fromEntries(Object.entries(edit).map(([key, text]) => [key, this.#fill(text)])) as E
  }

  #fill(text: string): string {
    const { prompt, agent, cwd } = this.request
    return fillIn(text, {
      PROMPT: prompt,
      AGENT: agent,
      CWD: cwd,
      TURN_NUMBER: String(this.turnNumber),
      LAST: this.#last,
      EXIT: this.#exit,
    })
  }
}

function firstOf<K extends keyof Script>(sources: readonly ScriptSource[], field: K): Script[K] | undefined {
  return sources.find(({ script }) => script[field] !== undefined)?.script[field]
}

/** `Bash(npm test:*)` names the tool `Bash`. */
function toolOf(rule: string): string {
  return rule.split('(', 1)[0] ?? rule
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Cuts a text into so many pieces of about the same length, between characters. */
function cut(text: string, pieces: number): string[] {
  if (pieces <= 1) return [text]
  const characters = Array.from(text)
  const length = Math.max(1, Math.ceil(characters.length / pieces))
  const parts: string[] = []
  for (let at = 0; at < characters.length; at += length)
    parts.push(characters.slice(at, at + length).join(''))
  return parts.length === 0 ? [''] : parts
}

function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    reasoning: a.reasoning + b.reasoning,
  }
}
