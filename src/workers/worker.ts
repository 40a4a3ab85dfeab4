/** A board worker while its host runs it: its agents, what they work on, and how it has fared. */
import { RECENT_ATTEMPTS } from '../agents/health.ts'
import type { PoolLimits } from '../agents/pool.ts'
import type { RoutingStrategy } from '../agents/routing.ts'
import type { WorkerRow } from '../tables.ts'
import type { CancelTimer } from '../time/clock.ts'
import type { ProgressReader } from './progress.ts'

export interface BoardWorkerSpec {
  readonly name: string
  /** The items that it takes. */
  readonly type: string
  /** Its agents: each does one item at a time. */
  readonly agents: readonly string[]
  readonly intervalMs: number
  /** Each attempt has a git worktree of its own. */
  readonly worktree: boolean
  /** Which of several agents that are free takes an item. */
  readonly routing: RoutingStrategy
  /** Its share under `weighted_round_robin`. */
  readonly weight: number
  /** Its agents have a function that says what they can do. */
  readonly selects: boolean
  /** Agents that it has at least and at most. */
  readonly limits: PoolLimits
  /** Makes a further agent, from its place on, and gives its name. */
  readonly hire: (index: number) => Promise<string>
  readonly dismiss: (agent: string) => Promise<void>
}

export interface Running {
  readonly item: string
  readonly agent: string
  readonly controller: AbortController
  readonly ended: Promise<void>
  readonly progress: ProgressReader
}

export interface Worker {
  readonly spec: BoardWorkerSpec
  /** Its agents as they are now: those of the spec at first. */
  agents: readonly string[]
  readonly since: number
  readonly idle: Set<string>
  /** The agent for which an item is being claimed. */
  asking: string | null
  readonly running: Map<string, Running>
  /** Attempts whose end has not been heard of yet. */
  readonly mine: Set<string>
  stopTimer: CancelTimer
  finished: number
  recent: readonly (0 | 1)[]
  dismissed: boolean
  /** A look at the board is under way; `again` asks for another behind it. */
  looking: boolean
  again: boolean
  /** Its size is being looked at. */
  scaling: boolean
  /** Since when it has had nothing to do. */
  quietSince: number | null
}

export function newWorker(spec: BoardWorkerSpec, since: number): Worker {
  return {
    spec,
    agents: spec.agents,
    since,
    idle: new Set(spec.agents),
    asking: null,
    running: new Map(),
    mine: new Set(),
    stopTimer: () => {},
    finished: 0,
    recent: [],
    dismissed: false,
    looking: false,
    again: false,
    scaling: false,
    quietSince: null,
  }
}

/** The worker as other processes see it. */
export function workerRow({ spec, agents, finished, recent, since }: Worker, host: string): WorkerRow {
  const { name, type, intervalMs, worktree, routing, weight, selects, limits } = spec
  return {
    ...{ host, name, type, agents, intervalMs, worktree: worktree ? 1 : 0, finished, recent, since },
    ...{ routing, weight, selects: selects ? 1 : 0, minAgents: limits.min, maxAgents: limits.max },
  }
}

/** The outcomes of the last attempts with one more. */
export function withOutcome(recent: Worker['recent'], outcome: 0 | 1): Worker['recent'] {
  return [...recent, outcome].slice(-RECENT_ATTEMPTS)
}
