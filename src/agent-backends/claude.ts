/** The claude backend: the Claude Code CLI, one process per turn, JSON lines both ways. */
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
import type { SessionEvidence } from '../agents/recovery.ts'
import { isAtelierError, messageOf } from '../errors.ts'
import { newUuid } from '../ids.ts'
import type { Json } from '../json.ts'
import { startChild, type Child, type ChildStart, type LadderStep } from '../processes/child.ts'
import { redactor } from '../processes/redact.ts'
import type { SessionRef } from '../tables.ts'
import type { Clock } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { accountOf } from './claude/account.ts'
import { readClaudeConfig, type ClaudeConfig, type ClaudeSettings } from './claude/config.ts'
import { detectClaude } from './claude/detection.ts'
import { findClaude } from './claude/executable.ts'
import {
  claudeEnvironment,
  INTERRUPT_LINE,
  invocationOf,
  sentPrompt,
  type Invocation,
  type SessionChoice,
} from './claude/invocation.ts'
import { dataJson, evidenceOf, sessionData, sessionFile, systemHash } from './claude/session.ts'
import { readSchema } from '../json-schema.ts'
import { configFolder } from './claude/trust.ts'
import { ClaudeTurn } from './claude/turn.ts'

export interface ClaudeOptions {
  /** Default `claude`. */
  readonly id?: string
  /** Settings of agents that do not give their own; fields of an agent's `backendConfig` win. */
  readonly config?: ClaudeConfig
  /** The clock of silence; default the system's. */
  readonly clock?: Clock
}

const CAPABILITIES: BackendCapabilities = {
  transport: 'process-per-turn',
  resume: 'cross-process',
  fork: true,
  steer: false,
  partialText: true,
  cancelKillsTools: true,
  systemPrompt: 'append',
  structuredOutput: 'native',
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
    'mcpConfig',
    'addDirs',
    'settings',
    'noSessionPersistence',
    'dangerouslySkipPermissions',
  ],
}

/** Others are ignored by Claude Code with a warning. */
const EFFORTS: readonly string[] = ['low', 'medium', 'high', 'xhigh', 'max']
/** The result of an interrupted turn comes within 0.3 s; with its tools ended, the process goes within 1.7 s (measured). */
const INTERRUPT_GRACE_MS = 3000
/** For a process that does not read its input any more, but still hears signals. */
const SIGINT_GRACE_MS = 1500

/** Makes a backend that runs Claude Code for each turn. */
export function claudeBackend(options: ClaudeOptions = {}): AgentBackend {
  return new ClaudeBackend(options)
}

class ClaudeBackend implements AgentBackend {
  readonly id: string
  readonly #config: ClaudeConfig
  readonly #clock: Clock

  constructor(options: ClaudeOptions) {
    this.id = options.id ?? 'claude'
    this.#config = options.config ?? {}
    this.#clock = options.clock ?? systemClock
  }

  capabilities(): BackendCapabilities {
    return CAPABILITIES
  }

  detect(): Promise<BackendDetection> {
    const settings = this.#settings(undefined)
    return detectClaude(findClaude(settings), claudeEnvironment(settings, {}), this.#clock)
  }

  validate(backendConfig: Json | undefined): void {
    this.#settings(backendConfig)
  }

  account(env: Readonly<Record<string, string>>): string {
    return accountOf(this.id, claudeEnvironment(this.#config, env))
  }

  newSession(cwd: string, env: Readonly<Record<string, string>> = {}): SessionRef {
    const folder = configFolder(claudeEnvironment(this.#config, env))
    return { backend: this.id, id: newUuid(), cwd, data: dataJson({ turns: 0, folder }) }
  }

  async inspect(session: SessionRef, prompt: string): Promise<SessionEvidence> {
    const { folder = configFolder(process.env), turns, bytes = 0 } = sessionData(session)
    try {
      const file = await sessionFile(folder, session.id)
      if (file === undefined) return { shows: turns === 0 ? 'nothing' : 'unknown' }
      // It only grows: one that is shorter than it was has been lost and begun anew.
      if (file.bytes < bytes) return { shows: 'unknown' }
      const sent = [prompt, sentPrompt(prompt, {})]
      return await evidenceOf(file.path, bytes, (text) => sent.includes(text))
    } catch {
      return { shows: 'unknown' }
    }
  }

  async *run(request: TurnRequest, signal: AbortSignal): AsyncGenerator<AgentEvent, void, void> {
    let outcome: TurnOutcome
    try {
      outcome = signal.aborted ? { ...NOTHING, status: 'cancelled' } : yield* this.#turn(request, signal)
    } catch (thrown) {
      outcome = failed({
        kind: isAtelierError(thrown) ? 'invalid_request' : 'unknown',
        message: messageOf(thrown),
      })
    }
    yield { t: 'end', outcome }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #settings(backendConfig: Json | undefined): ClaudeSettings {
    const isObject =
      typeof backendConfig === 'object' && backendConfig !== null && !Array.isArray(backendConfig)
    const isOwn = isObject || backendConfig === undefined
    return readClaudeConfig(
      isOwn ? { ...this.#config, ...(backendConfig as ClaudeConfig) } : backendConfig,
      'backendConfig',
    )
  }

  async *#turn(request: TurnRequest, signal: AbortSignal): AsyncGenerator<AgentEvent, TurnOutcome, void> {
    const settings = this.#settings(request.backendConfig)
    const refused = refusal(request)
    if (refused !== undefined) return failed({ kind: 'invalid_request', message: refused })
    const found = findClaude(settings)
    if (!found.ok) return failed({ kind: 'missing_executable', message: found.why })
    const choice = await this.#choose(request, settings)
    const invocation = await invocationOf(settings, request, choice)
    try {
      const start = await startClaude(found.path, request.cwd, invocation)
      if (!start.ok) return failed(start.failure)
      const redact = redactor(process.env, invocation.env)
      const options = {
        backend: this.id,
        path: found.path,
        request,
        settings,
        choice,
        invocation,
        redact,
        clock: this.#clock,
      }
      return yield* new ClaudeTurn(start.child, options).follow(signal)
    } finally {
      await invocation.discard()
    }
  }

  /** Which session the turn is about. */
  async #choose(
    { resume, begin, fork = false, systemPrompt, env }: TurnRequest,
    settings: ClaudeSettings,
  ): Promise<SessionChoice> {
    if (resume === undefined) return { id: begin?.id ?? newUuid(), hasNewSystemPrompt: false }
    const { turns, system, folder = configFolder(claudeEnvironment(settings, env)) } = sessionData(resume)
    // A turn that was ended before Claude Code wrote anything left no session to resume.
    const isThere = turns > 0 || (await sessionFile(folder, resume.id)) !== undefined
    if (!isThere && !fork) return { id: resume.id, hasNewSystemPrompt: false }
    const hasNewSystemPrompt = system !== undefined && system !== systemHash(systemPrompt)
    return { id: fork ? (begin?.id ?? newUuid()) : resume.id, resume: resume.id, hasNewSystemPrompt }
  }
}

const NOTHING = { text: '', usage: NO_USAGE } as const

function failed(failure: TurnFailure): TurnOutcome {
  return { ...NOTHING, status: 'failed', failure }
}

async function startClaude(
  file: string,
  cwd: string,
  { args, env, markers }: Invocation,
): Promise<ChildStart> {
  let child: Child | undefined
  const firstSteps: LadderStep[] = [
    { act: () => interrupt(child), graceMs: INTERRUPT_GRACE_MS },
    { act: 'SIGINT', graceMs: SIGINT_GRACE_MS },
  ]
  const start = await startChild({ file, args, cwd, env, markers, stdin: 'open', firstSteps })
  if (start.ok) child = start.child
  return start
}

/** After its first result it has no input any more, and ends by itself. */
function interrupt(child: Child | undefined): boolean {
  if (child?.isInputOpen !== true) return false
  void child.write(INTERRUPT_LINE)
  return true
}

/** What this backend cannot do for a turn; undefined if it can do all of it. */
function refusal(request: TurnRequest): string | undefined {
  const refused = refusedOptions(request, [...CAPABILITIES.options, 'fork', 'outputSchema'])
  if (refused.length > 0) return `The claude backend takes no ${refused.join(', ')}.`
  const { effort, outputSchema } = request
  if (effort !== undefined && !EFFORTS.includes(effort)) {
    return `The effort ${JSON.stringify(effort)} is not known to Claude Code; allowed: ${EFFORTS.join(', ')}.`
  }
  const schema = outputSchema === undefined ? undefined : readSchema(outputSchema)
  return schema?.ok === false ? `The output schema cannot be checked: ${schema.why}` : undefined
}
