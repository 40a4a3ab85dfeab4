/** Loops: a stage's work again, with what the round before gave, until it is good enough. */
import type { Outcome } from './advance.ts'
import type { LoopStage } from './definition.ts'
import { ruleOf } from './evaluating.ts'
import { subjectId } from './names.ts'
import { openWork } from './opening.ts'
import { roundsExhausted } from './failures.ts'
import type { StageRow } from './run.ts'
import { completeStage, escalate, failStage, interrupt } from './settling.ts'
import type { Step } from './step.ts'
import { judgementOf } from './verdict.ts'

/** A round has ended well. */
export function roundEnded(
  step: Step,
  row: StageRow,
  loop: LoopStage,
  { tree }: Extract<Outcome, { readonly ok: true }>,
): void {
  const { stage } = row
  const misses = step.misses
  const result = step.result(stage, row.round)
  const worked = ruleOf(step, 'until', loop.until, { row, own: { result } })
  if (worked === undefined || step.misses > misses) return
  const { score } = judgementOf(result)
  if (!worked.ok) failStage(step, row, worked.error)
  else if (worked.value) completeStage(step, row, { tree, score })
  else {
    step.tell('stage.scored', row, { score, decision: null })
    nextRound(step, step.stage(stage), loop, tree)
  }
}

function nextRound(step: Step, row: StageRow, loop: LoopStage, tree: string | null): void {
  if (row.tries >= loop.maxRounds) exhausted(step, row, loop, tree)
  else if (step.isDoomed) interrupt(step, row, 'The run has failed.')
  else if (step.isHeld) step.tell('stage.queued', row, { round: row.round + 1 })
  else openWork(step, row, row.round + 1)
}

function exhausted(step: Step, row: StageRow, loop: LoopStage, tree: string | null): void {
  const error = roundsExhausted(row.tries, row.scores.slice(-row.tries))
  if (loop.onExhausted === 'accept_best') {
    const subject = subjectId(step.run.id, row.stage, row.best ?? row.round)
    completeStage(step, row, { subject, tree, decision: 'accept_best', flawed: true })
  } else if (loop.onExhausted === 'escalate') escalate(step, row, error)
  else failStage(step, row, error)
}
