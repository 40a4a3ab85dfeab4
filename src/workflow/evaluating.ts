/** Works out the expressions of a stage. What cannot be worked out fails the stage, and never counts as true. */
import type { ErrorData } from '../errors.ts'
import type { Json } from '../json.ts'
import type { Expression } from './definition.ts'
import { evaluate, holds } from './expressions.ts'
import { expressionFailed, noScore } from './failures.ts'
import type { StageRow } from './run.ts'
import { variablesFor, type About } from './scope.ts'
import type { Step } from './step.ts'

/** Undefined while something that it names is not loaded. */
export type Worked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: ErrorData }
  | undefined

/** The value of an expression. `field`: where it stands, for what is said about it. */
export function valueOf(step: Step, row: StageRow, field: string, expression: Expression): Worked<Json> {
  const variables = variablesFor(step, expression, { row })
  if (variables === undefined) return undefined
  const made = evaluate(expression, variables)
  return made.ok ? made : { ok: false, error: expressionFailed(row.stage, field, made.why) }
}

/** Whether a condition holds. */
export function conditionOf(
  step: Step,
  row: StageRow,
  field: string,
  expression: Expression,
): Worked<boolean> {
  return check(step, expression, { row }, field)
}

/** Whether an answer is good enough. A rule that asks for a score that the answer does not have is neither. */
export function ruleOf(step: Step, field: string, expression: Expression, about: About): Worked<boolean> {
  return check(step, expression, about, field, true)
}

function check(
  step: Step,
  expression: Expression,
  about: About,
  field: string,
  wantsScore = false,
): Worked<boolean> {
  const variables = variablesFor(step, expression, about)
  if (variables === undefined) return undefined
  const { stage } = about.row
  const usesScore = wantsScore && step.plan.names(expression).variables.has('score')
  if (usesScore && (variables['score'] ?? null) === null) return { ok: false, error: noScore(stage, field) }
  const made = holds(expression, variables)
  return made.ok
    ? { ok: true, value: made.holds }
    : { ok: false, error: expressionFailed(stage, field, made.why) }
}
