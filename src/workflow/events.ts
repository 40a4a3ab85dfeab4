/** What the log says about workflows, their runs and stages. Times are ms since the epoch. */
import type { ErrorData } from '../errors.ts'
import type { StoredText } from '../json.ts'
import type { RunState, SkipReason, StageWaiting } from './run.ts'

/** The stage of a run in one of its rounds. */
interface StageFact {
  readonly run: string
  readonly stage: string
  readonly round: number
  /** Place in the definition, and how many stages it needs: a row is made by the first event that touches it. */
  readonly position: number
  readonly needs: number
}

export interface WorkflowEvents {
  'workflow.defined': {
    readonly workflow: string
    readonly definition: string
    /** It came with Atelier, and nobody has put another one in its place. */
    readonly shipped: boolean
  }

  'run.started': {
    readonly run: string
    readonly workflow: string
    readonly definition: string
    readonly inputs: StoredText
    readonly change: string
    readonly parentRun: string | null
    readonly parentStage: string | null
    readonly parentRound: number | null
    readonly parentIndex: number | null
    readonly total: number
  }
  'run.paused': { readonly run: string; readonly reason: string }
  'run.resumed': { readonly run: string }
  /** It had ended and goes on, as a person wants a stage done again or skipped; its steps count anew. */
  'run.reopened': { readonly run: string; readonly stage: string }
  /** Something went otherwise than was hoped, and the run goes on: its budget is nearly used up, or an expert had no answer. */
  'run.warned': { readonly run: string; readonly stage: string | null; readonly message: string }
  /** A wave has ended: everything of it is settled, and what follows has not begun. */
  'run.checkpointed': { readonly run: string; readonly number: number; readonly checksum: string }
  'run.ended': {
    readonly run: string
    readonly state: Exclude<RunState, 'running' | 'paused'>
    readonly error: ErrorData | null
  }
  /** Its stages, rounds and items are forgotten, so that its name is as before its first run. */
  'run.removed': { readonly run: string; readonly stages: readonly string[] }

  /**
   * Something that it needs is settled. `live`: it does not lie on an arm that was not taken. `broken`: it has failed.
   * With the last of it the stage may start.
   */
  'stage.met': StageFact & { readonly live: boolean; readonly broken: boolean }
  'stage.queued': StageFact
  /** An execution has begun. `subject`: what it waits for. `size`: how many items or child runs it is made of. */
  'stage.opened': StageFact & {
    readonly size: number
    /** Null: it is decided in the same commit. */
    readonly waiting: StageWaiting | null
    readonly subject: string | null
    readonly wakeAt: number | null
  }
  /** So many items of a map are posted in all. */
  'stage.posted': StageFact & { readonly posted: number }
  /** One of several items is settled; so many are posted now. */
  'stage.counted': StageFact & { readonly succeeded: boolean; readonly posted: number }
  /** A round ended that was not good enough. */
  'stage.scored': StageFact & { readonly score: number | null; readonly decision: string | null }
  /** It failed, and a person is asked what follows. */
  'stage.escalated': StageFact & { readonly error: ErrorData }
  'stage.done': StageFact & {
    readonly subject: string | null
    readonly tree: string | null
    readonly decision: string | null
    readonly score: number | null
    /** With less than was wanted. */
    readonly flawed: boolean
  }
  /** `handled`: a branch or a gate that needs it takes it as a fact, so that the run has not failed with it. */
  'stage.failed': StageFact & { readonly error: ErrorData; readonly handled: boolean }
  'stage.skipped': StageFact & { readonly why: SkipReason; readonly error: ErrorData | null }
  'stage.cancelled': StageFact
  /** It begins again in `round`; what rests on it is `pending` again, and proves nothing any more. */
  'stage.rewound': StageFact & {
    readonly unmet: number
    readonly live: number
    readonly broken: number
    readonly tries: number
    /** A person had it skipped, and that holds for this round, too. */
    readonly keepsSkip: boolean
    /** What says what is to be better; null where nothing does. */
    readonly feedbackStage: string | null
    readonly feedbackRound: number | null
    /** Verdicts in a row that were about work which had changed meanwhile. */
    readonly outdated: number
  }
  'stage.signalled': StageFact & { readonly value: StoredText }
}
