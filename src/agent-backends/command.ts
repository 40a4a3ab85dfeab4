/** The command backend: any shell command as an agent. One process per turn. */
import {
  NO_USAGE,
  refusedOptions,
  type AgentBackend,
  type AgentEvent,
  type BackendCapabilities,
  type BackendDetection,
  type TurnOutcome,
  type TurnRequest,
} from '../agent-backend.ts'
import type { TurnFailure } from '../agents/failures.ts'
import { isAtelierError, messageOf } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Json } from '../json.ts'
import { startChild } from '../processes/child.ts'
import { findExecutable } from '../processes/executable.ts'
import type { SessionRef } from '../tables.ts'
import type { Clock } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { readCommandConfig, type CommandConfig, type CommandSettings } from './command/config.ts'
import { invocationOf, type CommandSession } from './command/invocation.ts'
import { CommandTurn } from './command/turn.ts'

export interface CommandOptions {
  /** Default `command`. */
  readonly id?: string
  /** Settings of agents that do not give their own; fields of an agent's `backendConfig` win. */
  readonly config?: Partial<CommandConfig>
  /** The clock of `idleTimeout`; default the system's. */
  readonly clock?: Clock
}

const CAPABILITIES: BackendCapabilities = {
  transport: 'process-per-turn',
  resume: 'cross-process',
  fork: false,
  steer: false,
  partialText: true,
  cancelKillsTools: true,
  systemPrompt: 'first-message',
  structuredOutput: 'none',
  limits: { turns: false, usd: false },
  usage: 'per-turn',
  cost: 'reported',
  options: [],
}

/** Makes a backend that runs a command for each turn. */
export function commandBackend(options: CommandOptions = {}): AgentBackend {
  return new CommandBackend(options)
}

class CommandBackend implements AgentBackend {
  readonly id: string
  readonly #config: Partial<CommandConfig>
  readonly #clock: Clock

  constructor(options: CommandOptions) {
    this.id = options.id ?? 'command'
    this.#config = options.config ?? {}
    this.#clock = options.clock ?? systemClock
  }

  capabilities(): BackendCapabilities {
    return CAPABILITIES
  }

  detect(): Promise<BackendDetection> {
    const { command } = this.#config
    if (command === undefined) return Promise.resolve({ ok: true })
    const [program = ''] = typeof command === 'string' ? ['/bin/sh'] : command
    const path = findExecutable(program)
    if (path !== undefined) return Promise.resolve({ ok: true, path })
    return Promise.resolve({
      ok: false,
      why: `${program} was not found on PATH. Install it, or correct the command.`,
    })
  }

  validate(backendConfig: Json | undefined): void {
    this.#settings(backendConfig)
  }

  async *run(request: TurnRequest, signal: AbortSignal): AsyncGenerator<AgentEvent, void, void> {
    let outcome: TurnOutcome
    try {
      outcome = signal.aborted ? { ...NOTHING, status: 'cancelled' } : yield* this.#turn(request, signal)
    } catch (thrown) {
      const kind = isAtelierError(thrown) ? 'invalid_request' : 'unknown'
      outcome = failed({ kind, message: messageOf(thrown) })
    }
    yield { t: 'end', outcome }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #settings(backendConfig: Json | undefined): CommandSettings {
    const isObject =
      typeof backendConfig === 'object' && backendConfig !== null && !Array.isArray(backendConfig)
    const isOwn = isObject || backendConfig === undefined
    const config = isOwn ? { ...this.#config, ...(backendConfig as Partial<CommandConfig>) } : backendConfig
    return readCommandConfig(config, 'backendConfig')
  }

  async *#turn(request: TurnRequest, signal: AbortSignal): AsyncGenerator<AgentEvent, TurnOutcome, void> {
    const settings = this.#settings(request.backendConfig)
    const refused = refusedOptions(request, CAPABILITIES.options)
    if (refused.length > 0) {
      const message = `The command backend takes no ${refused.join(', ')}; write them into the command.`
      return failed({ kind: 'invalid_request', message })
    }
    const session: CommandSession = {
      id: request.resume?.id ?? newId('ses'),
      answered: answeredTurns(request.resume),
    }
    const invocation = await invocationOf(settings, request, session)
    try {
      const start = await startChild({
        ...invocation,
        cwd: request.cwd,
        stdin: invocation.stdin === undefined ? 'closed' : 'open',
      })
      if (!start.ok) return failed(start.failure)
      const options = { backend: this.id, request, settings, session, invocation, clock: this.#clock }
      return yield* new CommandTurn(start.child, options).follow(signal)
    } finally {
      await invocation.discard()
    }
  }
}

const NOTHING = { text: '', usage: NO_USAGE } as const

function failed(failure: TurnFailure): TurnOutcome {
  return { ...NOTHING, status: 'failed', failure }
}

/** The turns of a session are counted in its reference, which any process can read. */
function answeredTurns(resume: SessionRef | undefined): number {
  const turns = (resume?.data as { readonly turns?: unknown } | undefined)?.turns
  return typeof turns === 'number' ? turns : 0
}
