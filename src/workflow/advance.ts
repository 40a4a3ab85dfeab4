/**
 * The interpreter: what follows in a run from one thing that happened. Pure and total: it never throws, and it reads the rows
 * that it is given and no others, as many at 10,000 stages as at 100.
 */
import type { ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { Json, StoredText } from '../json.ts'
import type { Plan } from './plan.ts'
import type { RunRow, StageRow } from './run.ts'

/** How an item or a child run of a stage ended. */
export type Outcome =
  | { readonly ok: true; readonly tree: string | null }
  | { readonly ok: false; readonly error: ErrorData }

/** What happened to a run. */
export type Happening =
  | { readonly on: 'started' }
  /** An item or child run is settled; `index` is that of a map's element, else 0. */
  | {
      readonly on: 'settled'
      readonly stage: string
      readonly round: number
      readonly index: number
      readonly outcome: Outcome
    }
  /** A person has answered an approval, or what a stage escalated. */
  | {
      readonly on: 'answered'
      readonly stage: string
      readonly round: number
      readonly answer: { readonly choice: 'approve' | 'reject' | 'retry' | 'skip' | 'abort'; readonly comment: string | null }
    }
  /** The time of a stage has come. */
  | { readonly on: 'woken'; readonly stage: string; readonly round: number }
  | { readonly on: 'signalled'; readonly signal: string; readonly value: StoredText }
  | { readonly on: 'paused'; readonly reason: string }
  | { readonly on: 'resumed' }
  | { readonly on: 'cancelled'; readonly reason: string }
  | { readonly on: 'skipped'; readonly stage: string }
  /** A person wants it, and what rests on it, done again. */
  | { readonly on: 'retried'; readonly stage: string }

/** The rows and values that a step may look at: those that `readsOf` named. */
export interface Slice {
  readonly run: RunRow
  stage(id: string): StageRow | undefined
  /** Queued stages in order of their place, as many as could start now. */
  readonly queued: readonly StageRow[]
  /** The result of a settled stage; undefined where it has none. Only those that an expression of this step names. */
  result(stage: string): Json | undefined
  readonly inputs: Readonly<Record<string, Json>>
}

/** What is to be done in the same commit. The effects turn it into events of the board, the inbox and of child runs. */
export type Command =
  | { readonly do: 'event'; readonly event: NewEvent }
  /** Post the work of a stage as an item, or start it as a child run; of a map, elements `from` to `to` (exclusive). */
  | { readonly do: 'post'; readonly stage: string; readonly round: number; readonly from: number; readonly to: number }
  /** Cancel what is open of a stage's earlier round. */
  | { readonly do: 'cancel'; readonly stage: string; readonly round: number; readonly reason: string }
  /** Ask a person: an approval, or what to do with a stage that failed (`retry`, `skip`, `abort`). */
  | { readonly do: 'ask'; readonly stage: string; readonly round: number; readonly kind: 'approval' | 'escalation' }

/** Which rows and values a happening needs, beyond those of `first`: asked again until nothing new is named. */
export interface Reads {
  readonly stages: readonly string[]
  readonly results: readonly string[]
}

export type { Plan }
