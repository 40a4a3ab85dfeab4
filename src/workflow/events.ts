/** What the log says about workflows, their runs and stages. Times are ms since the epoch. */
import type { ErrorData } from '../errors.ts'
import type { StoredText } from '../json.ts'
import type { RunState } from './run.ts'

/** The stage of a run in one of its rounds. */
interface StageFact {
  readonly run: string
  readonly stage: string
  readonly round: number
}

export interface WorkflowEvents {
  'workflow.defined': { readonly workflow: string; readonly definition: string }

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
  /** A wave has ended: everything of it is settled, and what follows has not begun. */
  'run.checkpointed': { readonly run: string; readonly number: number; readonly checksum: string }
  'run.ended': {
    readonly run: string
    readonly state: Exclude<RunState, 'running' | 'paused'>
    readonly error: ErrorData | null
  }
  /** Its stages, rounds and items are forgotten, so that its name is as before its first run. */
  'run.removed': { readonly run: string }

  /** Something that it needs is settled; the last of it makes it `stage.queued`. */
  'stage.met': StageFact & { readonly live: boolean }
  'stage.queued': StageFact
  /** `subject`: what it waits for. `size`: how many items or child runs it is made of. */
  'stage.opened': StageFact & {
    readonly size: number
    readonly subject: string | null
    readonly wakeAt: number | null
  }
  /** So many items of a map are posted. */
  'stage.posted': StageFact & { readonly posted: number }
  /** One of several items is settled. */
  'stage.counted': StageFact & { readonly succeeded: boolean }
  /** A round ended that was not the last one. */
  'stage.scored': StageFact & { readonly score: number | null }
  'stage.done': StageFact & {
    readonly subject: string | null
    readonly tree: string | null
    readonly decision: string | null
    readonly score: number | null
  }
  /** `handled`: a branch or a gate that needs it takes it as a fact, so that the run has not failed with it. */
  'stage.failed': StageFact & { readonly error: ErrorData; readonly handled: boolean; readonly subject: string | null }
  'stage.skipped': StageFact & { readonly why: string }
  'stage.cancelled': StageFact
  /** It begins again in a further round; what rests on it is `pending` again, and proves nothing any more. */
  'stage.rewound': StageFact & {
    readonly unmet: number
    readonly live: number
    /** The gate, and the round of it, whose issues are the feedback; null where a person asked for it. */
    readonly feedbackStage: string | null
    readonly feedbackRound: number | null
  }
  'stage.signalled': StageFact & { readonly value: StoredText }
}
