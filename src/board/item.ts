/** The board's rows: items, what they depend on, and the attempts at them. */
import type { ErrorData } from '../errors.ts'
import type { StoredText } from '../json.ts'

/** The lifecycle stands in `item-lifecycle.ts`. */
export type ItemState = 'waiting' | 'ready' | 'running' | 'done' | 'failed' | 'cancelled' | 'skipped'

/** What a running item is at. */
export type ItemPhase = 'claimed' | 'planning' | 'executing' | 'verifying' | 'merging'

/** What a waiting item waits for. Times are ms since the epoch. */
export type WaitingFor =
  | { readonly for: 'dependencies' }
  /** `causes`: the items, failed or cancelled, that would have to be retried. */
  | { readonly for: 'failed_dependency'; readonly causes: readonly string[] }
  | { readonly for: 'retry'; readonly at: number }
  | { readonly for: 'approval' | 'answer' | 'permission'; readonly id: string }
  | { readonly for: 'budget'; readonly scope: string }
  | { readonly for: 'quota'; readonly account: string; readonly at: number }
  | { readonly for: 'merge'; readonly reason: string }
  /** The run that it is a part of is paused. */
  | { readonly for: 'run'; readonly id: string }

/** Why an item waits for a merge that is under way: the host of its attempt is gone, and nothing else was missing. */
export const INTERRUPTED = 'its host is gone'

/** How far a running attempt says it is. */
export interface Progress {
  /** 0 to 100. */
  readonly percent: number
  readonly step: string
}

/** One unit of work. */
export interface ItemRow {
  readonly id: string
  readonly title: string
  /** Which workers take it; any word. */
  readonly type: string
  readonly state: ItemState
  /** Null unless it runs. */
  readonly phase: ItemPhase | null
  /** Null unless it waits. */
  readonly waiting: WaitingFor | null
  /** 0 emergency, 1 critical … 5 lowest. */
  readonly priority: number
  /** How much more it is worth than others: 1 is as much. */
  readonly value: number
  /** When it is to be done; null where nobody said. */
  readonly deadline: number | null
  /** What an agent must be able to do; null is anything. */
  readonly capability: string | null
  /** How well an agent must be able to do it, 1 to 10. */
  readonly minExpertise: number
  /** JSON of its `ItemDefinition`: everything that was posted and does not change. */
  readonly definition: StoredText
  readonly dependsOn: readonly string[]
  /** Dependencies that are neither done nor skipped. */
  readonly unmet: number
  readonly estimateMs: number
  /** Estimated work on the longest way from here to the end of the board, itself included, ms. */
  readonly path: number
  /** Place in the queue of its type, smaller first: see `rank.ts`. */
  readonly rank: number
  /** When it became ready; null before. */
  readonly readyAt: number | null
  /** Globs of files that it will change; overlapping items do not run at the same time. */
  readonly touches: readonly string[]
  /** The line of work that it extends. */
  readonly change: string
  /** The run of a workflow that it is a part of, and which; null for items that no run has posted. */
  readonly run: string | null
  readonly stage: string | null
  readonly round: number | null
  /** The element of a map; null for a stage with one item. */
  readonly index: number | null
  /** The attempt that runs or ran last; only it may settle the item. */
  readonly attempt: string | null
  /** Attempts since it was posted or retried by hand. */
  readonly attempts: number
  /** Tries of the worker's own agent, once the profiles of the fallback have their turn; null before. */
  readonly ownTries: number | null
  /** Those of `attempts` that ended because a host died. */
  readonly losses: number
  /** How often its merge came back to its owner since it was posted or retried by hand. */
  readonly mergeRounds: number
  /** How often it was retried by hand. */
  readonly retryCount: number
  /** The agent, person or program that runs it or ran it last. */
  readonly owner: string | null
  readonly progress: Progress | null
  readonly result: StoredText | null
  readonly error: ErrorData | null
  /** 1 if the engine has run its `verify` commands on what was merged. */
  readonly verified: 0 | 1
  /** What its last attempt changed of what its verify commands run: a green result means less then. */
  readonly flags: readonly string[]
  /** The commit on the target that holds its work. */
  readonly commit: string | null
  /** Rises with every change. */
  readonly revision: number
  readonly postedBy: string
  readonly postedAt: number
  readonly claimedAt: number | null
  readonly startedAt: number | null
  readonly settledAt: number | null
}

/** Which part of which run an item is. */
export interface ItemPart {
  readonly run: string
  readonly stage: string
  readonly round: number
  readonly index: number | null
}

/** One edge of the board: `item` waits for `dependsOn`. */
export interface DependencyRow {
  readonly dependsOn: string
  readonly item: string
}

/**
 * How an attempt ended. `released` and `parked` use up no retry; nor does `returned`, whose merge came back: that is a round
 * of its own count.
 */
export type AttemptOutcome = 'done' | 'failed' | 'cancelled' | 'lost' | 'released' | 'parked' | 'returned'

/** What a person or program says it has finished, until the engine has verified and merged it. */
export interface Submission {
  /** The commit to verify and merge; null is what the project folder holds. */
  readonly head: string | null
  readonly result: StoredText | null
}

/** One try at an item. Its id is the token that every write of the attempt carries. */
export interface AttemptRow {
  readonly id: string
  readonly item: string
  /** 1 for the first. */
  readonly number: number
  readonly owner: string
  /** The host that runs it; null for an external claim, which lives by its own lease. */
  readonly host: string | null
  /** A number that no other running attempt has: ports of its workspace follow from it. Null for an external claim. */
  readonly slot: number | null
  /** The content of the changes that it begins with: what a verdict of it is about. Null where they have none. */
  readonly tree: string | null
  /** Order of the attempts at an item: the sequence number of its claim. */
  readonly position: number
  readonly state: 'running' | AttemptOutcome
  readonly startedAt: number
  readonly endedAt: number | null
  readonly error: ErrorData | null
  /** Of a claim from outside that is said to be finished; null for every other attempt. */
  readonly submission: Submission | null
  /** The host that verifies the submission. */
  readonly verifier: string | null
}

/** When a waiting item is looked at again. */
export interface WakeRow {
  readonly item: string
  readonly at: number
}
