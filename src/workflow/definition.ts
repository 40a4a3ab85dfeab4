/**
 * A workflow as it is stored: JSON, checked and with every default filled in, pinned by the hash of its text.
 * YAML and TypeScript are two ways to write it.
 */
import type { Priority } from '../board/priority.ts'
import type { VerifyCommand } from '../board/definition.ts'
import type { RetryPolicy } from '../board/retry-policy.ts'
import type { Json } from '../json.ts'

/** An expression in CEL, the Common Expression Language. What it may name stands in `expressions.ts`. */
export type Expression = string

/** A JSON Schema. */
export type JsonSchema = { readonly [key: string]: Json | undefined }

export interface WorkflowDefinition {
  readonly name: string
  readonly description: string | null
  /** What a run is started with, by name. */
  readonly inputs: Readonly<Record<string, InputDefinition>>
  /** In the order in which they were written; ids are unique. */
  readonly stages: readonly StageDefinition[]
  /** The stage whose result is that of the run; null: the results of all stages that nothing depends on, by id. */
  readonly result: string | null
  /** Stages that run at the same time. */
  readonly concurrency: number
  /** Executions of stages, rounds included, after which a run fails. */
  readonly maxSteps: number
  /** Limit of what a run may cost, USD. */
  readonly budgetUsd: number | null
  /** When its work comes to the target: once after the last stage, or with each stage. */
  readonly integrate: 'end' | 'each'
  /** Two runs of it may run at the same time. */
  readonly concurrentRuns: boolean
}

export interface InputDefinition {
  readonly description: string | null
  /** A value must fit; `{}` takes any. */
  readonly schema: JsonSchema
  /** Absent: a value must be given. */
  readonly default?: Json
}

/** Where a stage's input comes from. A stage is a dependency, too. */
export type Source =
  | { readonly stage: string }
  /** A file of the project, read when the run starts. `{{ inputs.x }}` in its path stands for an input: see `filesOf`. */
  | { readonly file: string }
  /** A value of an expression, by name. */
  | { readonly name: string; readonly value: Expression }

/** What becomes of a run in which a stage has failed for good. */
export type OnFailure = 'fail' | 'retry' | 'skip' | 'escalate'

/** Which of several failures a fan-out survives: all, none, or as many as leave this share of successes (0 to 1). */
export type FailurePolicy = 'continue' | 'fail_fast' | { readonly quorum: number }

interface StageBase {
  readonly id: string
  readonly title: string
  /** Stages that must be settled before; those of `from` and of expressions included, without repetition. */
  readonly needs: readonly string[]
  readonly from: readonly Source[]
  /** Skipped where this is false; what depends on it runs all the same. */
  readonly when: Expression | null
  /** Skipped, and what depends on nothing else with it, unless this branch chose it. */
  readonly arm: { readonly branch: string; readonly case: string } | null
  readonly onFailure: OnFailure
}

/** Who runs an item of a stage, and how. */
export interface WorkDefinition {
  readonly agent: string | null
  readonly profile: string | null
  readonly capability: string | null
  /** Board workers of this type take it where some run; null: nobody but its agent. */
  readonly type: string | null
  readonly priority: Priority
  /** What is to be done in full; `{{ expression }}` in it stands for a value. */
  readonly spec: string | null
  /** The answer must be JSON that fits; asked for once more where it does not. */
  readonly output: JsonSchema | null
  readonly retry: RetryPolicy
  readonly fallback: readonly string[]
  /** Wall clock of one attempt, ms. */
  readonly timeoutMs: number | null
  readonly maxCostUsd: number | null
  readonly verify: readonly VerifyCommand[]
  /** A worktree of its own on the run's change; else the project folder, as for agents that are asked directly. */
  readonly worktree: boolean
  readonly access: 'write' | 'read'
  readonly session: 'continue' | 'fresh'
  /** A stage or agent that is consulted before; its answer is put in front as guidance. */
  readonly consult: string | null
}

/** One turn of an agent. */
export interface AgentWork extends WorkDefinition {
  readonly kind: 'agent'
}

/** A command for the shell, run by the engine in the change's checkout. */
export interface RunWork {
  readonly kind: 'run'
  readonly run: string
  /** Values for it by the names of variables: nothing is ever put into the line itself, where it could be a command. */
  readonly env: Readonly<Record<string, Expression>>
  readonly timeoutMs: number
  readonly retry: RetryPolicy
  readonly worktree: boolean
  /** `text`: what it printed; `json`: that, parsed. */
  readonly output: 'text' | 'json'
}

/** Another workflow, or stages of its own, as a run of its own on the same change. */
export interface ChildWork {
  readonly kind: 'workflow'
  /** By name, or as a whole: body of a loop or a map with several stages. */
  readonly workflow: string | WorkflowDefinition
  readonly inputs: Readonly<Record<string, Expression>>
}

/** A function of TypeScript, run by a host that registered it. */
export interface FunctionWork {
  readonly kind: 'fn'
  readonly fn: string
  readonly retry: RetryPolicy
  readonly timeoutMs: number | null
}

/** Does nothing, durably: for joints in a graph, and to measure. */
export interface NoWork {
  readonly kind: 'noop'
}

/** What is posted as an item, or started as a run of its own. */
export type Work = AgentWork | RunWork | ChildWork | FunctionWork | NoWork

/** Does its work once. */
export interface WorkStage extends StageBase {
  readonly kind: 'work'
  readonly work: Work
}

/** Does its work again, with the result of the round before, until the expression holds. */
export interface LoopStage extends StageBase {
  readonly kind: 'loop'
  readonly work: Work
  readonly until: Expression
  readonly maxRounds: number
  readonly onExhausted: OnExhausted
}

export type OnExhausted = 'fail' | 'accept_best' | 'escalate'

/** Does its work for each element of a list. */
export interface MapStage extends StageBase {
  readonly kind: 'map'
  readonly work: Work
  /** Gives a list. */
  readonly over: Expression
  /** Elements at the same time. */
  readonly limit: number
  readonly policy: FailurePolicy
}

/** Decides whether the work before it holds. A failure before it counts as a rejection. */
export interface GateStage extends StageBase {
  readonly kind: 'gate'
  /** The stages that it judges: of them the last writer's tree is what the verdict is bound to. */
  readonly judge:
    | { readonly by: 'expression'; readonly pass: Expression }
    /** A reviewer whose answer is a verdict; `pass` is over `score`, `verdict` and `issues`. */
    | { readonly by: 'reviewer'; readonly work: AgentWork; readonly pass: Expression }
    /** A person, through the inbox. */
    | {
        readonly by: 'person'
        readonly question: string
        readonly timeoutMs: number | null
        readonly onTimeout: 'approve' | 'reject' | null
      }
  /** The stage whose next round a rejection posts, with the issues as feedback; null: the run fails. */
  readonly onReject: string | null
  readonly maxRounds: number
  readonly onExhausted: OnExhausted
}

/** Chooses arms by the first case that holds. A failure before it is a fact for its cases, and no failure of the run. */
export interface BranchStage extends StageBase {
  readonly kind: 'branch'
  readonly cases: readonly { readonly name: string; readonly when: Expression }[]
  /** The case where none holds; null: no arm is taken. */
  readonly otherwise: string | null
}

/** Waits for a time, or for a word from outside. */
export interface WaitStage extends StageBase {
  readonly kind: 'wait'
  readonly until:
    | { readonly for: 'time'; readonly ms: number }
    | { readonly for: 'signal'; readonly signal: string; readonly timeoutMs: number | null }
}

/** Brings the changes of parallel writers together on the run's change. */
export interface JoinStage extends StageBase {
  readonly kind: 'join'
}

export type StageDefinition =
  | WorkStage
  | LoopStage
  | MapStage
  | GateStage
  | BranchStage
  | WaitStage
  | JoinStage

export type StageKind = StageDefinition['kind']
