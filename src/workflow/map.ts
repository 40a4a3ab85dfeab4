/** Maps: a stage's work for each element of a list, a window of it at a time. */
import type { Outcome } from './advance.ts'
import type { MapStage } from './definition.ts'
import { valueOf } from './evaluating.ts'
import { open } from './opening.ts'
import { elementFailed, notAList, quorumMissed } from './failures.ts'
import type { StageRow } from './run.ts'
import { completeStage, failStage, interrupt, withdraw } from './settling.ts'
import type { Step } from './step.ts'

export function openMap(step: Step, row: StageRow, map: MapStage): void {
  const worked = valueOf(step, row, 'over', map.over)
  if (worked === undefined) return
  if (!worked.ok) {
    failStage(step, row, worked.error)
    return
  }
  if (!Array.isArray(worked.value)) {
    failStage(step, row, notAList(row.stage))
    return
  }
  const size = worked.value.length
  if (!open(step, row, { waiting: size === 0 ? null : 'work', size })) return
  const opened = step.stage(row.stage)
  if (size === 0) completeStage(step, opened)
  else postMore(step, opened, map)
}

/** Posts as many elements as there is room for. */
export function postMore(step: Step, row: StageRow, { limit }: MapStage): void {
  const { stage, round, size, posted, succeeded, failures } = row
  const to = Math.min(size, succeeded + failures + Math.max(1, limit))
  if (step.isHeld || to <= posted) return
  step.tell('stage.posted', row, { posted: to })
  step.commands.push({ do: 'post', stage, round, from: posted, to })
}

/** An element has ended. */
export function elementEnded(
  step: Step,
  before: StageRow,
  map: MapStage,
  { index, outcome }: { readonly index: number; readonly outcome: Outcome },
): void {
  step.tell('stage.counted', before, { succeeded: outcome.ok })
  const row = step.stage(before.stage)
  const { size, posted, succeeded, failures } = row
  const wanted = successesWanted(map, size)
  if (!outcome.ok && failures > size - wanted) {
    withdraw(step, row, `Too many elements of "${row.stage}" failed.`)
    failStage(
      step,
      row,
      map.policy === 'fail_fast' ? elementFailed(index, outcome.error) : quorumMissed(size, wanted, failures),
    )
  } else if (succeeded + failures === size) completeStage(step, row, { flawed: failures > 0 })
  else if (step.isDoomed && succeeded + failures === posted) interrupt(step, row, 'The run has failed.')
  else postMore(step, row, map)
}

/** So many elements must succeed for the stage to be done. */
function successesWanted({ policy }: MapStage, size: number): number {
  if (policy === 'continue') return 0
  return policy === 'fail_fast' ? size : Math.ceil(policy.quorum * size)
}
