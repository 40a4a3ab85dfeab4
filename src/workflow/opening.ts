/** Begins an execution of a stage, and what is posted or asked for it. */
import { checkpoint } from './ending.ts'
import { subjectId } from './names.ts'
import { stepsExceeded } from './failures.ts'
import type { StageRow, StageWaiting } from './run.ts'
import { failForGood } from './settling.ts'
import type { Step } from './step.ts'

export interface Opening {
  readonly waiting: StageWaiting | null
  readonly size?: number
  readonly subject?: string | null
  readonly wakeAt?: number | null
  readonly round?: number
}

/** Opens a stage; false where the run has used up its steps, with which it fails. */
export function open(step: Step, row: StageRow, opening: Opening): boolean {
  const { waiting, size = 0, subject = null, wakeAt = null, round = row.round } = opening
  const { maxSteps } = step.plan.definition
  if (step.run.steps >= maxSteps) {
    failForGood(step, row, stepsExceeded(maxSteps))
    return false
  }
  if (step.run.open === 0 && !step.hasCheckpoint) checkpoint(step)
  step.tell('stage.opened', row, { round, size, waiting, subject, wakeAt })
  return true
}

/** Posts the one item or child run of a stage's round. */
export function openWork(step: Step, row: StageRow, round: number = row.round): void {
  const { stage } = row
  const subject = subjectId(step.run.id, stage, round)
  if (open(step, row, { waiting: 'work', size: 1, subject, round }))
    step.commands.push({ do: 'post', stage, round, from: 0, to: 1 })
}

/** Asks a person whether the work holds. */
export function openApproval(step: Step, row: StageRow): void {
  const { stage, round } = row
  const subject = subjectId(step.run.id, stage, round)
  if (open(step, row, { waiting: 'approval', subject }))
    step.commands.push({ do: 'ask', stage, round, kind: 'approval' })
}
