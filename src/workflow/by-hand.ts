/** What a person does to a run. */
import { endRun, checkpoint } from './ending.ts'
import { hasEnded } from './lifecycle.ts'
import { postMore } from './map.ts'
import { rewind } from './rewind.ts'
import { ESCALATED, interrupt, skipStage, withdraw } from './settling.ts'
import type { Step } from './step.ts'

/** Nothing new begins; what runs goes on to its end. */
export function pauseRun(step: Step, reason: string): void {
  const { id, state, reason: before } = step.run
  if (state === 'running' || before === ESCALATED)
    step.emit({ type: 'run.paused', data: { run: id, reason } })
}

/** What was held begins. */
export function resumeRun(step: Step): void {
  const { id, state } = step.run
  if (state !== 'paused') return
  step.emit({ type: 'run.resumed', data: { run: id } })
  for (const row of step.inState('open')) {
    const { definition } = step.plannedOf(row)
    if (definition.kind === 'map' && row.waiting === 'work') postMore(step, row, definition)
  }
}

/** A run that was paused for a person's word goes on when no stage waits for one any more. */
export function resumeIfAnswered(step: Step): void {
  const { state, reason, escalated } = step.run
  if (state === 'paused' && reason === ESCALATED && escalated === 0) resumeRun(step)
}

export function cancelRun(step: Step, reason: string): void {
  for (const row of step.inState('open')) {
    interrupt(step, row, reason)
  }
  checkpoint(step)
  endRun(step, 'cancelled', { code: 'cancelled', message: reason })
}

/**
 * What depends on the stage goes on without its result. Of a failure that something takes care of, there is nothing to skip. A run
 * that failed goes on when the last of its failures is skipped.
 */
export function skipByHand(step: Step, stage: string): void {
  const row = step.stage(stage)
  const { state } = row
  if (state === 'done' || state === 'skipped' || (state === 'failed' && row.decision === 'handled')) return
  const wasDoomed = step.isDoomed
  withdraw(step, row, 'A person skipped the stage.')
  skipStage(step, row, 'by_hand')
  if (!wasDoomed || step.isDoomed) return
  reopen(step, stage)
  takeUp(step, [])
}

/** Does a settled stage again, and what rests on it. */
export function retryStage(step: Step, stage: string): void {
  const { state } = step.stage(stage)
  if (state === 'pending' || state === 'queued' || state === 'open') return
  reopen(step, stage)
  takeUp(step, [stage])
}

function reopen(step: Step, stage: string): void {
  const { id, state } = step.run
  if (hasEnded(state)) step.emit({ type: 'run.reopened', data: { run: id, stage } })
}

/** A run can only go on with all of what failed or was interrupted: that begins again, too. */
function takeUp(step: Step, stages: readonly string[]): void {
  const failed = step.inState('failed').filter(({ decision }) => decision !== 'handled')
  const left = [...failed, ...step.inState('cancelled')].map((row) => row.stage)
  rewind(step, [...new Set([...stages, ...left])], {
    gate: null,
    feedback: null,
    reason: 'A person wants it done again.',
  })
}
