/** What the views of the board show: plain data for the library, CLI, MCP and HTTP. Money is in USD, time in ms. */
import type { ItemPart, ItemState, ItemPhase, Progress, WaitingFor } from '../board/item.ts'
import type { MergeMode, VerifyCommand } from '../board/definition.ts'
import type { PriorityName } from '../board/priority.ts'
import type { ErrorData } from '../errors.ts'
import type { Json } from '../json.ts'

/** The states of an item as the board names them. A skipped item counts as done, and one between two tries as in progress. */
export type BoardStatus =
  | 'new'
  | 'ready'
  | 'claimed'
  | 'in_progress'
  | 'done'
  | 'failed'
  | 'blocked'
  | 'cancelled'

/** Where an item stands on the way to done, for whoever looks at the board as a whole. */
export type BoardColumn = 'working' | 'needs_you' | 'in_review' | 'ready_to_merge' | 'waiting' | 'done'

/** One item as the board lists it. */
export interface ItemLine {
  readonly id: string
  readonly title: string
  readonly type: string
  readonly status: BoardStatus
  /** As it is stored. */
  readonly state: ItemState
  readonly column: BoardColumn
  readonly phase: ItemPhase | null
  readonly waiting: WaitingFor | null
  /** Why it does not run, in words; null where it runs or has ended well. */
  readonly why: string | null
  readonly priority: number
  readonly priorityName: PriorityName
  /** How much more it is worth than others: 1 is as much. */
  readonly value: number
  /** When it is to be done; null where nobody said. */
  readonly deadline: number | null
  /** What an agent must be able to do, and how well: `review:8`; null is anything. */
  readonly capability: string | null
  readonly dependsOn: readonly string[]
  /** Who runs it, or ran it last where it has ended; null while it waits. */
  readonly claimedBy: string | null
  /** When the claim of a person or program runs out; null for other items. */
  readonly claimEndsAt: number | null
  /** Tries since it was posted or retried. */
  readonly attempts: number
  readonly progress: Progress | null
  /** The run of a workflow that it is a part of, and which; null for items that no run has posted. */
  readonly part: ItemPart | null
  /** It is ready, and only a board worker of its type could take it, of which none runs. */
  readonly needsWorker: boolean
  readonly error: ErrorData | null
  /** The engine ran its verify commands on what was merged. */
  readonly verified: boolean
  /** What its last attempt changed of what its verify commands run. */
  readonly flags: readonly string[]
  readonly commit: string | null
  /** Cost of all its tries. */
  readonly costUsd: number
  readonly createdAt: number
  readonly claimedAt: number | null
  readonly startedAt: number | null
  /** When it was done, failed, cancelled or skipped. */
  readonly completedAt: number | null
}

/** Items that nobody takes: no worker has their type, or one has it and lacks the capability. */
export interface Unstaffed {
  readonly type: string
  /** What no worker of that type can do; null where there is no worker of the type. */
  readonly capability: string | null
  /** How many of its items are ready. */
  readonly ready: number
}

export interface BoardView {
  /** The most urgent first, and of those the oldest. */
  readonly items: readonly ItemLine[]
  /** How many of `items` have each status. */
  readonly summary: Readonly<Record<BoardStatus, number>>
  /** Ready items that no running worker takes. */
  readonly unstaffed: readonly Unstaffed[]
  readonly costUsd: number
}

/** Which items to show; without a member, all of them. */
export interface BoardFilter {
  readonly status?: BoardStatus
  readonly type?: string
  readonly claimedBy?: string
}

/** An item that another one depends on. */
export interface DependencyLine {
  readonly id: string
  readonly status: BoardStatus
  readonly title: string
}

/** One try at an item. */
export interface AttemptLine {
  readonly id: string
  readonly number: number
  readonly by: string
  readonly state: 'running' | 'done' | 'failed' | 'cancelled' | 'lost' | 'released' | 'parked' | 'returned'
  readonly startedAt: number
  readonly endedAt: number | null
  readonly error: ErrorData | null
  readonly costUsd: number
}

/** Everything about one item. */
export interface ItemView extends ItemLine {
  readonly spec: string | null
  readonly input: Json
  readonly result: string | null
  readonly dependencies: readonly DependencyLine[]
  /** Items that wait for it or waited for it. */
  readonly dependents: readonly DependencyLine[]
  readonly verify: readonly VerifyCommand[]
  readonly touches: readonly string[]
  readonly change: string
  readonly access: 'write' | 'read'
  readonly merge: MergeMode
  /** The agent or profile that is preferred. */
  readonly agent: string | null
  /** How long it takes, about. */
  readonly estimateMs: number
  /** Level x value x urgency of its deadline, as it is now: the higher, the more urgent. */
  readonly dynamicPriority: number
  /** Tries in all, the first included. */
  readonly maxAttempts: number
  readonly retryCount: number
  readonly timeoutMs: number | null
  readonly maxCostUsd: number | null
  readonly metadata: Json
  readonly tries: readonly AttemptLine[]
  readonly postedBy: string
  readonly revision: number
}

/** An item that is not done and does not go on by itself. */
export interface StillWaiting {
  readonly id: string
  readonly status: BoardStatus
  readonly why: string
}

/** A board on which nothing happens by itself any more. */
export interface SettledBoard {
  readonly summary: Readonly<Record<BoardStatus, number>>
  /** Items that have failed. */
  readonly failed: readonly { readonly id: string; readonly error: ErrorData | null }[]
  /** Items that wait for something that nobody works on, and for what. */
  readonly waiting: readonly StillWaiting[]
  readonly costUsd: number
}
