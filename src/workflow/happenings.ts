/** What happened to a stage, brought to what its kind makes of it. What is stale changes nothing. */
import type { Happening } from './advance.ts'
import { approve, reject, reviewed } from './gate.ts'
import { roundEnded } from './loop.ts'
import { elementEnded } from './map.ts'
import { targetOf } from './plan.ts'
import { UNKNOWN_FAILURE, waitedTooLong } from './failures.ts'
import { rewind } from './rewind.ts'
import type { StageRow, StageWaiting } from './run.ts'
import { subjectOf } from './scope.ts'
import { completeStage, failOrHandOn, failStage, skipStage } from './settling.ts'
import type { Step } from './step.ts'
import { hear, waitEnded } from './wait.ts'

type Of<On extends Happening['on']> = Extract<Happening, { readonly on: On }>

/** An item or a child run of a stage has ended. */
export function settled(step: Step, { stage, round, index, outcome }: Of<'settled'>): void {
  const row = waitingRow(step, stage, round, ['work'])
  if (row === undefined) return
  const { definition } = step.plannedOf(row)
  if (definition.kind === 'map') elementEnded(step, row, definition, { index, outcome })
  else if (definition.kind === 'gate') reviewed(step, row, definition, outcome)
  else if (!outcome.ok) failStage(step, row, outcome.error)
  else if (definition.kind === 'loop') roundEnded(step, row, definition, outcome)
  else completeStage(step, row, { tree: outcome.tree })
}

/** A person has spoken: on an approval, or on a failure. */
export function answered(step: Step, { stage, round, answer }: Of<'answered'>): void {
  const row = waitingRow(step, stage, round, ['approval', 'decision'])
  if (row === undefined) return
  if (row.waiting === 'decision') decided(step, row, answer.choice)
  else approval(step, row, answer)
}

function approval(
  step: Step,
  row: StageRow,
  { choice, comment, began, tree }: Of<'answered'>['answer'],
): void {
  const { definition } = step.plannedOf(row)
  if (definition.kind !== 'gate') return
  if (choice === 'approve') approve(step, row, { began, tree })
  else if (choice === 'reject')
    reject(step, row, definition, { why: comment ?? 'a person rejected it.', said: row })
}

/** Words that do not fit a failure change nothing. */
function decided(step: Step, row: StageRow, choice: Of<'answered'>['answer']['choice']): void {
  const error = row.error ?? UNKNOWN_FAILURE
  switch (choice) {
    case 'retry':
      again(step, row)
      return
    case 'skip':
      skipStage(step, row, 'failed', error)
      return
    case 'abort':
      failOrHandOn(step, row, error)
      return
    default:
  }
}

/** One more try: of a gate that has rejected too often that of its target, of anything else its own. */
function again(step: Step, row: StageRow): void {
  const { definition } = step.plannedOf(row)
  const target = definition.kind === 'gate' && row.tries > 0 ? targetOf(step.plan, definition) : null
  const said = definition.kind === 'gate' && definition.judge.by === 'expression' ? subjectOf(step, row) : row
  rewind(step, [target ?? row.stage], {
    gate: null,
    feedback: target === null || said === undefined ? null : { stage: said.stage, round: said.round },
    reason: 'A person wants it done again.',
  })
}

/** The time of a stage has come. */
export function woken(step: Step, { stage, round }: Of<'woken'>): void {
  const row = waitingRow(step, stage, round, ['time', 'signal', 'approval'])
  if (row === undefined) return
  const { definition } = step.plannedOf(row)
  if (definition.kind === 'wait') waitEnded(step, row, definition)
  else failStage(step, row, waitedTooLong(stage, 'an approval'))
}

/** A word from outside, for every stage that waits for it. */
export function signalled(step: Step, { signal, value }: Of<'signalled'>): void {
  for (const stage of step.plan.signals.get(signal) ?? []) hear(step, step.stage(stage), value)
}

/** The row of a stage that waits for what has come, in this round. */
function waitingRow(
  step: Step,
  stage: string,
  round: number,
  waiting: readonly StageWaiting[],
): StageRow | undefined {
  const misses = step.misses
  const row = step.stage(stage)
  const isMeant = step.misses === misses && row.round === round
  return isMeant && row.waiting !== null && waiting.includes(row.waiting) ? row : undefined
}
