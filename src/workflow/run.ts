/** The rows of workflows: definitions by name, their runs, and the stages of a run. Values are never inlined. */
import type { ErrorData } from '../errors.ts'
import type { StoredText } from '../json.ts'

/** A workflow by its name. */
export interface WorkflowRow {
  readonly name: string
  /** Blob hash of the JSON of its `WorkflowDefinition`. */
  readonly definition: string
  /** 1 if it came with Atelier: it is then that of the version which starts the next run. */
  readonly shipped: 0 | 1
  /** Runs started so far: the number of the next run follows from it. */
  readonly runs: number
  readonly definedAt: number
}

export type RunState = 'running' | 'paused' | 'completed' | 'partially_completed' | 'failed' | 'cancelled'

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
  /** Of these, how many do work: at most `concurrency`. Who waits for a person, a time or a signal takes nobody's place. */
  readonly busy: number
  /** Of these, how many have failed and wait for a person to say what follows. */
  readonly escalated: number
  /** Stages that may start and wait for their turn. */
  readonly queued: number
  /** Executions of stages so far, rounds included. */
  readonly steps: number
  readonly done: number
  readonly failed: number
  readonly skipped: number
  /** Failures that nothing handled: nothing behind them starts, and the run fails when the rest has ended. */
  readonly unhandled: number
  /** Interrupted by the end of the run. */
  readonly cancelled: number
  /** Stages that are settled with less than was wanted: with one of them the run is completed in part. */
  readonly flawed: number
  /** Stages that have to be settled for the run to end. */
  readonly total: number
  /** Checkpoints so far; one after each wave. */
  readonly checkpoints: number
  /** Over the settled stages, their rounds and subjects, whatever the order in which they were settled. */
  readonly checksum: string
  /** Why it is paused: a person's word or a budget; `escalated`: a failed stage waits for a person's word. */
  readonly reason: string | null
  /** Why it failed: the first failure that nothing handled. */
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

/** What an open stage waits for: its items or child runs, a person's yes, a person's word on its failure, a time, a signal. */
export type StageWaiting = 'work' | 'approval' | 'decision' | 'time' | 'signal'

/**
 * Why a stage was skipped. `when`: its condition did not hold. `not_taken`: a branch chose otherwise. `failed`: it failed, and
 * the run goes on without it. `needs_failed`: what it needs failed, and something else takes care of that. `by_hand`: a person's word.
 */
export type SkipReason = 'when' | 'not_taken' | 'failed' | 'needs_failed' | 'by_hand'

/** One stage of a run in its latest round. Made when it is first touched. */
export interface StageRow {
  /** `RUN/STAGE`. */
  readonly id: string
  readonly run: string
  readonly stage: string
  readonly state: StageState
  /** Place in the definition: who waits for a turn goes in this order. */
  readonly position: number
  /** 1 for the first; loops, gates and retries by hand raise it. What belongs to an earlier round no longer counts. */
  readonly round: number
  /** Null unless it is open. */
  readonly waiting: StageWaiting | null
  /** Of a loop: rounds that were not the last. Of a gate: rejections. Counts against `maxRounds`. */
  readonly tries: number
  /** Stages that it needs and that are not settled. */
  readonly unmet: number
  /** Of what it needs and is settled, how many count: all but those whose arm was not taken. None of all: nor is its own. */
  readonly live: number
  /** Of what it needs, how many failed. A gate and a branch take that as a fact; anything else is skipped. */
  readonly broken: number
  /** Items or child runs of this round: 1, or the elements of a map. */
  readonly size: number
  readonly posted: number
  readonly succeeded: number
  readonly failures: number
  /** The item, child run or request that it waits for or that gave its result; null for a map. */
  readonly subject: string | null
  /** What a verdict is bound to: the git tree of the change; of several changes, the hash of theirs. */
  readonly tree: string | null
  /**
   * Of a branch: the case. Of a gate: `approve`, `request_changes`, `veto`. Of a skipped one: the {@link SkipReason}. Of a failed
   * one: `handled` where a gate or a branch takes care of it. `accept_best` where no round was good enough.
   */
  readonly decision: string | null
  /** 1 where it is settled with less than was wanted. */
  readonly flawed: 0 | 1
  /** Scores by round, that of the first in front, 0 to 100; null where a round had none. */
  readonly scores: readonly (number | null)[]
  /** The round with the best score since it began, the latest of equals. */
  readonly best: number | null
  /** The stage, and the round of it, that says what is to be better: a gate, what the gate judged, or what failed. */
  readonly feedbackStage: string | null
  readonly feedbackRound: number | null
  /** Of a gate: verdicts in a row that were about work which had changed meanwhile. */
  readonly outdated: number
  /** A word from outside that came before its stage, or with it. */
  readonly signal: StoredText | null
  /** When it goes on by itself, ms since the epoch. */
  readonly wakeAt: number | null
  readonly error: ErrorData | null
  readonly startedAt: number | null
  readonly settledAt: number | null
}
