/** What the stages of a workflow in TypeScript bring, as types: nothing of it is there at run time. */
import type { Json } from '../json.ts'
import type { AnyStage, StageInput, StageOptions, StandardSchema, WorkflowInput } from './input.ts'

/** Results by the ids of stages. */
export type StageResults = Readonly<Record<string, unknown>>

/** A stage whose type knows its result. */
export interface TypedStage<Id extends string, Result> extends StageInput {
  readonly id: Id
  readonly '~result'?: Result
}

/** A workflow whose type knows the result of each of its stages, and that of a run. */
export interface TypedWorkflow<Results extends StageResults, Result> extends WorkflowInput {
  readonly '~results'?: Results
  readonly '~result'?: Result
}

type Has<Field, Name> = [Extract<Field, Name>] extends [never] ? false : true

/** Where no schema says more: agents and commands give a text, other kinds anything, and so do loops and maps with stages of their own. */
type UntypedResult<Field> =
  Has<Field, 'gate' | 'branch' | 'wait' | 'join' | 'fn' | 'workflow' | 'noop'> extends true
    ? Json
    : Has<Field, 'agent' | 'profile' | 'capability' | 'type' | 'run'> extends true
      ? string
      : Has<Field, 'loop' | 'map'> extends true
        ? Json
        : string

type WorkResult<Field, Output> = [Output] extends [undefined]
  ? UntypedResult<Field>
  : Output extends StandardSchema<infer Value>
    ? Value
    : Output extends 'text'
      ? string
      : Json

/**
 * The result of a stage with these fields: that of its `output`; the text of an agent or a command; of `map` a list, null where
 * an element failed. Of options that were not written in place nothing is known.
 */
export type ResultOf<Field, Output> = keyof StageOptions extends Field
  ? Json
  : 'map' extends Field
    ? readonly (WorkResult<Field, Output> | null)[]
    : WorkResult<Field, Output>

type OutputOf<Options> = Options extends { readonly output: infer Output } ? Output : undefined

type IdOf<Stage> = Stage extends readonly [infer Id extends string, ...unknown[]]
  ? Id
  : Stage extends { readonly id: infer Id extends string }
    ? Id
    : never

type ResultOfStage<Stage> = Stage extends readonly [string, string, string, infer Options]
  ? ResultOf<keyof Options | 'agent', OutputOf<Options>>
  : Stage extends readonly unknown[]
    ? string
    : '~result' extends keyof Stage
      ? Exclude<Stage['~result'], undefined>
      : ResultOf<keyof Stage, OutputOf<Stage>>

/** What each of these stages brings, by id. */
export type ResultsOf<Stages extends readonly AnyStage[]> = {
  readonly [Stage in Stages[number] as IdOf<Stage>]: ResultOfStage<Stage>
}

/** What a run brings: the result of the stage that the workflow names, or those of the stages on which nothing rests, by id. */
export type RunResult<Results, Named> = [Named] extends [never]
  ? Partial<Results>
  : Named extends keyof Results
    ? Results[Named]
    : Json

/** Refuses fields that stages do not have, where their type is taken from what was written. */
export type OnlyKnown<Stages extends readonly AnyStage[]> = {
  readonly [Index in keyof Stages]: Unknown<Stages[Index]> extends never ? Stages[Index] : AnyStage
}
type Unknown<Stage> = Stage extends readonly [string, string, string, infer Options]
  ? Exclude<keyof Options, keyof StageOptions>
  : Stage extends readonly unknown[]
    ? never
    : Exclude<keyof Stage, keyof TypedStage<string, unknown>>
