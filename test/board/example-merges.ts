/** Rows of changes and merges with plausible values, of which a test names only what it is about. */
import type { ChangeRow } from '../../src/board/change.ts'
import type { ItemRow } from '../../src/board/item.ts'
import type { MergeRow } from '../../src/board/merge.ts'
import { runningItem } from '../replay/example-rows.ts'

export const TARGET = 'refs/heads/main'

export function changeRow(changes: Partial<ChangeRow> = {}): ChangeRow {
  return {
    id: 'auth',
    target: TARGET,
    head: 'head1',
    tree: 'tree1',
    base: 'base1',
    state: 'open',
    merged: null,
    merges: 0,
    item: 'auth',
    attempt: 'att_1',
    ...changes,
  }
}

/** A merge that waits in the queue. */
export function mergeRow(changes: Partial<MergeRow> = {}): MergeRow {
  return {
    id: 'mrg_1',
    item: 'auth',
    attempt: 'att_1',
    change: 'auth',
    target: TARGET,
    mode: 'auto',
    head: 'head1',
    title: 'Implement auth',
    verified: 1,
    state: 'queued',
    reason: null,
    message: null,
    host: null,
    ref: null,
    old: null,
    new: null,
    commit: null,
    error: null,
    round: 0,
    position: 1,
    requestedAt: 1000,
    settledAt: null,
    ...changes,
  }
}

/** A merge that a host's integrator has. */
export function takenMerge(changes: Partial<MergeRow> = {}): MergeRow {
  return mergeRow({ state: 'taken', host: 'host_1', ...changes })
}

/** A merge whose target is about to move. */
export function intendedMerge(changes: Partial<MergeRow> = {}): MergeRow {
  return takenMerge({
    state: 'intended',
    ref: TARGET,
    old: 'old1',
    new: 'new1',
    commit: 'commit1',
    ...changes,
  })
}

/** An item whose attempt waits for its merge. */
export function mergingItem(changes: Partial<ItemRow> = {}): ItemRow {
  return runningItem({ phase: 'merging', ...changes })
}
