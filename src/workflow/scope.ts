/** The values that the expressions of a stage may name, taken from the rows and results of a step. */
import type { Json } from '../json.ts'
import type { Expression, StageDefinition } from './definition.ts'
import { stagesIn, variablesIn, type Variables } from './expressions.ts'
import type { StageRow } from './run.ts'
import type { Step } from './step.ts'
import { judgementOf, statusOf } from './verdict.ts'

/** What an expression names: the stages whose results it reads, and its variables. */
export interface Names {
  readonly stages: readonly string[]
  readonly variables: ReadonlySet<string>
}

export function namesIn(expression: Expression): Names {
  return { stages: stagesIn(expression), variables: new Set(variablesIn(expression)) }
}

/** Variables that are about the subject of a stage. */
const OF_SUBJECT: readonly string[] = ['result', 'status', 'score', 'verdict', 'issues']

interface Facts {
  readonly [key: string]: Json | undefined
  readonly verdict: string | null
  readonly score: number | null
  readonly issues: readonly Json[]
}

/** What an expression is about, beyond the stages that it names. */
export interface About {
  readonly row: StageRow
  /** Its own answer: of the round or the review that just ended. Undefined: it is about what it needs. */
  readonly own?: { readonly result: Json | null }
}

/** The variables of an expression, or undefined while something that it names is not loaded. */
export function variablesFor(step: Step, expression: Expression, { row, own }: About): Variables | undefined {
  const misses = step.misses
  const names = step.plan.names(expression)
  const stages = Object.fromEntries(names.stages.map((stage) => [stage, factsOf(step, step.stage(stage))]))
  const isAboutSubject = OF_SUBJECT.some((variable) => names.variables.has(variable))
  const facts = isAboutSubject
    ? own === undefined
      ? subjectFacts(step, row)
      : wordsOf('done', own.result)
    : {}
  const previous = names.variables.has('previous') ? previousResult(step, row) : null
  if (step.misses > misses) return undefined
  return { inputs: step.inputs, stages, ...facts, round: row.tries + 1, scores: [...row.scores], previous }
}

/** The stage that a stage is about: the last that it needs and that has run; where one failed, that one. */
export function subjectOf(step: Step, row: StageRow): StageRow | undefined {
  const needs = step.plannedOf(row).needs.map((need) => () => step.stage(need))
  if (row.broken > 0) {
    const failed = needs.map((read) => read()).find(({ state }) => state === 'failed')
    if (failed !== undefined) return failed
  }
  let last: StageRow | undefined
  for (const read of needs.toReversed()) {
    const need = read()
    last ??= need
    if (need.state === 'done' || need.state === 'failed') return need
  }
  return last
}

function subjectFacts(step: Step, row: StageRow): Variables {
  const subject = subjectOf(step, row)
  if (subject === undefined) return {}
  const { result, status, verdict, score, issues } = factsOf(step, subject)
  return { result, status, verdict, score, issues }
}

/** What `stages.ID` has. */
function factsOf(step: Step, row: StageRow): Facts {
  const words = wordsOf(
    row.state === 'done' || row.state === 'failed' ? row.state : 'skipped',
    row.state === 'done' ? resultOf(step, row) : null,
  )
  return {
    ...words,
    verdict: words.verdict ?? row.decision,
    score: words.score ?? row.scores.at(-1) ?? null,
    issues: row.error === null ? words.issues : [row.error.message],
    rounds: row.round,
  }
}

/** The result of a settled stage. A short word from outside lies in its row, which it may have come to in this very step. */
function resultOf(step: Step, row: StageRow): Json | null {
  if (!givesResult(step.plannedOf(row).definition)) return null
  return typeof row.signal === 'string' ? parsed(row.signal) : step.result(row.stage, resultRound(row))
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

function wordsOf(state: 'done' | 'failed' | 'skipped', result: Json | null): Facts {
  const { verdict, score, issues } = judgementOf(result)
  return { result, status: statusOf(state, result), verdict, score, issues }
}

function previousResult(step: Step, row: StageRow): Json {
  return row.tries === 0 ? null : step.result(row.stage, row.round - 1)
}

/** The round whose result is that of a settled stage: the last, or the best where none was good enough. */
export function resultRound({ round, best, decision }: StageRow): number {
  return decision === 'accept_best' && best !== null ? best : round
}

/** Whether there is anything to load as the result of a stage of this kind. */
function givesResult(stage: StageDefinition): boolean {
  switch (stage.kind) {
    case 'gate':
      return stage.judge.by === 'reviewer'
    case 'wait':
      return stage.until.for === 'signal'
    case 'branch':
    case 'join':
      return false
    default:
      return true
  }
}
