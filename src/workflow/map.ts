/** Maps: a stage's work for each element of a list, a window of it at a time. */
import type { ErrorData } from '../errors.ts'
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
export function postMore(step: Step, row: StageRow, map: MapStage): void {
  const posted = postedWith(step, row, map)
  if (posted === row.posted) return
  step.tell('stage.posted', row, { posted })
  post(step, row, posted)
}

/** An element has ended. */
export function elementEnded(
  step: Step,
  before: StageRow,
  map: MapStage,
  { index, outcome }: { readonly index: number; readonly outcome: Outcome },
): void {
  const { stage, size } = before
  const succeeded = before.succeeded + (outcome.ok ? 1 : 0)
  const failures = before.failures + (outcome.ok ? 0 : 1)
  const wanted = successesWanted(map, size)
  const fatal = !outcome.ok && failures > size - wanted ? outcome.error : null
  const posted = fatal !== null ? before.posted : postedWith(step, { ...before, succeeded, failures }, map)
  // One event says that an element has ended and that the next is posted: there are as many as elements.
  step.tell('stage.counted', before, { succeeded: outcome.ok, posted })
  const row = step.stage(stage)
  if (fatal !== null)
    lost(
      step,
      row,
      map.policy === 'fail_fast' ? elementFailed(index, fatal) : quorumMissed(size, wanted, failures),
    )
  else if (succeeded + failures === size) completeStage(step, row, { flawed: failures > 0 })
  else if (step.isDoomed && succeeded + failures === posted) interrupt(step, row, 'The run has failed.')
  else if (posted > before.posted) post(step, before, posted)
}

/** So many elements are posted in all when those are that there is room for. */
function postedWith(
  step: Step,
  { size, posted, succeeded, failures }: StageRow,
  { limit }: MapStage,
): number {
  return step.isHeld ? posted : Math.max(posted, Math.min(size, succeeded + failures + Math.max(1, limit)))
}

function post(step: Step, { stage, round, posted: from }: StageRow, to: number): void {
  step.commands.push({ do: 'post', stage, round, from, to })
}

/** More have failed than may: the others are not waited for. */
function lost(step: Step, row: StageRow, error: ErrorData): void {
  withdraw(step, row, `Too many elements of "${row.stage}" failed.`)
  failStage(step, row, error)
}

/** So many elements must succeed for the stage to be done. */
function successesWanted({ policy }: MapStage, size: number): number {
  if (policy === 'continue') return 0
  return policy === 'fail_fast' ? size : Math.ceil(policy.quorum * size)
}
