/**
 * The lifecycle of a merge. A test derives this table from {@link nextMergeState}:
 *
 * | from     | taken | adopted  | intended | held | returned | completed | rejected |
 * |----------|-------|----------|----------|------|----------|-----------|----------|
 * | queued   | taken | -        | -        | held | -        | -         | rejected |
 * | taken    | -     | -        | intended | held | queued   | merged    | rejected |
 * | intended | -     | intended | -        | held | queued   | merged    | rejected |
 * | held     | -     | -        | -        | -    | queued   | merged    | rejected |
 * | merged   | -     | -        | -        | -    | -        | -         | -        |
 * | rejected | -     | -        | -        | -    | -        | -         | -        |
 *
 * `intended` is committed before the target moves: whatever dies then, the refs say whether it has moved. Another
 * integrator adopts such a merge, and reads them.
 */
import type { MergeState } from './merge.ts'

export type MergeStep = 'taken' | 'adopted' | 'intended' | 'held' | 'returned' | 'completed' | 'rejected'

const STEPS: Readonly<Record<MergeState, Partial<Record<MergeStep, MergeState>>>> = {
  queued: { taken: 'taken', held: 'held', rejected: 'rejected' },
  taken: {
    intended: 'intended',
    held: 'held',
    returned: 'queued',
    completed: 'merged',
    rejected: 'rejected',
  },
  intended: {
    adopted: 'intended',
    held: 'held',
    returned: 'queued',
    completed: 'merged',
    rejected: 'rejected',
  },
  held: { returned: 'queued', completed: 'merged', rejected: 'rejected' },
  merged: {},
  rejected: {},
}

/** The state after a step; undefined where the step is not allowed. */
export function nextMergeState(state: MergeState, step: MergeStep): MergeState | undefined {
  return STEPS[state][step]
}

/** True for the states in which an integrator has the merge, and no other integrator may take one of its target. */
export function isLive(state: MergeState): boolean {
  return state === 'taken' || state === 'intended'
}

/** True once nothing can change the merge any more. */
export function isOver(state: MergeState): boolean {
  return state === 'merged' || state === 'rejected'
}
