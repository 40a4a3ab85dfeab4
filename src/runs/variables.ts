/** The values that expressions of a stage's work may name: when it is posted as a child run, and when its prompt is made. */
import type { ItemPart } from '../board/item.ts'
import { errorData, type ErrorData } from '../errors.ts'
import type { Json } from '../json.ts'
import type { Reader } from '../store.ts'
import { isNothing, newSlice } from '../workflow/advance.ts'
import type { Expression, StageDefinition } from '../workflow/definition.ts'
import { evaluate, type Variables } from '../workflow/expressions.ts'
import type { RunRow } from '../workflow/run.ts'
import { variablesFor } from '../workflow/scope.ts'
import { Step } from '../workflow/step.ts'
import { stagesInTemplate, variablesInTemplate } from '../workflow/templates.ts'
import type { KnownDefinition } from './definitions.ts'
import { fill } from './slices.ts'
import { inputsOfRun } from './values.ts'

export interface VariablesInput {
  readonly run: RunRow
  readonly definition: KnownDefinition
  readonly stage: StageDefinition
  readonly part: ItemPart
  readonly expressions: readonly Expression[]
}

/** What the expressions name, or why an element of a map cannot be read again. */
export async function variablesOf(
  reader: Reader,
  { run, definition, stage, part, expressions }: VariablesInput,
): Promise<{ readonly variables: Variables } | { readonly refused: ErrorData }> {
  const wanted = stage.kind === 'map' && part.index !== null ? [...expressions, stage.over] : expressions
  const slice = newSlice(run, await inputsOfRun(reader, run))
  for (;;) {
    const step = new Step(definition.plan, slice, 0)
    const row = step.stage(stage.id)
    const found = wanted.map((expression) => variablesFor(step, expression, { row }))
    const reads = step.wanted()
    if (!isNothing(reads)) {
      await fill(reader, definition, slice, reads)
      continue
    }
    const variables = joined(found, slice.inputs)
    if (stage.kind !== 'map' || part.index === null) return { variables }
    const over = evaluate(stage.over, variables)
    const list = over.ok && Array.isArray(over.value) ? (over.value as readonly Json[]) : undefined
    const element = list?.[part.index]
    if (element === undefined) return { refused: gone(part, over.ok ? 'the list is shorter now' : over.why) }
    return { variables: { ...variables, item: element, index: part.index } }
  }
}

/** An expression that names what a text with values names. */
export function namesOf(text: string): string {
  const stages = stagesInTemplate(text).map((stage) => `stages[${JSON.stringify(stage)}]`)
  const others = variablesInTemplate(text).filter(
    (name) => !['stages', 'item', 'index', 'inputs'].includes(name),
  )
  return `[${[...stages, ...others].join(', ')}]`
}

function joined(
  found: readonly (Variables | undefined)[],
  inputs: Readonly<Record<string, Json>>,
): Variables {
  const stages: Record<string, Json | undefined> = {}
  let all: Variables = { inputs }
  for (const each of found) {
    if (each === undefined) continue
    Object.assign(stages, each['stages'])
    all = { ...all, ...each }
  }
  return { ...all, stages }
}

function gone({ run, stage, index }: ItemPart, why: string): ErrorData {
  const message = `The element ${index} of the stage "${stage}" of ${run} cannot be read: ${why}.`
  return errorData('expression_failed', message, { run, stage, index })
}
