/** What is told about workflows and their runs. Times are ms since the epoch, money is USD. */
import type { ErrorData } from '../errors.ts'
import type { Json } from '../json.ts'
import type { CheckpointContents, CheckpointType } from '../workflow/checkpoint.ts'
import type { StageKind } from '../workflow/definition.ts'
import type { GraphEdge, GraphNode } from '../workflow/graph.ts'
import type { WorkflowMetrics } from '../workflow/metrics.ts'
import type { RunState, StageState } from '../workflow/run.ts'

/** A workflow with its last run. */
export interface WorkflowLine {
  readonly name: string
  readonly description: string | null
  /** `defined` before the first run; else how the last one stands. `invalid`: its file is no workflow. */
  readonly status: 'defined' | 'invalid' | RunState
  readonly stages: number
  readonly runs: number
  /** The last run; null before the first. */
  readonly run: string | null
  /** Null where it stands in a file and no command has needed it yet. */
  readonly definedAt: number | null
  /** Where it comes from: a program, a file of the project, or Atelier itself. */
  readonly source: 'defined' | 'file' | 'shipped'
  /** The file of the project in which it stands; null where it stands in none. */
  readonly file: string | null
  /** What is wrong with its file. */
  readonly problem: string | null
}

/** One stage of a run, in its latest round. */
export interface StageView {
  readonly stage: string
  readonly title: string
  readonly kind: StageKind
  readonly status: StageState
  readonly round: number
  readonly needs: readonly string[]
  /** Who or what does it, as the definition says: an agent, `run: npm test`, `a person`. */
  readonly who: string
  /** What it waits for, in words; null where it waits for nothing. */
  readonly why: string | null
  /** The command line that helps it on, where somebody has to do something. */
  readonly help: string | null
  /** The item or child run of its latest round; null for a map, and for what posts nothing. */
  readonly item: string | null
  /** Who works on it or did so last. */
  readonly owner: string | null
  /** Of a map: how many elements there are, how many are posted, done and failed. */
  readonly elements: {
    readonly size: number
    readonly posted: number
    readonly done: number
    readonly failed: number
  } | null
  /** Of a branch the case, of a gate the verdict, of a skipped one why. */
  readonly decision: string | null
  readonly scores: readonly (number | null)[]
  readonly costUsd: number
  readonly error: ErrorData | null
  readonly startedAt: number | null
  readonly settledAt: number | null
}

/** One run with its stages. */
export interface RunView {
  readonly id: string
  readonly workflow: string
  readonly status: RunState
  /** Why it is paused, or waits for a person. */
  readonly reason: string | null
  readonly error: ErrorData | null
  readonly inputs: Readonly<Record<string, Json>>
  readonly stages: readonly StageView[]
  /** Runs within it, by id. */
  readonly children: readonly string[]
  readonly steps: number
  readonly checkpoints: number
  readonly costUsd: number
  readonly metrics: WorkflowMetrics
  /** What the estimate rests on: how long its stages took in an earlier run, or an assumption. */
  readonly estimatedFrom: 'earlier_run' | 'assumption'
  /** Whether a host runs that could do its work. */
  readonly isHosted: boolean
  readonly startedBy: string
  readonly startedAt: number
  readonly settledAt: number | null
}

/** A run that has ended, or that nobody waited for. */
export interface RunOutcome extends RunView {
  /** Null while it has none. */
  readonly result: Json
  /** Nobody waited for it, whether it has ended meanwhile or not. */
  readonly detached?: true
}

/**
 * How much a checkpoint hands over: `summary` how many stages stand where, and what comes next; `context` also which they are, and
 * what they have brought; `full` also every stage as it stood.
 */
export type CheckpointLevel = 'summary' | 'context' | 'full'

/** A run as it stood when all that ran of it was settled, or when its budget called for it. */
export interface CheckpointView {
  readonly run: string
  /** 1 for the first of its run. */
  readonly number: number
  /** `feature-phase-2-complete`. */
  readonly name: string
  readonly type: CheckpointType
  readonly priority: CheckpointContents['priority']
  readonly at: number
  readonly level: CheckpointLevel
  /** Such as `3/4 complete; 1 running`. */
  readonly summary: string
  readonly counts: Readonly<Record<keyof CheckpointContents['tasks'], number>>
  readonly nextActions: readonly string[]

  /** From `context` on: who worked on it until then. */
  readonly agents?: readonly string[]
  readonly tasks?: CheckpointContents['tasks']
  /** By stage. */
  readonly results?: Readonly<Record<string, Json>>

  /** Of `full`. */
  readonly checksum?: string
  readonly stages?: readonly CheckpointStage[]
}

/** A stage as it stood at a checkpoint. */
export type CheckpointStage = Pick<
  StageView,
  'stage' | 'status' | 'round' | 'item' | 'decision' | 'scores' | 'error' | 'startedAt' | 'settledAt'
>

/** A workflow as a drawing; of a run, with how its stages stand. */
export interface WorkflowGraph {
  readonly workflow: string
  /** Null: the definition alone. */
  readonly run: string | null
  readonly status: RunState | null
  readonly nodes: readonly (GraphNode & {
    readonly status: StageState | null
    readonly round: number | null
  })[]
  readonly edges: readonly GraphEdge[]
  readonly waves: readonly (readonly string[])[]
  /** The same as a Mermaid flowchart. */
  readonly mermaid: string
}

/** Who made what from what: one line for each item that a run has posted, oldest first. */
export interface TraceLine {
  readonly item: string
  readonly stage: string
  readonly round: number
  readonly owner: string | null
  readonly status: string
  /** The stages, with their rounds, whose results it was given, and the files. */
  readonly from: readonly string[]
  /** What said what was to be better, with its round: a gate, the failure before it, a round of a loop, or a merge. Null where nothing did. */
  readonly feedback: string | null
  /** The beginning of what it made; null where it made nothing. */
  readonly result: string | null
  readonly costUsd: number
  readonly settledAt: number | null
}
