/**
 * How stages are settled, and what is told to those that need them. A stage counts for a successor
 *
 * | it is                                     | live | broken |
 * |-------------------------------------------|------|--------|
 * | done, or skipped for any other reason     | yes  | no     |
 * | skipped as `not_taken` or `needs_failed`  | no   | no     |
 * | failed, and a gate or a branch is told    | yes  | yes    |
 * | failed, and an arm of such a branch is    | yes  | no     |
 * | failed, and anything else is told         | no   | yes    |
 * | failed, and nothing takes care of it      | it is not told, and never starts |
 */
import type { ErrorData } from '../errors.ts'
import { takesFailures } from './plan.ts'
import type { SkipReason, StageRow } from './run.ts'
import type { Step } from './step.ts'

/** Why a run is paused that waits for a person's word on a failed stage. */
export const ESCALATED = 'escalated'

export interface Completion {
  readonly subject?: string | null
  readonly tree?: string | null
  readonly decision?: string | null
  readonly score?: number | null
  readonly flawed?: boolean
}

export function completeStage(step: Step, row: StageRow, completion: Completion = {}): void {
  const { subject = row.subject, tree = null, decision = null, score = null, flawed = false } = completion
  step.tell('stage.done', row, { subject, tree, decision, score, flawed })
  tellSuccessors(step, row)
}

export function skipStage(step: Step, row: StageRow, why: SkipReason, error: ErrorData | null = null): void {
  step.tell('stage.skipped', row, { why, error })
  tellSuccessors(step, row)
}

/** Settles a failure by what its stage says about failures. Its work's own retries are over. */
export function failStage(step: Step, row: StageRow, error: ErrorData): void {
  const { onFailure } = step.plannedOf(row).definition
  if (onFailure === 'skip') skipStage(step, row, 'failed', error)
  else if (onFailure === 'escalate') escalate(step, row, error)
  else failOrHandOn(step, row, error)
}

/** Asks a person what follows. Meanwhile nothing new begins; where the run has failed already, nobody is asked. */
export function escalate(step: Step, row: StageRow, error: ErrorData): void {
  if (step.isDoomed) {
    failOrHandOn(step, row, error)
    return
  }
  const { stage, round } = row
  step.tell('stage.escalated', row, { error })
  step.commands.push({ do: 'ask', stage, round, kind: 'escalation' })
  const { id, state } = step.run
  if (state === 'running') step.emit({ type: 'run.paused', data: { run: id, reason: ESCALATED } })
}

/** A failure is a fact for the gates and branches that wait for it; without any it is that of the run. */
export function failOrHandOn(step: Step, row: StageRow, error: ErrorData): void {
  const isHandled = successorsOf(step, row).some(
    (successor) => successor.state === 'pending' && takes(step, successor),
  )
  if (!isHandled) {
    failForGood(step, row, error)
    return
  }
  step.tell('stage.failed', row, { error, handled: true })
  tellSuccessors(step, row)
}

/** Fails a stage and with it the run: what runs may end, and what waits for something else has nothing left to wait for. */
export function failForGood(step: Step, row: StageRow, error: ErrorData): void {
  step.tell('stage.failed', row, { error, handled: false })
  step.hasSettled = true
  if (step.run.unhandled > 1) return
  for (const open of step.inState('open')) {
    if (!isAtWork(open)) interrupt(step, open, 'The run has failed.')
  }
}

/** Whether something of it is still to end; a map that was held may have nothing. */
function isAtWork({ waiting, posted, succeeded, failures }: StageRow): boolean {
  return waiting === 'work' && (posted === 0 || posted > succeeded + failures)
}

/** Ends a stage that is open, as its run ends. */
export function interrupt(step: Step, row: StageRow, reason: string): void {
  withdraw(step, row, reason)
  step.tell('stage.cancelled', row, {})
  step.hasSettled = true
}

/** Takes back what is posted or asked for a stage. */
export function withdraw(step: Step, { state, stage, round }: StageRow, reason: string): void {
  if (state === 'open') step.commands.push({ do: 'cancel', stage, round, reason })
}

interface Counts {
  readonly live: boolean
  readonly broken: boolean
}

/** What a settled stage counts for one that needs it; undefined where it is not told. */
export function countsFor(step: Step, row: StageRow, successor: StageRow): Counts | undefined {
  switch (row.state) {
    case 'done':
      return { live: true, broken: false }
    case 'skipped':
      return { live: row.decision !== 'not_taken' && row.decision !== 'needs_failed', broken: false }
    case 'failed':
      if (row.decision !== 'handled') return undefined
      if (isOnArmBehind(step, row, successor)) return { live: true, broken: false }
      return { live: takes(step, successor), broken: true }
    default:
      return undefined
  }
}

function tellSuccessors(step: Step, before: StageRow): void {
  step.hasSettled = true
  const row = step.stage(before.stage)
  for (const successor of successorsOf(step, row)) {
    // Only what is done, skipped or taken care of comes here, and that counts for everything that needs it.
    step.tell('stage.met', successor, countsFor(step, row, successor) as Counts)
    const { state, unmet } = step.stage(successor.stage)
    if (state === 'pending' && unmet === 0) step.ready.push(successor.stage)
  }
}

function successorsOf(step: Step, row: StageRow): StageRow[] {
  return step.plannedOf(row).successors.map((id) => step.stage(id))
}

/** An arm may read the failure for which its branch chose it. */
function isOnArmBehind(step: Step, { stage }: StageRow, successor: StageRow): boolean {
  const { arm } = step.plannedOf(successor).definition
  return arm !== null && step.plan.stages.get(arm.branch)?.needs.includes(stage) === true
}

function takes(step: Step, row: StageRow): boolean {
  return takesFailures(step.plannedOf(row).definition)
}
