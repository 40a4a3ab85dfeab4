/**
 * Starts what may start. In order: what a person skipped stays so, what lies behind a failure or on an arm that was not taken is
 * skipped, then what its `when` excludes; what is left is opened by its kind, or queued while as many work as may.
 */
import { openBranch } from './branch.ts'
import type { StageDefinition } from './definition.ts'
import { conditionOf } from './evaluating.ts'
import { openGate } from './gate.ts'
import { openMap } from './map.ts'
import { openWork } from './opening.ts'
import { takesFailures } from './plan.ts'
import { rejected } from './failures.ts'
import type { StageRow } from './run.ts'
import { subjectOf } from './scope.ts'
import { failForGood, failStage, skipStage } from './settling.ts'
import type { Step } from './step.ts'
import { openWait } from './wait.ts'

/** Starts what waits for its turn, then what has just become ready, until there is nothing more to start. */
export function startReady(step: Step): void {
  // What becomes ready goes to the end of the list; it is walked instead of being shifted, as it may be long.
  for (let next = 0; ;) {
    const queued = step.isHeld || !hasRoom(step) ? undefined : step.nextQueued()
    if (queued !== undefined) {
      const misses = step.misses
      begin(step, step.stage(queued))
      // It stays queued while what it reads is not loaded; the step is worked out again when that is.
      if (step.misses > misses) return
      continue
    }
    const ready = step.ready[next++]
    if (ready === undefined) return
    const row = step.stage(ready)
    if (row.state !== 'pending' || row.unmet > 0) continue
    if (step.isHeld) step.tell('stage.queued', row, {})
    else begin(step, row)
  }
}

function hasRoom({ run, plan }: Step): boolean {
  return run.busy < Math.max(1, plan.definition.concurrency)
}

function begin(step: Step, row: StageRow): void {
  const { definition } = step.plannedOf(row)
  // The next round of a loop that was held goes on where it was.
  const goesOn = definition.kind === 'loop' && row.tries > 0
  if (!goesOn && !isWanted(step, row, definition)) return
  if (takesPlace(row, definition) && !hasRoom(step)) step.tell('stage.queued', row, {})
  else openByKind(step, row, definition)
}

/** Whether a stage is to run at all; it is settled where it is not, and left alone while something is not loaded. */
function isWanted(step: Step, row: StageRow, definition: StageDefinition): boolean {
  const misses = step.misses
  const takes = takesFailures(definition)
  const isDead = row.live === 0 && step.plannedOf(row).needs.length > 0
  const isNotTaken = isDead || isOnOtherArm(step, definition)
  if (step.misses > misses) return false
  if (row.decision === 'by_hand') skipStage(step, row, 'by_hand')
  else if (row.broken > 0 && !takes) skipStage(step, row, 'needs_failed')
  else if (isNotTaken) leaveOut(step, row, 'not_taken')
  else {
    if (definition.when === null) return true
    const worked = conditionOf(step, row, 'when', definition.when)
    if (worked?.ok === true && worked.value) return true
    if (worked?.ok === true) leaveOut(step, row, 'when')
    else if (worked !== undefined) failStage(step, row, worked.error)
  }
  return false
}

/** Skips a stage. One that was to take care of a failure and does not run takes care of nothing: the run fails with that. */
function leaveOut(step: Step, row: StageRow, why: 'when' | 'not_taken'): void {
  if (row.broken === 0) {
    skipStage(step, row, why)
    return
  }
  const cause = subjectOf(step, row)?.error?.message ?? 'what it needs has failed'
  failForGood(step, row, rejected(row.stage, cause))
}

function isOnOtherArm(step: Step, { arm }: StageDefinition): boolean {
  return arm !== null && step.plan.stages.has(arm.branch) && step.stage(arm.branch).decision !== arm.case
}

/** Whether a stage, once opened, counts against `concurrency`. */
function takesPlace(row: StageRow, definition: StageDefinition): boolean {
  switch (definition.kind) {
    case 'work':
    case 'loop':
    case 'map':
    case 'join':
      return true
    case 'gate':
      return definition.judge.by === 'reviewer' && row.broken === 0
    default:
      return false
  }
}

function openByKind(step: Step, row: StageRow, definition: StageDefinition): void {
  switch (definition.kind) {
    case 'work':
    case 'loop':
    case 'join':
      openWork(step, row)
      return
    case 'map':
      openMap(step, row, definition)
      return
    case 'gate':
      openGate(step, row, definition)
      return
    case 'branch':
      openBranch(step, row, definition)
      return
    case 'wait':
      openWait(step, row, definition)
  }
}
