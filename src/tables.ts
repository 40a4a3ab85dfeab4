/**
 * The rows that a store keeps, and how they are keyed and indexed. *Projected* tables change only
 * by applying events, so that the log replays to the same rows; *operational* ones are written
 * directly and may be lost without losing a decision.
 */
import type { Skill } from './agents/capability.ts'
import type { RoutingStrategy } from './agents/routing.ts'
import type { TurnFailure } from './agents/failures.ts'
import type { ChangeRow } from './board/change.ts'
import type { AttemptRow, DependencyRow, ItemRow, WakeRow } from './board/item.ts'
import type { MergeRow } from './board/merge.ts'
import type { CircuitRow } from './board/circuit.ts'
import type { ErrorData } from './errors.ts'
import type { RequestRow } from './inbox/request.ts'
import type { Json, StoredText } from './json.ts'
import type { RunRow, StageRow, WorkflowRow } from './workflow/run.ts'

/** Where a backend keeps a conversation, so that a later turn goes on with it. */
export interface SessionRef {
  readonly backend: string
  readonly id: string
  readonly cwd: string
  readonly backendVersion?: string
  readonly data?: Json
}

/** Tokens of one turn. Cached input is counted apart from `input`; nothing is counted twice. */
export interface Usage {
  readonly input: number
  readonly output: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly reasoning: number
}

export interface AgentRow {
  readonly name: string
  readonly state: 'active' | 'dismissed'
  /** Rises with every replacement and reset: results of an earlier generation do not count for this one. */
  readonly generation: number
  readonly profile: string | null
  readonly backend: string
  readonly model: string | null
  /** The login that pays: its quota stops and starts every agent that uses it. */
  readonly account: string
  /** Blob hash of the resolved definition. */
  readonly definition: string
  /** What it can do: the part of its definition that routing reads. */
  readonly capabilities: readonly Skill[]
  readonly session: SessionRef | null
  /** Messages that wait. */
  readonly queued: number
  /** The turn that is running. */
  readonly turn: string | null
  /** 1 if it is active, has messages and no turn: a host may start one. */
  readonly ready: 0 | 1
  /** Position before which every message is settled or delivered: where the search for the next one starts. */
  readonly cursor: number
  /** Turns that were accepted since the last reset. */
  readonly turns: number
  /** The message that was settled last in this generation. */
  readonly last: string | null
  readonly createdAt: number
}

/** What a message was posted by. */
export type MessageKind = 'ask' | 'cast' | 'pipe' | 'fan' | 'schedule' | 'item'

export interface MessageRow {
  readonly id: string
  readonly agent: string
  readonly generation: number
  readonly kind: MessageKind
  /** The lifecycle stands in `agents/message-lifecycle.ts`. */
  readonly state: 'queued' | 'delivered' | 'answered' | 'failed' | 'cancelled'
  /** Order within the mailbox: the sequence number of its `message.posted`. */
  readonly position: number
  readonly from: string
  readonly prompt: StoredText
  /** Joins the messages of one fan. */
  readonly group: string | null
  /** Wall-clock limit of its turn in ms, where it differs from the agent's. */
  readonly timeoutMs: number | null
  /** The attempt at an item that it is for: only the host of that attempt runs it, in the attempt's workspace. */
  readonly itemAttempt: string | null
  /** Turns started for it. */
  readonly attempts: number
  /** The turn that runs or ran last. */
  readonly turn: string | null
  /** What all its turns have cost, also those that were deferred or lost. */
  readonly costMicros: number
  readonly answer: StoredText | null
  readonly error: ErrorData | null
  readonly postedAt: number
  readonly settledAt: number | null
}

/** Where a cost figure comes from. `assumed`: the backend named none, so the reservation was charged. */
export type CostSource = 'reported' | 'computed' | 'assumed'

export interface TurnRow {
  /** Also the token of the attempt: only the message's current turn may settle it. */
  readonly id: string
  readonly message: string
  readonly agent: string
  readonly profile: string | null
  readonly generation: number
  readonly attempt: number
  readonly host: string
  readonly state: 'running' | 'completed' | 'failed' | 'cancelled' | 'deferred' | 'lost'
  /** The session it was to continue; once it has completed, the one in which it spoke, as it stands then. */
  readonly session: SessionRef | null
  /** The session it was to begin, where the backend names it in advance: found again after a crash. Null once it has completed. */
  readonly begins: SessionRef | null
  readonly promptHash: string
  readonly startedAt: number
  readonly endedAt: number | null
  readonly usage: Usage | null
  readonly reservedMicros: number
  readonly costMicros: number | null
  readonly costSource: CostSource | null
  /** Calls of the model inside the turn, as far as the backend says. */
  readonly modelTurns: number | null
  readonly failure: TurnFailure | null
}

export interface LedgerRow {
  /** `global`, `agent:NAME` or `profile:NAME`. */
  readonly scope: string
  readonly limitMicros: number | null
  /** When the limit was set or lifted last; null if nobody ever did. */
  readonly limitSetAt: number | null
  /** Spending up to the last reset of the budget: counted as cost, not against the limit. */
  readonly baselineMicros: number
  /** Costs that backends reported or that were computed from prices. */
  readonly spentMicros: number
  /** Charged for turns of unknown cost. */
  readonly assumedMicros: number
  readonly turns: number
  readonly assumedTurns: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** Costs of the last turns, newest last: what the next reservation is estimated from. */
  readonly recentMicros: readonly number[]
}

/** A backend's login, while its quota is used up. */
export interface AccountRow {
  readonly account: string
  /** Nothing is started on it before this time, ms since the epoch. */
  readonly limitedUntil: number
  readonly reason: string
  readonly since: number
}

export interface ProfileRow {
  readonly name: string
  /** Blob hash of the profile. */
  readonly definition: string
  readonly definedAt: number
}

export interface ScheduleRow {
  readonly agent: string
  readonly prompt: StoredText
  readonly intervalMs: number
  readonly nextAt: number
  readonly ticks: number
  readonly skipped: number
  readonly createdAt: number
}

export interface ContextRow {
  readonly key: string
  /** JSON text of the value; null once it was removed, so that its version goes on. */
  readonly value: StoredText | null
  readonly version: number
  readonly by: string
  readonly updatedAt: number
}

/** A process that runs agents. */
export interface HostRow {
  readonly id: string
  readonly kind: 'library' | 'foreground' | 'background'
  readonly state: 'running' | 'draining'
  /** Machine, boot and pid namespace: processes are compared only where these are the same. */
  readonly machine: string
  readonly pid: number
  /** Start time of the process in the kernel's ticks, so that a reused pid is another process. */
  readonly pidStart: string
  readonly backends: readonly string[]
  readonly startedAt: number
  readonly expiresAt: number
  /** It ends by itself after this long without work, ms; null if it stays. */
  readonly idleExitMs: number | null
}

/** A board worker while its host runs it. */
export interface WorkerRow {
  readonly host: string
  readonly name: string
  /** The items that it takes. */
  readonly type: string
  /** Its agents, each for one item at a time. */
  readonly agents: readonly string[]
  readonly intervalMs: number
  readonly worktree: 0 | 1
  /** Items that it has finished since it began. */
  readonly finished: number
  /** How its last attempts ended, the newest last: 1 is well. */
  readonly recent: readonly (0 | 1)[]
  /** Whose turn it is among agents that are free. */
  readonly routing: RoutingStrategy
  /** Its share under `weighted_round_robin`. */
  readonly weight: number
  /** 1 if its agents have a function that says what they can do: nobody else knows. */
  readonly selects: 0 | 1
  /** It adds agents up to so many, and dismisses them down to so many. */
  readonly minAgents: number
  readonly maxAgents: number
  readonly since: number
}

/**
 * The claim of a person or program outside of every host. Without its row a claim ends by the time of its attempt, and
 * only its owner may report.
 */
export interface LeaseRow {
  readonly item: string
  readonly attempt: string
  /** Who made the claim: may report on it, also where it was made for an agent. */
  readonly actor: string
  /** Whoever looks gives the item back after this time, ms since the epoch. */
  readonly expiresAt: number
}

/** What one line of a transcript shows. */
export type TranscriptKind =
  | 'system'
  | 'prompt'
  | 'text'
  | 'reasoning'
  | 'tool'
  | 'tool_result'
  | 'file'
  | 'permission'
  | 'usage'
  | 'retry'
  | 'limit'
  | 'warn'
  | 'raw'
  | 'answer'
  | 'error'

export interface TranscriptRow {
  readonly turn: string
  readonly n: number
  readonly at: number
  readonly kind: TranscriptKind
  readonly body: Json
}

/** Every table by name. */
export interface Tables {
  agent: AgentRow
  message: MessageRow
  turn: TurnRow
  ledger: LedgerRow
  account: AccountRow
  circuit: CircuitRow
  profile: ProfileRow
  schedule: ScheduleRow
  context: ContextRow
  item: ItemRow
  dependency: DependencyRow
  attempt: AttemptRow
  wake: WakeRow
  change: ChangeRow
  merge: MergeRow
  inbox: RequestRow
  workflow: WorkflowRow
  run: RunRow
  stage: StageRow
  host: HostRow
  lease: LeaseRow
  worker: WorkerRow
  transcript: TranscriptRow
}

export type TableName = keyof Tables

/** Tables that are written directly; all others follow from events. */
export type OperationalTable = 'host' | 'lease' | 'transcript' | 'worker'

/** Reads rows that applying an event needs, all loaded before. */
export interface RowLookup {
  <T extends TableName>(table: T, key: string): Tables[T] | undefined
}

/** A change of a projected row: the whole new row, or null where it ends. */
export type RowChange = {
  readonly [T in TableName]: {
    readonly table: T
    readonly key: string | readonly string[]
    readonly row: Tables[T] | null
  }
}[TableName]

export interface RowRef {
  readonly table: TableName
  readonly key: string
}
