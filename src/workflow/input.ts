/**
 * A workflow as people write it: short forms, and only what differs from the defaults. In YAML the fields are written in
 * snake_case (`on_reject`), in TypeScript in camelCase.
 */
import type { VerifyInput } from '../board/definition-schema.ts'
import type { Priority } from '../board/priority.ts'
import type { RetryOptions } from '../board/retry-schema.ts'
import type { Json } from '../json.ts'
import type { Duration } from '../time/duration.ts'
import type { Expression, JsonSchema, OnExhausted, OnFailure } from './definition.ts'

/** A schema of any library that follows the Standard Schema and can say itself as JSON Schema. */
export interface StandardSchema<T = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly types?: { readonly input: unknown; readonly output: T } | undefined
  }
}

export type SchemaInput = JsonSchema | StandardSchema

/** A text with `/` or `.` is a file, any other the id of a stage. */
export type SourceInput =
  | string
  | { readonly stage: string }
  | { readonly file: string }
  | { readonly name: string; readonly value: Expression }

/** `[id, agent, title, options]`. */
export type StageTuple =
  | readonly [id: string, agent: string, title: string]
  | readonly [id: string, agent: string, title: string, options: StageOptions]

export type AnyStage = StageTuple | StageInput

export interface LoopInput {
  readonly until: Expression
  readonly maxRounds?: number | undefined
  readonly onExhausted?: OnExhausted | undefined
  /** What each round does, where that is more than the stage's own work. */
  readonly stages?: readonly AnyStage[] | undefined
}

export interface MapInput {
  /** A list, or an expression that gives one. */
  readonly over: Expression | readonly Json[]
  readonly limit?: number | undefined
  readonly policy?: 'continue' | 'fail_fast' | { readonly quorum: number } | undefined
  readonly stages?: readonly AnyStage[] | undefined
}

export interface GateInput {
  /** The agent whose answer is the verdict. */
  readonly reviewer?: string | undefined
  /** The question to a person; `true` asks for the title. */
  readonly person?: string | true | undefined
  readonly pass?: Expression | undefined
  readonly onReject?: string | undefined
  readonly maxRounds?: number | undefined
  readonly onExhausted?: OnExhausted | undefined
  /** How long a person has. */
  readonly timeout?: Duration | undefined
  readonly onTimeout?: 'approve' | 'reject' | undefined
}

export interface CaseInput {
  /** Default: the first stage that it leads to. */
  readonly name?: string | undefined
  readonly when: Expression
  readonly to: string | readonly string[]
}

export type WaitInput =
  | Duration
  | { readonly for: Duration }
  | { readonly signal: string; readonly timeout?: Duration | undefined }
  | {
      readonly approval: string | true
      readonly timeout?: Duration | undefined
      readonly onTimeout?: 'approve' | 'reject' | undefined
    }

/** Everything that a stage may have beside its id. Which of it belongs together depends on its kind, which its fields tell. */
export interface StageOptions {
  readonly title?: string | undefined
  readonly needs?: string | readonly string[] | undefined
  readonly next?: string | readonly string[] | undefined
  readonly from?: SourceInput | readonly SourceInput[] | undefined
  readonly when?: Expression | undefined
  readonly arm?: { readonly branch: string; readonly case: string } | undefined
  readonly onFailure?: OnFailure | undefined

  readonly agent?: string | undefined
  readonly profile?: string | undefined
  readonly capability?: string | undefined
  readonly type?: string | undefined
  readonly priority?: Priority | undefined
  readonly spec?: string | undefined
  readonly output?: SchemaInput | 'text' | 'json' | undefined
  readonly retry?: RetryOptions | undefined
  readonly fallback?: readonly string[] | undefined
  readonly timeout?: Duration | undefined
  readonly budget?: number | undefined
  readonly verify?: string | readonly VerifyInput[] | undefined
  readonly worktree?: boolean | undefined
  readonly access?: 'write' | 'read' | undefined
  readonly session?: 'continue' | 'fresh' | undefined
  readonly consult?: string | undefined

  readonly run?: string | undefined
  readonly env?: Readonly<Record<string, Expression>> | undefined
  readonly workflow?: string | WorkflowInput | undefined
  readonly inputs?: Readonly<Record<string, Json>> | undefined
  readonly fn?: string | undefined
  readonly noop?: true | undefined
  readonly loop?: LoopInput | undefined
  readonly map?: MapInput | undefined
  readonly gate?: Expression | GateInput | undefined
  readonly branch?: readonly CaseInput[] | undefined
  readonly else?: string | readonly string[] | undefined
  readonly wait?: WaitInput | undefined
  readonly join?: true | string | readonly string[] | undefined
}

export interface StageInput extends StageOptions {
  readonly id: string
}

/** An input: its JSON Schema with `description` and `default`, or only the word for its type. */
export type InputInput =
  | string
  | null
  | (JsonSchema & { readonly default?: Json; readonly description?: string })

export interface WorkflowOptions {
  readonly description?: string | undefined
  readonly inputs?: Readonly<Record<string, InputInput>> | undefined
  readonly result?: string | undefined
  readonly concurrency?: number | undefined
  readonly maxSteps?: number | undefined
  /** Limit of what a run may cost, USD. */
  readonly budget?: number | undefined
  readonly integrate?: 'end' | 'each' | undefined
  readonly concurrentRuns?: boolean | undefined

  /** Of every stage that does not say otherwise. */
  readonly agent?: string | undefined
  readonly profile?: string | undefined
  readonly priority?: Priority | undefined
  readonly retry?: RetryOptions | undefined
  readonly timeout?: Duration | undefined
  readonly worktree?: boolean | undefined
  readonly session?: 'continue' | 'fresh' | undefined
  readonly onFailure?: OnFailure | undefined
}

export interface WorkflowInput extends WorkflowOptions {
  readonly name: string
  readonly stages: readonly AnyStage[]
}
