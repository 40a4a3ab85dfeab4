/** What the views of a team show: plain data for the library, CLI, MCP and HTTP. Money is in USD, time in ms. */
import type { Capability } from '../agents/capability.ts'
import type { AgentStatus } from '../agents/display.ts'
import type { ErrorData } from '../errors.ts'
import type { RequestKind, RequestScope, RequestState } from '../inbox/request.ts'
import type { Json } from '../json.ts'
import type { CostSource, MessageKind, TranscriptKind, Usage } from '../tables.ts'

/** One agent as `status` shows it. */
export interface AgentLine {
  readonly name: string
  readonly status: AgentStatus
  /** The beginning of the prompt it works on, at most 36 characters. */
  readonly task: string | null
  /** Messages that wait behind the one it works on: "working +2". */
  readonly queued: number
  readonly costUsd: number
  /** Part of `costUsd` that was assumed because the backend named no cost. */
  readonly assumedUsd: number
  readonly turns: number
  readonly backend: string
  readonly profile: string | null
  /** When its turn began. */
  readonly since: number | null
  /** What its next message waits for, where that is not just a host: its account's quota until a time. */
  readonly waitingFor: { readonly quota: string; readonly until: number } | null
  /** Why its last message failed. */
  readonly error: ErrorData | null
}

/** A process that runs agents. */
export interface HostLine {
  readonly id: string
  readonly kind: 'library' | 'foreground' | 'background'
  readonly state: 'running' | 'draining' | 'dead'
  readonly pid: number
  /** It runs on this machine. */
  readonly local: boolean
  readonly backends: readonly string[]
  readonly startedAt: number
}

/** A breaker that is not closed: nothing is sent to an agent, or on an account, until a call is tried again. */
export interface CircuitLine {
  /** `agent:NAME` or `account:NAME`. */
  readonly circuit: string
  readonly state: 'open' | 'half_open'
  /** Failures in a row. */
  readonly failures: number
  /** When the next call is tried, ms since the epoch. */
  readonly retryAt: number
}

export interface TeamStatus {
  readonly agents: readonly AgentLine[]
  readonly circuits: readonly CircuitLine[]
  readonly hosts: readonly HostLine[]
  /** How many requests of each kind wait for an answer. */
  readonly inbox: Readonly<Record<RequestKind, number>>
  readonly costUsd: number
  readonly assumedUsd: number
}

/** A question, permission or approval, and what became of it. */
export interface InboxView {
  readonly id: string
  readonly kind: RequestKind
  readonly state: RequestState
  /** `title` is that of an item. */
  readonly about: { readonly kind: RequestScope; readonly id: string; readonly title: string | null }
  readonly askedBy: string
  readonly question: string
  readonly details: Json
  /** The only answers that it takes; null for any. */
  readonly options: readonly string[] | null
  /** Names of actors, or `anyone` or `person`. */
  readonly whoMayAnswer: readonly string[]
  /** From when on the default is taken; null if it waits for as long as it takes. */
  readonly deadline: number | null
  readonly default: Json
  /** Of an expired request: the default that was taken, if there is one. */
  readonly answer: Json
  /** What was said with the answer, or why it was withdrawn. */
  readonly comment: string | null
  readonly answeredBy: string | null
  readonly answeredVia: string | null
  readonly askedAt: number
  readonly settledAt: number | null
}

/** Which requests to show; without `all` only open ones. */
export interface InboxFilter {
  readonly all?: boolean
  readonly kind?: RequestKind
  readonly item?: string
  readonly agent?: string
}

/** Everything about one agent. */
export interface AgentInfo {
  readonly name: string
  readonly status: AgentStatus
  readonly backend: string
  readonly model: string | null
  readonly profile: string | null
  readonly role: string
  readonly systemPrompt: string
  readonly sessionId: string | null
  readonly costUsd: number
  readonly assumedUsd: number
  readonly turns: number
  readonly queueDepth: number
  readonly maxTurns: number | null
  readonly timeoutMs: number | null
  readonly permissionMode: string
  readonly allowedTools: readonly string[] | null
  readonly disallowedTools: readonly string[] | null
  readonly capabilities: readonly Capability[]
  readonly maxCostUsd: number | null
  readonly error: ErrorData | null
  readonly createdAt: number
}

/** The last settled message of an agent, whole. */
export interface FullResult {
  readonly agent: string
  readonly result: string
  readonly sessionId: string | null
  readonly costUsd: number
  readonly costSource: CostSource
  readonly isError: boolean
  readonly error: ErrorData | null
  readonly durationMs: number
  /** Calls of the model inside the turn. */
  readonly numTurns: number
  readonly usage: Usage
  readonly turn: string | null
}

/** One message and what came of it. */
export interface HistoryEntry {
  readonly message: string
  readonly turn: string | null
  readonly kind: MessageKind
  readonly state: 'queued' | 'delivered' | 'answered' | 'failed' | 'cancelled'
  readonly from: string
  readonly prompt: string
  readonly answer: string | null
  readonly error: ErrorData | null
  readonly attempts: number
  readonly costUsd: number | null
  readonly costSource: CostSource | null
  readonly usage: Usage | null
  readonly sessionId: string | null
  readonly postedAt: number
  readonly startedAt: number | null
  readonly settledAt: number | null
}

/** One line of what happened in a turn. */
export interface TranscriptEntry {
  readonly turn: string
  readonly n: number
  readonly at: number
  readonly kind: TranscriptKind
  readonly body: Json
}

/** What one scope has spent. */
export interface CostLine {
  /** `total`, or the name of an agent or profile. */
  readonly name: string
  /** Reported and assumed together. */
  readonly costUsd: number
  readonly assumedUsd: number
  readonly turns: number
  /** Turns of unknown cost. */
  readonly assumedTurns: number
  readonly inputTokens: number
  readonly outputTokens: number
}

export interface CostReport {
  readonly total: CostLine
  readonly agents: readonly CostLine[]
}

export interface BudgetView {
  readonly scope: string
  /** Null: no limit. */
  readonly limitUsd: number | null
  /** Spent since the last reset of the budget. */
  readonly usedUsd: number
  /** Set aside for running turns. */
  readonly reservedUsd: number
  readonly remainingUsd: number | null
}

export interface ProfileView {
  readonly name: string
  readonly role: string
  readonly description: string | null
  readonly backend: string | null
  readonly model: string | null
  readonly capabilities: readonly Capability[]
  /** Where it was defined: by a call, in the configuration, in a file of `.claude/agents`, or by Atelier itself. */
  readonly source: 'defined' | 'config' | 'claude' | 'shipped'
}

export interface ScheduleView {
  readonly agent: string
  readonly prompt: string
  readonly intervalMs: number
  readonly nextAt: number
  readonly ticks: number
  readonly skipped: number
}

/** A value of the shared context with its version. */
export interface ContextEntry {
  readonly key: string
  readonly value: Json
  readonly version: number
  readonly by: string
  readonly updatedAt: number
}
