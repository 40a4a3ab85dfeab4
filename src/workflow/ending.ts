/** The ends of waves and of runs. */
import type { ErrorData } from '../errors.ts'
import { hasEnded, type RunEnd } from './lifecycle.ts'
import { blocked } from './failures.ts'
import type { RunRow } from './run.ts'
import type { Step } from './step.ts'

/** Writes down what is settled, if something is that no checkpoint has. One step writes one, and one more at the end of its run. */
export function checkpoint(step: Step): void {
  if (!step.hasSettled) return
  const { id, checkpoints, checksum } = step.run
  step.hasSettled = false
  step.hasCheckpoint = true
  step.emit({ type: 'run.checkpointed', data: { run: id, number: checkpoints + 1, checksum } })
}

/** What a step ends with: a checkpoint where nothing is open, and the end of the run where nothing can follow. */
export function finish(step: Step): void {
  const { state, open, queued } = step.run
  if (hasEnded(state) || open > 0) return
  checkpoint(step)
  if (queued > 0 && !step.isDoomed) return
  endRun(step, ...endOf(step.run))
}

export function endRun(step: Step, state: RunEnd, error: ErrorData | null): void {
  step.emit({ type: 'run.ended', data: { run: step.run.id, state, error } })
}

function endOf({ unhandled, error, flawed, total, ...run }: RunRow): [RunEnd, ErrorData | null] {
  if (unhandled > 0) return ['failed', error]
  const settled = run.done + run.failed + run.skipped
  if (settled < total) return ['failed', blocked(settled, total)]
  return [flawed > 0 ? 'partially_completed' : 'completed', null]
}
