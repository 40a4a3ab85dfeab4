/**
 * The agent backend seam: how one turn runs on a real coding agent, a shell command or the
 * scripted stand-in. An adapter does the wire only; the team decides what to run and keeps what
 * comes back.
 */
import type { BackendOption, PermissionMode } from './agents/definition.ts'
import type { FailureKind, TurnFailure } from './agents/failures.ts'
import type { SessionEvidence } from './agents/recovery.ts'
import type { Json } from './json.ts'
import type { CostSource, SessionRef, Usage } from './tables.ts'

export type { BackendOption, PermissionMode }

/** What a backend can honour. An option beyond it is refused as `unsupported` when an agent is defined. */
export interface BackendCapabilities {
  readonly transport: 'process-per-turn' | 'process-per-session' | 'shared-server' | 'in-process'
  /** Where a session can be continued: nowhere, in this process, or in any process on this machine. */
  readonly resume: 'none' | 'same-process' | 'cross-process'
  readonly fork: boolean
  /** A running turn takes further text. */
  readonly steer: boolean
  /** Answers arrive in pieces. */
  readonly partialText: boolean
  /** Cancelling also ends the commands that the turn's tools started. */
  readonly cancelKillsTools: boolean
  /** `append`: the system prompt goes beside the backend's own. `first-message`: before the first prompt. */
  readonly systemPrompt: 'append' | 'first-message' | 'none'
  readonly structuredOutput: 'native' | 'validate-after' | 'none'
  /** Which caps of one turn the backend enforces itself. */
  readonly limits: { readonly turns: boolean; readonly usd: boolean }
  readonly usage: 'per-turn' | 'cumulative' | 'none'
  readonly cost: CostSource | 'none'
  /** Options of an agent that the backend passes on; naming another one is refused. */
  readonly options: readonly BackendOption[]
}

/** One turn to run. */
export interface TurnRequest {
  /** Unique per attempt; processes of the turn carry it as `ATELIER_TURN` in their environment. */
  readonly turn: string
  /** The host that runs it; processes carry it as `ATELIER_HOST`, so that they can be found when the host is gone. */
  readonly host?: string
  readonly agent: string
  /** Absolute path of the folder the turn works in. */
  readonly cwd: string
  readonly prompt: string
  /** The session to continue; a new one without it. */
  readonly resume?: SessionRef
  /** The session to begin, as `newSession` named it. */
  readonly begin?: SessionRef
  /** `resume` stays as it is, and the turn goes on in a copy of it. */
  readonly fork?: boolean
  readonly systemPrompt?: string
  /** Variables for the agent's processes beyond the few that every process needs. */
  readonly env: Readonly<Record<string, string>>
  readonly model?: string
  readonly effort?: string
  readonly permissionMode?: PermissionMode
  readonly allowedTools?: readonly string[]
  readonly disallowedTools?: readonly string[]
  readonly maxTurns?: number
  readonly maxBudgetUsd?: number
  /** MCP servers by name, as in the `mcpServers` of a `.mcp.json`; or the path of such a file. */
  readonly mcpConfig?: Json
  /** Further folders in which the agent may work. */
  readonly addDirs?: readonly string[]
  /** Settings in the agent's own format, or the path of a file of them. */
  readonly settings?: Json
  /** The session is not kept, and cannot be resumed. */
  readonly noSessionPersistence?: boolean
  readonly dangerouslySkipPermissions?: boolean
  /** A JSON Schema; a completed turn has a `structured` answer that fits it. */
  readonly outputSchema?: Json
  /** Settings of this backend alone, as its page documents them. */
  readonly backendConfig?: Json
}

/** What happens during a turn. A stream ends with exactly one `end`, and never throws. */
export type AgentEvent =
  | { readonly t: 'session'; readonly ref: SessionRef; readonly model?: string }
  /** Text as it arrives; `done` says that the piece is complete. */
  | { readonly t: 'text' | 'reasoning'; readonly id: string; readonly delta: string; readonly done?: boolean }
  | {
      readonly t: 'tool'
      readonly id: string
      readonly name: string
      readonly kind: 'read' | 'edit' | 'exec' | 'mcp' | 'other'
      readonly phase: 'start' | 'end'
      readonly input?: Json
      readonly output?: string
      readonly ok?: boolean
      /** The call of a tool inside of which this one was made: that of a subagent. */
      readonly parent?: string
    }
  /** A tool was not allowed, and nobody was asked; the agent knows the reason. */
  | {
      readonly t: 'permission'
      readonly id: string
      readonly tool: string
      readonly decision: 'denied'
      readonly reason: string
    }
  | { readonly t: 'file'; readonly path: string; readonly change: 'add' | 'modify' | 'delete' }
  | { readonly t: 'usage'; readonly delta: Usage; readonly costUsd?: number }
  | { readonly t: 'retry'; readonly attempt: number; readonly status?: number; readonly delayMs?: number }
  /** A limit of the account, in the vendor's words. */
  | {
      readonly t: 'limit'
      readonly kind: string
      /** Default `reached`. */
      readonly state?: 'near' | 'reached'
      /** How much of it is used, from 0 to 1. */
      readonly used?: number
      /** Ms since the epoch. */
      readonly resetsAt?: number
    }
  | { readonly t: 'warn'; readonly message: string }
  /** A line that the adapter does not know; kept, never an error. */
  | { readonly t: 'raw'; readonly line: Json }
  | { readonly t: 'end'; readonly outcome: TurnOutcome }

/** How a turn ended. Usage and cost are of this turn alone, never cumulative. */
export type TurnOutcome = {
  readonly text: string
  readonly usage: Usage
  /** Left out where the backend does not say: unknown is not 0. */
  readonly costUsd?: number
  readonly costSource?: CostSource
  readonly session?: SessionRef
  /** Calls of the model inside the turn. */
  readonly modelTurns?: number
  readonly structured?: Json
} & (
  | { readonly status: 'completed' }
  | { readonly status: 'cancelled' }
  | { readonly status: 'failed'; readonly failure: TurnFailure }
)

/** Why a turn's signal was aborted: the adapter ends the turn either way, the team names the outcome. */
export interface CancelReason {
  readonly kind: Extract<FailureKind, 'cancelled' | 'timeout' | 'idle'>
  readonly message: string
}

export interface BackendDetection {
  readonly ok: boolean
  readonly version?: string
  readonly path?: string
  /** What is missing, and the exact fix. */
  readonly why?: string
  /** False if turns would fail for want of a login; left out where it cannot be told. */
  readonly loggedIn?: boolean
}

export interface AgentBackend {
  /** The name by which agents choose it. */
  readonly id: string
  detect(): Promise<BackendDetection>
  /** Of the resolved version. */
  capabilities(): BackendCapabilities
  /**
   * Refuses settings it cannot honour, when an agent is defined.
   * @throws AtelierError `invalid_config` or `unsupported`, naming the field and the allowed values
   */
  validate?(backendConfig: Json | undefined): void
  /**
   * The login that turns of such an agent are paid with: what a quota hangs on. Default: the backend's id, for
   * the one login of this user.
   */
  account?(env: Readonly<Record<string, string>>): string
  /** Names the session of a new conversation before it begins, so that it is found again after a crash. */
  newSession?(cwd: string, env?: Readonly<Record<string, string>>): SessionRef
  /** What a session shows of a prompt, after a turn that never reported back. Never throws; `unknown` if it cannot tell. */
  inspect?(session: SessionRef, prompt: string): Promise<SessionEvidence>
  /** Runs one turn. Aborting the signal ends it, with everything it started, within seconds. */
  run(turn: TurnRequest, signal: AbortSignal): AsyncIterable<AgentEvent>
  /** Ends what the backend keeps running between turns. */
  close(): Promise<void>
}

/** No tokens at all: where a sum starts, and what a backend without usage reports. */
export const NO_USAGE: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 }

/**
 * The options of a turn that a backend does not list. An adapter ends such a turn with
 * `invalid_request` and does not ignore them, whoever forgot to refuse them earlier.
 */
export function refusedOptions(
  turn: TurnRequest,
  options: readonly (BackendOption | 'fork' | 'outputSchema')[],
): (BackendOption | 'fork' | 'outputSchema')[] {
  const given: Partial<Record<(typeof options)[number], unknown>> = {
    model: turn.model,
    effort: turn.effort,
    // What every agent has unless it says otherwise.
    permissionMode: turn.permissionMode === 'auto' ? undefined : turn.permissionMode,
    allowedTools: turn.allowedTools,
    disallowedTools: turn.disallowedTools,
    maxTurns: turn.maxTurns,
    maxBudgetUsd: turn.maxBudgetUsd,
    mcpConfig: turn.mcpConfig,
    addDirs: turn.addDirs,
    settings: turn.settings,
    noSessionPersistence: turn.noSessionPersistence === true ? true : undefined,
    dangerouslySkipPermissions: turn.dangerouslySkipPermissions === true ? true : undefined,
    fork: turn.fork === true ? true : undefined,
    outputSchema: turn.outputSchema,
  }
  const names = Object.keys(given) as (typeof options)[number][]
  return names.filter((name) => given[name] !== undefined && !options.includes(name))
}
