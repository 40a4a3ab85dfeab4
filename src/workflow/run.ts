/** The rows of workflows: definitions by name, their runs, and the stages of a run. Values are never inlined. */
import type { ErrorData } from '../errors.ts'
import type { StoredText } from '../json.ts'

/** A workflow by its name. */
export interface WorkflowRow {
  readonly name: string
  /** Blob hash of the JSON of its `WorkflowDefinition`. */
  readonly definition: string
  /** Runs started so far: the number of the next run follows from it. */
  readonly runs: number
  readonly definedAt: number
}

export type RunState =
  | 'running'
  | 'paused'
  | 'completed'
  | 'partially_completed'
  | 'failed'
  | 'cancelled'

/** One execution of a definition that is pinned by its hash. Of constant size. */
export interface RunRow {
  /** `feature-1`; a child run is named after its stage: `feature-1/build#2`. */
  readonly id: string
  readonly workflow: string
  readonly definition: string
  readonly state: RunState
  /** JSON of its inputs by name. */
  readonly inputs: StoredText
  /** The line of work that its stages extend. */
  readonly change: string
  /** The stage of another run that it is the work of. */
  readonly parentRun: string | null
  readonly parentStage: string | null
  readonly parentRound: number | null
  readonly parentIndex: number | null
  /** Stages that are open: started and not settled. */
  readonly open: number
  /** Stages that may start and wait for their turn, as `concurrency` are open. */
  readonly queued: number
  /** Executions of stages so far, rounds included. */
  readonly steps: number
  readonly done: number
  readonly failed: number
  readonly skipped: number
  /** Failures that nothing handled: nothing behind them starts, and the run fails when the rest has ended. */
  readonly unhandled: number
  /** Stages that have to be settled for the run to end. */
  readonly total: number
  /** Checkpoints so far; one after each wave. */
  readonly checkpoints: number
  /** Why it is paused: a person's word, a budget, or the request of a stage that escalated. */
  readonly reason: string | null
  readonly error: ErrorData | null
  readonly startedBy: string
  readonly startedAt: number
  readonly settledAt: number | null
  /** Rises with every change. */
  readonly revision: number
}

/**
 * `pending`: something that it needs is not settled. `queued`: it may start. `open`: it runs or waits for what it is about.
 */
export type StageState = 'pending' | 'queued' | 'open' | 'done' | 'failed' | 'skipped' | 'cancelled'

/** One stage of a run in its latest round. Made when it is first touched. */
export interface StageRow {
  readonly run: string
  readonly stage: string
  readonly state: StageState
  /** Place in the definition: who waits for a turn goes in this order. */
  readonly position: number
  /** 1 for the first; loops, gates and retries by hand raise it. What belongs to an earlier round no longer counts. */
  readonly round: number
  /** Stages that it needs and that are not settled. */
  readonly unmet: number
  /** Of what it needs, how many were done or skipped by `when`: none left means that its arm was not taken. */
  readonly live: number
  /** Items or child runs of this round: 1, or the elements of a map. */
  readonly size: number
  readonly posted: number
  readonly succeeded: number
  readonly failures: number
  /** The item, child run or request that it waits for or that gave its result; null for a map. */
  readonly subject: string | null
  /** Git tree that a verdict is bound to. */
  readonly tree: string | null
  /** Of a branch: the case. Of a gate: `approve`, `request_changes`, `veto`. Of a skipped one: why. */
  readonly decision: string | null
  /** Scores of the rounds so far, oldest first, 0 to 100; null where a round had none. */
  readonly scores: readonly (number | null)[]
  /** The round with the best score. */
  readonly best: number | null
  /** The gate that sent it back and the round of it whose issues are its feedback. */
  readonly feedbackStage: string | null
  readonly feedbackRound: number | null
  /** A word from outside that came before its stage, or with it. */
  readonly signal: StoredText | null
  /** When it goes on by itself, ms since the epoch. */
  readonly wakeAt: number | null
  readonly error: ErrorData | null
  readonly startedAt: number | null
  readonly settledAt: number | null
}
