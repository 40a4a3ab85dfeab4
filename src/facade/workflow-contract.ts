/** The members of a workshop that are about workflows. */
import type { AtelierEvent } from '../events.ts'
import type { Json } from '../json.ts'
import type { StageFunction } from '../runs/perform.ts'
import type { RunPlan } from '../runs/plan-types.ts'
import type {
  CheckpointLevel,
  CheckpointView,
  RunOutcome,
  RunView,
  TraceLine,
  WorkflowGraph,
  WorkflowLine,
} from '../runs/view-types.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { AnyStage, WorkflowInput, WorkflowOptions } from '../workflow/input.ts'
import type { StageResults, TypedWorkflow } from '../workflow/typed.ts'
import type { Defined, WaitOptions } from './contract.ts'
import type { WorkflowCheck } from './project-workflows.ts'

/** What only reads workflows. */
export interface WorkflowViews {
  /** Every workflow, with how its last run stands. */
  workflows(): Promise<readonly WorkflowLine[]>
  /**
   * A run by its id, or the last run of a workflow by its name, without a name the last of all: each stage with its item, its rounds and what it waits for;
   * null where there is no run yet.
   */
  workflowStatus(workflowOrRun?: string): Promise<RunView | null>
  /**
   * The definition of a workflow by its name or by the path of a file, or that to which a run is pinned.
   * @throws AtelierError `not_found` with the nearest names, or what is wrong with the file
   */
  workflowDefinition(workflowOrRun: string): Promise<WorkflowDefinition>
  /** The stages in waves and the ways between them, also as Mermaid; of a run, with how its stages stand. */
  workflowGraph(workflowOrRun: string): Promise<WorkflowGraph>
  /** All that is wrong with workflows, by name or path; without any, with those in the files of the project. Starts nothing. */
  validateWorkflows(namesOrFiles?: readonly string[]): Promise<readonly WorkflowCheck[]>
  /**
   * The latest checkpoints of a run that are still of use, newest first: how it stood, and what came next. They are there to be read and handed over; a run
   * goes on from where it stands, whichever of them is looked at.
   */
  checkpoints(workflowOrRun: string, options?: CheckpointOptions): Promise<readonly CheckpointView[]>
  /** Who made what from what in a run. */
  trace(workflowOrRun: string): Promise<readonly TraceLine[]>
}

export interface CheckpointOptions {
  /** How many at most; default 5. */
  readonly limit?: number | undefined
  /** How much of each; default `summary`. */
  readonly level?: CheckpointLevel | undefined
  /** Also those that are of no more use: of waves whose run is over, and the last one when that was a week ago. */
  readonly all?: boolean | undefined
}

/** What became of each file of an exported workflow. */
export interface WorkflowExport {
  readonly workflow: string
  /** Paths in the project; `kept` are those that were there before. */
  readonly written: readonly string[]
  readonly kept: readonly string[]
  /** The workflow in YAML, where it was a file of another system; nothing is written then. */
  readonly text: string | null
}

export interface RunOptions {
  /** By name. Those with a default may be left out. */
  readonly inputs?: Readonly<Record<string, Json>> | undefined
}

/** A run that was started. It goes on without the handle, in whatever process. Of a workflow in TypeScript it knows the types of the results. */
export interface RunHandle<Results extends StageResults = Readonly<Record<string, Json>>, Result = Json> {
  readonly id: string
  status(): Promise<RunView>
  /** Waits for its end, whatever it is; throws only `timeout` or `cancelled` of the wait. */
  ended(options?: WaitOptions): Promise<RunOutcome>
  /** Waits for its end; throws the error with which it failed. */
  result(options?: WaitOptions): Promise<Result>
  /**
   * The result of one of its stages. Waits for the end of the run, as before it a stage may have another round.
   * @throws AtelierError with which the run failed, `no_result` where the stage was skipped or makes none, `not_found` where there is no such stage
   */
  result<Stage extends keyof Results & string>(stage: Stage, options?: WaitOptions): Promise<Results[Stage]>
  cancel(reason?: string): Promise<void>
  /** No stage starts any more; what runs ends. */
  pause(reason?: string): Promise<void>
  resume(): Promise<void>
  /** Lets what needs a stage go on without it. */
  skip(stage: string): Promise<void>
  /** Does a stage again, and what rests on it; without a name the first that has failed. */
  retry(stage?: string): Promise<void>
  /** A word from outside, for stages that wait for it. */
  signal(name: string, value?: Json): Promise<void>
  /** Its events as they are committed, from its start on, up to its end. */
  events(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<AtelierEvent>
}

/** What changes workflows and their runs. */
export interface WorkflowMembers extends WorkflowViews {
  /** Defines a workflow; the same name again replaces it, and runs that there are keep theirs. */
  workflow(name: string, stages: readonly AnyStage[], options?: WorkflowOptions): Defined
  workflow(definition: WorkflowDefinition | WorkflowInput): Defined
  /** A function that stages may name, run by this process while it hosts. */
  fn(name: string, run: StageFunction): void
  /**
   * Starts a run, of a workflow by its name, by the path of a file, or as a whole, which defines it first; resolves when it is stored.
   * @throws AtelierError `not_found` for the workflow or for a file that a stage takes from, `already_running`, `invalid_input`,
   * `no_capable_agent` where nobody can do a stage
   */
  runWorkflow<Results extends StageResults, Result>(
    workflow: TypedWorkflow<Results, Result>,
    options?: RunOptions,
  ): Promise<RunHandle<Results, Result>>
  runWorkflow(
    nameOrWorkflow: string | WorkflowDefinition | WorkflowInput,
    options?: RunOptions,
  ): Promise<RunHandle>
  /** What `runWorkflow` would do, and why it would not: its waves, who would do what, files, bounds of the cost. Stores nothing. */
  planWorkflow(name: string, options?: RunOptions): Promise<RunPlan>
  /** The handle of a run that was started before, here or elsewhere. */
  run(id: string): RunHandle
  /**
   * Writes a workflow that comes with Atelier, and the roles that play in it, to files of the project, which count from then on. A
   * file that is there is left as it is. Of the path of a file of another system it gives the text in our form, and writes nothing.
   * @throws AtelierError `not_found` where none of that name comes with Atelier; what is wrong with the file
   */
  exportWorkflow(nameOrFile: string): Promise<WorkflowExport>
  /** These take a run, or a workflow for its last run, and give how it stands then. No stage starts while a run is paused. */
  pauseRun(workflowOrRun: string, reason?: string): Promise<RunView>
  resumeRun(workflowOrRun: string): Promise<RunView>
  cancelRun(workflowOrRun: string, reason?: string): Promise<RunView>
  /** Lets what needs a stage go on without it. */
  skipStage(workflowOrRun: string, stage: string): Promise<RunView>
  /** Does a stage again, and what rests on it; without a name the first that has failed. */
  retryStage(workflowOrRun: string, stage?: string): Promise<RunView>
  /** A word from outside, for stages that wait for it. */
  signalRun(workflowOrRun: string, signal: string, value?: Json): Promise<RunView>
  /** Forgets the runs of a workflow, with their items, as if it had only been defined; gives their ids. */
  resetWorkflow(name: string): Promise<readonly string[]>
}
