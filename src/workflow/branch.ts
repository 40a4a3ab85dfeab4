/** Branches: which arms are taken. */
import type { BranchStage } from './definition.ts'
import { conditionOf } from './evaluating.ts'
import { open } from './opening.ts'
import type { StageRow } from './run.ts'
import { completeStage, failStage } from './settling.ts'
import type { Step } from './step.ts'

/** Decides by the first case that holds. */
export function openBranch(step: Step, row: StageRow, branch: BranchStage): void {
  let decision = branch.otherwise
  for (const { name, when } of branch.cases) {
    const worked = conditionOf(step, row, name, when)
    if (worked === undefined) return
    if (!worked.ok) {
      failStage(step, row, worked.error)
      return
    }
    if (!worked.value) continue
    decision = name
    break
  }
  if (open(step, row, { waiting: null })) completeStage(step, step.stage(row.stage), { decision })
}
