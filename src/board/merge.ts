/** The rows of the merge queue. */
import type { ErrorData } from '../errors.ts'
import type { MergeMode } from './definition.ts'

/** The lifecycle stands in `merge-lifecycle.ts`. */
export type MergeState = 'queued' | 'taken' | 'intended' | 'held' | 'merged' | 'rejected'

/** Why a merge does not go on by itself: somebody has to approve, or something has to change first. */
export type HoldReason =
  | 'manual'
  /** The target is checked out with changes that are not committed: the work waits on a branch beside it. */
  | 'main_tree_dirty'
  /** What the item verifies fails on the target itself; it is tried again when the target has moved. */
  | 'target_red'

/** Why a merge is back in the queue. */
export type ReturnReason =
  | 'host_lost'
  /** Its host stops, or gave up for now. */
  | 'released'
  /** The target moved while it was verified. */
  | 'moved'
  /** Git or the disk failed. */
  | 'failed'
  /** It does not merge with what stood before it in its batch, and that is not merged yet. */
  | 'stacked'
  | 'approved'
  /** What held it has passed. */
  | 'resumed'

/** A request to bring the head of a change to its target. One attempt makes at most one. */
export interface MergeRow {
  readonly id: string
  readonly item: string
  readonly attempt: string
  readonly change: string
  /** Full name of the branch that it is for. */
  readonly target: string
  readonly mode: MergeMode
  /** The commit that is to come to the target. */
  readonly head: string
  readonly title: string
  /** 1 if the item's verify commands were green on `head` itself. */
  readonly verified: 0 | 1
  readonly state: MergeState
  /** While it is held: why, and what a person can do. */
  readonly reason: HoldReason | null
  readonly message: string | null
  /** The host whose integrator has it. */
  readonly host: string | null
  /** The intent: this ref is moved from `old` to `new`. While it is held: where it waits, and where the target was. */
  readonly ref: string | null
  readonly old: string | null
  readonly new: string | null
  /** The merge commit; for `pr-branch` the head of the branch. */
  readonly commit: string | null
  readonly error: ErrorData | null
  /** Tries that ended because the target moved or git failed. */
  readonly round: number
  /** Place in the queue: the number of the event that asked for it. */
  readonly position: number
  readonly requestedAt: number
  readonly settledAt: number | null
}
