/** Waits: for a time, or for a word from outside. */
import type { StoredText } from '../json.ts'
import type { WaitStage } from './definition.ts'
import { open } from './opening.ts'
import { waitedTooLong } from './failures.ts'
import type { StageRow } from './run.ts'
import { completeStage, failStage } from './settling.ts'
import type { Step } from './step.ts'

export function openWait(step: Step, row: StageRow, { until }: WaitStage): void {
  if (until.for === 'time') {
    open(step, row, { waiting: 'time', wakeAt: step.now + until.ms })
    return
  }
  const wakeAt = until.timeoutMs === null ? null : step.now + until.timeoutMs
  const isThere = row.signal !== null
  if (!open(step, row, { waiting: isThere ? null : 'signal', wakeAt: isThere ? null : wakeAt })) return
  if (isThere) completeStage(step, step.stage(row.stage))
}

/** Its time has come: the end of what waits for a time, and too late for a signal. */
export function waitEnded(step: Step, row: StageRow, { until }: WaitStage): void {
  if (until.for === 'time') completeStage(step, row)
  else failStage(step, row, waitedTooLong(row.stage, `the signal "${until.signal}"`))
}

/** A word has come: for a stage that waits for it, or before that does. */
export function hear(step: Step, row: StageRow, value: StoredText): void {
  if (row.state !== 'pending' && row.state !== 'queued' && row.state !== 'open') return
  step.tell('stage.signalled', row, { value })
  if (row.waiting === 'signal') completeStage(step, step.stage(row.stage))
}
