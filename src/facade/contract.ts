/** The members that users call: what `openWorkshop` gives, and what every operation runs on. */
import type { AgentBackend } from '../agent-backend.ts'
import type { CanHandle, CapabilityInput, WantedInput } from '../agents/capability.ts'
import type { RoutingStrategy } from '../agents/routing.ts'
import type { DefinitionFields } from '../agents/definition.ts'
import type { ErrorData } from '../errors.ts'
import type { AtelierEvent, EventType } from '../events.ts'
import type { Json } from '../json.ts'
import type { CostSource, SessionRef, Usage } from '../tables.ts'
import type {
  AgentInfo,
  BudgetView,
  ContextEntry,
  CostReport,
  FullResult,
  HistoryEntry,
  ProfileView,
  ScheduleView,
  TeamStatus,
  TranscriptEntry,
} from '../team/view-types.ts'
import type { Duration } from '../time/duration.ts'
import type { BoardMembers, BoardViews } from './board-contract.ts'
import type { WorkflowMembers, WorkflowViews } from './workflow-contract.ts'
import type { InboxMembers, InboxViews } from './inbox-contract.ts'
import type { WorkerView } from '../workers/staff.ts'
import type { PrunedWorktree, WorktreeView } from '../workers/worktrees.ts'

/** An agent's answer to one prompt. */
export interface Reply {
  readonly agent: string
  readonly text: string
  readonly session: SessionRef | null
  readonly usage: Usage
  /** USD of this turn. */
  readonly cost: number
  readonly costSource: CostSource
  /** Id of the turn: the key of its transcript. */
  readonly turn: string
  /** Id of the message it answers. */
  readonly message: string
}

/** A failed answer beside others that did not fail. */
export interface FailedReply {
  readonly agent: string
  readonly error: ErrorData
}

/** Answers by agent; `'error' in reply` tells a failed one. */
export type TeamReplies = Readonly<Record<string, Reply | FailedReply>>

export interface WaitOptions {
  /** Rejects with `timeout` after this long; the work goes on. Without it the wait has no end. */
  readonly timeout?: Duration
  /** Ends the wait with `cancelled`; the work goes on. */
  readonly signal?: AbortSignal
}

export interface AskOptions {
  /** Wall-clock limit of the turn, where it differs from the agent's own. */
  readonly timeout?: Duration
  /** Cancels the message and its turn. */
  readonly signal?: AbortSignal
}

/** Whom to ask where it is not one agent by its name. */
export type AgentChoice = ChoiceAmong &
  (
    | {
        /** What the agent must be able to do: a word, one with the least expertise (`review:8`), or an object. */
        readonly capability: WantedInput
        readonly task?: undefined
        readonly complexity?: undefined
      }
    | {
        /** What sort of work it is, such as `code_review`: whoever has the role that does it is asked. */
        readonly task: string
        /** How hard it is, 1 to 10; default 5. */
        readonly complexity?: number | undefined
        readonly capability?: undefined
      }
  )

interface ChoiceAmong {
  /** The agents to choose among; default: all. */
  readonly among?: readonly string[] | undefined
  /** How one is chosen; default is that of the workshop. */
  readonly routing?: RoutingStrategy | undefined
}

/**
 * An answer on its way. Awaiting it gives the {@link Reply}, which names its agent, or throws the error of the turn once;
 * it can be piped on without awaiting. It is never an unhandled rejection.
 */
export interface PendingAnswer extends PromiseLike<Reply> {
  /** Sends this answer on to another agent; an error passes through, and that agent is not called. */
  pipe(to: string, message?: string, options?: AskOptions): PendingReply
  catch<R>(onRejected: (error: unknown) => R | PromiseLike<R>): Promise<Reply | R>
  finally(onSettled: () => void): Promise<Reply>
}

/** The answer of an agent that was asked by its name. */
export interface PendingReply extends PendingAnswer {
  readonly agent: string
}

/** A message that was cast: awaiting it tells that it is stored, not that it is answered. */
export interface PendingCast extends PromiseLike<{ readonly agent: string; readonly message: string }> {
  readonly agent: string
}

/** The answers of a fan on their way; they start at once, awaited or not. */
export type PendingFan = PromiseLike<TeamReplies>

/** What `configure` and the configuration file set for agents that are created afterwards. */
export interface ConfigureOptions {
  /** The backend of agents that name none: its id, or one made in code. */
  readonly backend?: string | AgentBackend
  readonly backendConfig?: Json
  /** Text that every agent gets before its role. */
  readonly context?: string
  readonly model?: string
  readonly maxTurns?: number
  readonly timeout?: Duration
  readonly permissionMode?: string
  readonly effort?: string
  /** Cap of one turn, USD. */
  readonly maxBudgetUsd?: number
  /** Limit of all spending of the workshop, USD. */
  readonly maxCostUsd?: number
  /** What a turn of unknown cost is charged at, USD. */
  readonly assumeUsd?: number
  readonly gitContext?: boolean
  /** Turns that one host runs at the same time; default 4. */
  readonly concurrency?: number
  /** An attempt at an item that waits longer, for a quota, gives up its process and worktree, and goes on later; default 60 s. */
  readonly parkAfter?: Duration
  /** Which of several agents takes an item or a question; default `least_loaded`. */
  readonly routing?: RoutingStrategy
  readonly env?: Readonly<Record<string, string>>
  readonly passEnv?: readonly string[]
}

/** Options of an agent or a profile. Unknown ones are refused; those that a backend cannot honour, too. */
export type AgentOptions = Omit<
  DefinitionFields,
  'timeoutMs' | 'permissionMode' | 'context' | 'session' | 'capabilities'
> & {
  /** What it can do: names, each with an expertise from 1 to 10 (`review:8`; 5 where none is given), or objects. */
  readonly capabilities?: readonly CapabilityInput[]
  /** Its own answer to what it can do, in place of its capabilities. It holds in the process that was given it. */
  readonly canHandle?: CanHandle
  readonly profile?: string
  readonly timeout?: Duration
  readonly permissionMode?: string
  readonly session?: 'continue' | 'fresh'
  readonly worktree?: boolean
  readonly workshopTools?: boolean
  readonly skill?: string
  readonly description?: string
}

/** How a board worker works: the options of its agents, and how it takes items. */
export type BoardWorkerOptions = Omit<AgentOptions, 'worktree'> & {
  /** How often it looks for items that no event announced; default 60 s. It is woken at once by those that are. */
  readonly interval?: Duration
  /** Each attempt works in a git worktree of its own, and what it made is merged. */
  readonly worktree?: boolean
  /** Items at the same time, each by an agent of its own; default 1. Of a range `start` is there at first. */
  readonly concurrency?: number | { readonly min?: number; readonly start?: number; readonly max: number }
  /** `reactive` adds and dismisses agents within the range as work comes and goes; default `static`. */
  readonly scaling?: 'static' | 'reactive'
  /** Which of several agents that are free takes an item; default is that of the workshop. */
  readonly routing?: RoutingStrategy
  /** Its share under `weighted_round_robin`; default 1. */
  readonly weight?: number
}

/** A definition that was accepted; `stored` resolves when it is durable. */
export interface Defined {
  readonly name: string
  readonly stored: Promise<void>
}

export interface PutOptions {
  /** Write only if the key is still at this version; 0: only if it does not exist. Else `conflict`. */
  readonly ifVersion?: number
  /** Instead of a conflict: makes the new value of the current one and the one to be put. */
  readonly merge?: (current: Json, incoming: Json) => Json
}

export interface WatchOptions {
  /** Begin after this event; default: now. */
  readonly after?: number
  readonly types?: readonly EventType[]
  /** Only events about this agent. */
  readonly agent?: string
  readonly signal?: AbortSignal
}

/** What only reads: it works beside running hosts, and starts none. */
export interface WorkshopViews extends BoardViews, InboxViews, WorkflowViews {
  /** Who is working, on what, at which cost. */
  status(): Promise<TeamStatus>
  /** Names, sorted. */
  agents(): Promise<readonly string[]>
  profiles(): Promise<readonly ProfileView[]>
  info(agent: string): Promise<AgentInfo>
  /** The text of the agent's last answer; `no_result` before the first, the turn's error if it failed. */
  result(agent: string): Promise<string>
  result(agent: string, form: 'full'): Promise<FullResult>
  /** What the agent was asked and answered, oldest first. */
  history(agent: string, options?: { readonly last?: number }): Promise<readonly HistoryEntry[]>
  /** Board workers on all hosts. */
  workers(): Promise<readonly WorkerView[]>
  /** What happened in one turn, or in the agent's last one. */
  transcript(turnOrAgent: string): Promise<readonly TranscriptEntry[]>
  cost(): Promise<CostReport>
  totalCost(): Promise<number>
  /** The budget of the workshop, or of one agent. */
  budget(agent?: string): Promise<BudgetView>
  get(key: string, fallback?: Json): Promise<Json | undefined>
  /** The value with its version, for a later write with `ifVersion`. */
  entry(key: string): Promise<ContextEntry | undefined>
  keys(prefix?: string): Promise<readonly string[]>
  schedules(): Promise<readonly ScheduleView[]>
  /** The last events, oldest first; default 20. */
  events(options?: {
    readonly last?: number
    readonly after?: number
    readonly types?: readonly EventType[]
  }): Promise<readonly AtelierEvent[]>
  /** Events as they are committed, by this process or another. */
  watch(options?: WatchOptions): AsyncIterableIterator<AtelierEvent>
}

/** A project folder with its team. */
export interface Workshop
  extends WorkshopViews, BoardMembers, InboxMembers, WorkflowMembers, AsyncDisposable {
  /** Absolute path of the project folder. */
  readonly dir: string
  configure(options: ConfigureOptions): void
  profile(name: string, role: string, options?: AgentOptions): Defined
  profile(name: string, options: AgentOptions): Defined
  agent(name: string, role: string, options?: AgentOptions): Defined
  agent(name: string, options?: AgentOptions): Defined
  dismiss(agent: string): Promise<void>
  reset(agent: string): Promise<void>
  resetAll(): Promise<void>
  ask(agent: string, prompt: string, options?: AskOptions): PendingReply
  /** Asks whoever can do it; `no_capable_agent` where none of them can. */
  ask(choice: AgentChoice, prompt: string, options?: AskOptions): PendingAnswer
  cast(agent: string, prompt: string, options?: AskOptions): PendingCast
  /** Waits until the agent has nothing left to do; gives its last reply, or throws its last error. */
  await(agent: string, options?: WaitOptions): Promise<Reply | undefined>
  /** Waits until no agent has anything left to do; gives each one's last reply or failure. */
  awaitAll(options?: WaitOptions): Promise<TeamReplies>
  pipe(from: string | PendingAnswer | Reply, to: string, message?: string, options?: AskOptions): PendingReply
  fan(message: string, agents: readonly string[], options?: AskOptions): PendingFan
  /** Starts a worker that takes items of a type from the board, or changes the one of that name. */
  boardWorker(name: string, type: string, options?: BoardWorkerOptions): Defined
  /** The git worktrees of attempts. */
  worktrees(): Promise<readonly WorktreeView[]>
  /** Takes away the worktrees that no attempt uses; what is not committed there is saved to a ref first. */
  pruneWorktrees(options?: { readonly dryRun?: boolean }): Promise<readonly PrunedWorktree[]>
  /** The worker takes nothing more; what it runs goes on. */
  stopBoardWorker(name: string): void
  /** Cancels what an agent works on and what waits for it. */
  interrupt(agent: string): Promise<number>
  setBudget(limitUsd: number | null, agent?: string): Promise<BudgetView>
  resetBudget(agent?: string): Promise<BudgetView>
  put(key: string, value: Json, options?: PutOptions): Promise<ContextEntry>
  remove(key: string, options?: { readonly ifVersion?: number }): Promise<boolean>
  /** Repeats a prompt; replaces the agent's schedule. The first tick comes after one interval. */
  every(agent: string, prompt: string, interval: Duration): Promise<ScheduleView>
  cancelSchedule(agent: string): Promise<boolean>
  gitSummary(): Promise<string>
  gitDiff(): Promise<string>
  /** Ends: running and waiting work of this process is finished first, unless the signal is aborted. */
  close(options?: { readonly signal?: AbortSignal; readonly drain?: boolean }): Promise<void>
}
