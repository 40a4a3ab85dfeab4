/**
 * The scripted backend: agents that do what a script says. It is public: the demo, the tests of
 * this project and the tests of its users run on it.
 */
import {
  refusedOptions,
  type AgentBackend,
  type AgentEvent,
  type BackendCapabilities,
  type BackendDetection,
  type TurnRequest,
} from '../agent-backend.ts'
import type { TurnFailure } from '../agents/failures.ts'
import type { SessionEvidence } from '../agents/recovery.ts'
import { newId } from '../ids.ts'
import { isAtelierError, messageOf } from '../errors.ts'
import type { Json } from '../json.ts'
import type { SessionRef } from '../tables.ts'
import type { Clock } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { parseScript } from './scripted/check.ts'
import { chooseAnswer, type Script, type ScriptSource, type Step } from './scripted/script.ts'
import {
  evidenceIn,
  openSession,
  openSessionFile,
  readSession,
  type ScriptedSession,
  type SessionFile,
} from './scripted/sessions.ts'
import { TurnLog } from './scripted/turn-log.ts'
import { TurnFailed, TurnPlay } from './scripted/turn.ts'

export interface ScriptedOptions {
  /** Default `scripted`. */
  readonly id?: string
  /** The clock of delays; default the system's. */
  readonly clock?: Clock
  /** Default: every turn is answered with `AGENT: PROMPT`. */
  readonly script?: Script
  /** Keeps sessions as files in this folder, so that another process can resume them. */
  readonly sessionsDir?: string
  /** File to which every turn appends a line when it starts and one when it ends, see `TurnLogLine`. */
  readonly log?: string
  /** How many of the last requests are kept in `requests`; default 1000. */
  readonly keepRequests?: number
  /** Capabilities that differ from the usual ones, to test how they are respected. */
  readonly capabilities?: Partial<BackendCapabilities>
}

export interface ScriptedBackend extends AgentBackend {
  /** The last requests, oldest first: what a test compares with what it asked for. */
  readonly requests: readonly TurnRequest[]
  /** How many turns were run. */
  readonly turns: number
  /** A session's prompts and answers, where `sessionsDir` keeps them. */
  session(id: string): Promise<SessionFile | undefined>
}

const DEFAULT_KEEP_REQUESTS = 1000
const VERSION = '1'

const CAPABILITIES: BackendCapabilities = {
  transport: 'in-process',
  resume: 'same-process',
  fork: false,
  steer: false,
  partialText: true,
  cancelKillsTools: true,
  systemPrompt: 'append',
  structuredOutput: 'none',
  limits: { turns: true, usd: true },
  usage: 'per-turn',
  cost: 'reported',
  options: [
    'model',
    'effort',
    'maxTurns',
    'maxBudgetUsd',
    'permissionMode',
    'allowedTools',
    'disallowedTools',
  ],
}

/** Makes a backend that plays a script. */
export function scriptedBackend(options: ScriptedOptions = {}): ScriptedBackend {
  return new Scripted(options)
}

class Scripted implements ScriptedBackend {
  readonly id: string
  readonly #options: ScriptedOptions
  readonly #capabilities: BackendCapabilities
  readonly #clock: Clock
  readonly #script: ScriptSource
  readonly #log: TurnLog | undefined
  readonly #hits = new Map<string, number>()
  readonly #requests: TurnRequest[] = []
  #turns = 0

  constructor(options: ScriptedOptions) {
    this.#options = options
    this.id = options.id ?? 'scripted'
    this.#clock = options.clock ?? systemClock
    this.#script = { script: options.script ?? {}, scope: '' }
    this.#log = options.log === undefined ? undefined : new TurnLog(options.log)
    const resume = options.sessionsDir === undefined ? 'same-process' : 'cross-process'
    this.#capabilities = { ...CAPABILITIES, resume, ...options.capabilities }
  }

  get requests(): readonly TurnRequest[] {
    return this.#requests.slice(-this.#kept)
  }

  get turns(): number {
    return this.#turns
  }

  get #kept(): number {
    return this.#options.keepRequests ?? DEFAULT_KEEP_REQUESTS
  }

  capabilities(): BackendCapabilities {
    return this.#capabilities
  }

  detect(): Promise<BackendDetection> {
    return Promise.resolve({ ok: true, version: VERSION })
  }

  validate(backendConfig: Json | undefined): void {
    if (backendConfig !== undefined) parseScript(backendConfig, 'backendConfig')
  }

  async session(id: string): Promise<SessionFile | undefined> {
    const { sessionsDir } = this.#options
    return sessionsDir === undefined ? undefined : readSession(sessionsDir, id)
  }

  newSession(cwd: string): SessionRef {
    return { backend: this.id, id: newId('ses'), cwd, backendVersion: VERSION, data: { turns: 0 } }
  }

  async inspect(ref: SessionRef, prompt: string): Promise<SessionEvidence> {
    const { sessionsDir } = this.#options
    if (sessionsDir === undefined) return { shows: 'unknown' }
    return evidenceIn(await readSession(sessionsDir, ref.id), ref, prompt)
  }

  async *run(request: TurnRequest, signal: AbortSignal): AsyncGenerator<AgentEvent, void, void> {
    this.#record(request)
    const play = new TurnPlay(request, signal, this.#clock)
    let ending: TurnEnding
    try {
      this.#log?.append(request, 'start')
      if (!signal.aborted) yield* this.#perform(play)
      ending = { status: signal.aborted ? 'cancelled' : 'completed' }
      this.#log?.append(request, 'end', ending.status)
    } catch (thrown) {
      ending = this.#failed(request, thrown)
    }
    yield { t: 'end', outcome: { ...play.totals(), ...ending } }
  }

  close(): Promise<void> {
    this.#log?.close()
    return Promise.resolve()
  }

  async *#perform(play: TurnPlay): AsyncGenerator<AgentEvent, void, void> {
    const { request } = play
    refuseOptions(request, this.#capabilities)
    let session = await this.#open(request, false)
    play.turnNumber = session.answered + 1
    const sources = this.#sources(request)
    const answer = await chooseAnswer(sources, request, play.turnNumber, this.#hits)
    const steps: readonly Step[] = typeof answer === 'string' ? [{ say: answer }] : answer

    const behaviour = steps.find((step) => 'session' in step)?.session
    if (behaviour === 'lost' && request.resume !== undefined) throw sessionLost(request)
    if (behaviour === 'new') session = await this.#open(request, true)
    play.turnNumber = session.answered + 1
    if (behaviour !== 'none') {
      play.session = this.#ref(request, session, session.answered)
      yield { t: 'session', ref: play.session, ...(request.model !== undefined && { model: request.model }) }
    }
    await session.begin()
    yield* play.play(steps)
    if (play.isCancelled) return
    if (play.answer.trim() === '') throw saidNothing()
    yield* play.countDefaults(sources)
    await session.finish(play.answer)
    if (play.session !== undefined) play.session = this.#ref(request, session, session.answered + 1)
  }

  /** The agent's own script before the backend's. */
  #sources(request: TurnRequest): readonly ScriptSource[] {
    if (request.backendConfig === undefined) return [this.#script]
    // It was checked when the agent was defined; a step that is none ends the turn as such.
    return [{ script: request.backendConfig as Script, scope: request.agent }, this.#script]
  }

  async #open(request: TurnRequest, isNew: boolean): Promise<ScriptedSession> {
    const { sessionsDir } = this.#options
    if (sessionsDir === undefined) return openSession(request, isNew)
    const session = await openSessionFile(sessionsDir, request, isNew)
    if (session === undefined) throw sessionLost(request)
    return session
  }

  #ref(request: TurnRequest, session: ScriptedSession, turns: number): SessionRef {
    return { backend: this.id, id: session.id, cwd: request.cwd, backendVersion: VERSION, data: { turns } }
  }

  #record(request: TurnRequest): void {
    this.#turns += 1
    this.#requests.push(request)
    // Cut now and then rather than with every turn.
    if (this.#requests.length > 2 * this.#kept + 100)
      this.#requests.splice(0, this.#requests.length - this.#kept)
  }

  #failed(request: TurnRequest, thrown: unknown): TurnEnding {
    try {
      this.#log?.append(request, 'end', 'failed')
    } catch {
      // The log is what broke, and that is what the failure says.
    }
    return { status: 'failed', failure: failureOf(thrown) }
  }
}

type TurnEnding =
  | { readonly status: 'completed' | 'cancelled' }
  | { readonly status: 'failed'; readonly failure: TurnFailure }

function refuseOptions(request: TurnRequest, { options }: BackendCapabilities): void {
  const refused = refusedOptions(request, options)
  if (refused.length === 0) return
  const message = `The scripted backend does not take ${refused.join(', ')}; it takes ${options.join(', ') || 'no options'}.`
  throw new TurnFailed({ kind: 'invalid_request', message })
}

function sessionLost(request: TurnRequest): TurnFailed {
  return new TurnFailed({ kind: 'protocol', message: `There is no session ${request.resume?.id}.` })
}

function saidNothing(): TurnFailed {
  return new TurnFailed({ kind: 'empty_output', message: 'The steps of the script say nothing.' })
}

function failureOf(thrown: unknown): TurnFailure {
  if (thrown instanceof TurnFailed) return thrown.failure
  // Our own errors are about what stands in the script.
  if (isAtelierError(thrown)) return { kind: 'invalid_request', message: thrown.message }
  return { kind: 'unknown', message: `The scripted backend broke: ${messageOf(thrown)}` }
}
