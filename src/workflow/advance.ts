/**
 * The interpreter: what follows in a run from one thing that happened. Pure and total: it never throws, and it reads the rows
 * that it is given and no others, as many at 10,000 stages as at 100.
 *
 * How the effects use it, in the transaction in which something happens to a run:
 *
 *     const slice = newSlice(run, inputs)
 *     for (;;) {
 *       const { reads, commands } = advance(plan, slice, happening, now)
 *       if (isNothing(reads)) return commands
 *       // put into the slice what they name
 *     }
 *
 * - The run is started by `run.started`; its row is `startedRun(event)`, and `{ on: 'started' }` comes in the same commit.
 * - What happened to an earlier round, or to something that is settled, gives no commands. Of a map, the end of each element is
 *   told once: its row counts the elements, and does not remember which.
 * - There are no commands while a step asks for more than the slice has.
 */
import type { ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { Json, StoredText } from '../json.ts'
import { cancelRun, pauseRun, resumeIfAnswered, resumeRun, retryStage, skipByHand } from './by-hand.ts'
import { finish } from './ending.ts'
import { answered, settled, signalled, woken } from './happenings.ts'
import { hasEnded } from './lifecycle.ts'
import type { Plan } from './plan.ts'
import type { RunRow, StageRow } from './run.ts'
import { startReady } from './starting.ts'
import { Step, type HeldState } from './step.ts'

/** How an item or a child run of a stage ended. */
export type Outcome =
  | {
      readonly ok: true
      /** The content of the changes now; null where they have none. */
      readonly tree: string | null
      /** That with which the work began; what it made of it itself is no difference. */
      readonly began: string | null
    }
  | { readonly ok: false; readonly error: ErrorData }

/** What a person says to an approval (`approve`, `reject`), or to the failure of a stage (`retry`, `skip`, `abort`). */
export type Choice = 'approve' | 'reject' | 'retry' | 'skip' | 'abort'

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
      readonly answer: {
        readonly choice: Choice
        readonly comment: string | null
        /** The content of the changes when it was asked, and now. */
        readonly began: string | null
        readonly tree: string | null
      }
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

/** The rows and values that a step may look at: those that {@link advance} named. The effects fill the maps. */
export interface Slice {
  readonly run: RunRow
  readonly inputs: Readonly<Record<string, Json>>
  /** Rows by id of the stage; null: there is none. */
  readonly stages: Map<string, StageRow | null>
  /**
   * Results by stage and round, as `resultKey` makes it: of an item or a child run; of a map the list of its elements' results, null
   * where one failed; of a wait the
   * value of its signal, where that is long. Null: there is none.
   */
  readonly results: Map<string, Json | null>
  /** The first queued stages in order of their place. */
  queued: readonly StageRow[]
  /** Every stage in a state. */
  readonly states: Map<HeldState, readonly StageRow[]>
}

/** A stage in one of its rounds. */
export interface RoundOf {
  readonly stage: string
  readonly round: number
}

/** Which rows and values a step needs and does not have. */
export interface Reads {
  readonly stages: readonly string[]
  readonly results: readonly RoundOf[]
  /** So many of the first queued stages in all; 0: none. */
  readonly queued: number
  readonly states: readonly HeldState[]
}

/** What is to be done in the same commit. The effects turn it into events of the board, the inbox and of child runs. */
export type Command =
  | { readonly do: 'event'; readonly event: NewEvent }
  /** Post the work of a stage as an item, or start it as a child run; of a map, elements `from` to `to` (exclusive). */
  | {
      readonly do: 'post'
      readonly stage: string
      readonly round: number
      readonly from: number
      readonly to: number
    }
  /** Cancel what is open of a stage's round: items, child runs and requests. */
  | { readonly do: 'cancel'; readonly stage: string; readonly round: number; readonly reason: string }
  /** Ask a person: an approval, or what to do with a stage that failed (`retry`, `skip`, `abort`). */
  | {
      readonly do: 'ask'
      readonly stage: string
      readonly round: number
      readonly kind: 'approval' | 'escalation'
    }

/** A slice in which nothing is loaded yet. */
export function newSlice(run: RunRow, inputs: Slice['inputs']): Slice {
  return { run, inputs, stages: new Map(), results: new Map(), queued: [], states: new Map() }
}

/** True if nothing more is to be read. */
export function isNothing({ stages, results, queued, states }: Reads): boolean {
  return stages.length === 0 && results.length === 0 && queued === 0 && states.length === 0
}

/** What a step still needs, or else what follows from what happened. */
export interface Advanced {
  readonly reads: Reads
  /** In order. None where it is stale, or about nothing that there is. */
  readonly commands: readonly Command[]
}

/** Works out what follows from what happened; asked again until nothing more is to be read. */
export function advance(plan: Plan, slice: Slice, happening: Happening, now: number): Advanced {
  const step = new Step(plan, slice, now)
  if ('stage' in happening && !plan.stages.has(happening.stage)) return { reads: step.wanted(), commands: [] }
  if (hasRows(step, happening)) {
    happen(step, happening)
    resumeIfAnswered(step)
    startReady(step)
    finish(step)
  }
  return { reads: step.wanted(), commands: step.misses > 0 ? [] : step.commands }
}

/** What most steps read is asked for at once: the stage that has ended, and those that are told. */
function hasRows(step: Step, happening: Happening): boolean {
  if (happening.on !== 'settled') return true
  const { definition, successors } = step.plannedOf(step.stage(happening.stage))
  if (step.misses === 0) return true
  if (definition.kind === 'work' || definition.kind === 'join')
    for (const each of successors) step.stage(each)
  return false
}

function happen(step: Step, happening: Happening): void {
  const isByHand = happening.on === 'skipped' || happening.on === 'retried'
  if (hasEnded(step.run.state) && !isByHand) return
  switch (happening.on) {
    case 'started':
      step.ready.push(...step.plan.roots)
      return
    case 'settled':
      settled(step, happening)
      return
    case 'answered':
      answered(step, happening)
      return
    case 'woken':
      woken(step, happening)
      return
    case 'signalled':
      signalled(step, happening)
      return
    case 'paused':
      pauseRun(step, happening.reason)
      return
    case 'resumed':
      resumeRun(step)
      return
    case 'cancelled':
      cancelRun(step, happening.reason)
      return
    case 'skipped':
      skipByHand(step, happening.stage)
      return
    case 'retried':
      retryStage(step, happening.stage)
  }
}
