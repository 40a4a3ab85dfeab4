/** How the events of changes and merges become rows. */
import { AtelierError } from '../errors.ts'
import type { AtelierEvent, EventOf, NewEvent } from '../events.ts'
import type { RowChange, RowLookup, RowRef } from '../tables.ts'
import type { ChangeRow } from './change.ts'
import type { MergeRow } from './merge.ts'
import { nextMergeState, type MergeStep } from './merge-lifecycle.ts'
import { usesUp } from './merge-queue.ts'

/** The events of changes and merges. */
export type MergeEvent = Extract<AtelierEvent, { readonly type: `change.${string}` | `merge.${string}` }>

/** The rows that an event of changes and merges reads. */
export function mergeReads(event: NewEvent): RowRef[] {
  switch (event.type) {
    case 'change.advanced':
    case 'change.closed':
      return [{ table: 'change', key: event.data.change }]
    case 'merge.taken':
    case 'merge.adopted':
      return event.data.merges.map((key) => ({ table: 'merge', key }))
    case 'merge.intended':
      return event.data.merges.map(({ merge: key }) => ({ table: 'merge', key }))
    case 'merge.completed':
      return [
        { table: 'merge', key: event.data.merge },
        { table: 'change', key: event.data.change },
      ]
    case 'merge.held':
    case 'merge.rejected':
    case 'merge.returned':
      return [{ table: 'merge', key: event.data.merge }]
    default:
      return []
  }
}

/** The rows after an event of changes and merges. */
export function applyMerge(event: MergeEvent, rows: RowLookup): RowChange[] {
  switch (event.type) {
    case 'change.advanced':
      return applyAdvanced(event, rows)
    case 'change.closed':
      return applyClosed(event, rows)
    case 'merge.requested':
      return applyRequested(event)
    case 'merge.taken': {
      const { merges, host } = event.data
      return merges.map((id) => moved(rows, id, 'taken', () => ({ host })))
    }
    case 'merge.adopted': {
      const { merges, host } = event.data
      return merges.map((id) => moved(rows, id, 'adopted', () => ({ host })))
    }
    case 'merge.intended': {
      const { merges, ref, old, new: next } = event.data
      return merges.map(({ merge, commit }) =>
        moved(rows, merge, 'intended', () => ({ ref, old, new: next, commit })),
      )
    }
    case 'merge.held': {
      const { merge, reason, ref, tip, message } = event.data
      // What waits on no branch is built anew.
      const work = ref === null ? { ...NO_INTENT, old: tip } : { ref, host: null }
      return [moved(rows, merge, 'held', () => ({ ...work, reason, message }))]
    }
    case 'merge.returned': {
      const { merge, reason } = event.data
      const again = (row: MergeRow): Partial<MergeRow> =>
        usesUp(reason) ? { ...NO_INTENT, round: row.round + 1 } : NO_INTENT
      return [moved(rows, merge, 'returned', again)]
    }
    case 'merge.rejected': {
      const { merge, error } = event.data
      return [moved(rows, merge, 'rejected', () => ({ ...NO_HOLD, error, settledAt: event.at }))]
    }
    case 'merge.completed':
      return applyCompleted(event, rows)
  }
}

const NO_HOLD = { host: null, reason: null, message: null } as const
const NO_INTENT = { ...NO_HOLD, ref: null, old: null, new: null, commit: null } as const

function applyAdvanced({ data }: EventOf<'change.advanced'>, rows: RowLookup): RowChange[] {
  const { change: id, target, head, tree, base, item, attempt } = data
  const { merged = null, merges = 0 } = rows('change', id) ?? {}
  const row: ChangeRow = { id, target, head, tree, base, state: 'open', merged, merges, item, attempt }
  return [{ table: 'change', key: id, row }]
}

function applyClosed({ data }: EventOf<'change.closed'>, rows: RowLookup): RowChange[] {
  const { change: id, commit } = data
  const row = rows('change', id)
  if (row === undefined) throw missing('change', id)
  const after: ChangeRow =
    commit === null
      ? { ...row, state: 'closed' }
      : { ...row, state: 'merged', merged: commit, merges: row.merges + 1 }
  return [{ table: 'change', key: id, row: after }]
}

function applyRequested({ data, seq, at }: EventOf<'merge.requested'>): RowChange[] {
  const { merge: id, item, attempt, change, target, mode, head, title, verified } = data
  const row: MergeRow = {
    id,
    item,
    attempt,
    change,
    target,
    mode,
    head,
    title,
    verified: verified ? 1 : 0,
    state: 'queued',
    ...NO_INTENT,
    error: null,
    round: 0,
    position: seq,
    requestedAt: at,
    settledAt: null,
  }
  return [{ table: 'merge', key: id, row }]
}

function applyCompleted(event: EventOf<'merge.completed'>, rows: RowLookup): RowChange[] {
  const { merge: id, change: changeId, target, commit } = event.data
  const { head } = found(rows, id)
  const settled = moved(rows, id, 'completed', () => ({
    ...NO_HOLD,
    ref: target,
    commit,
    settledAt: event.at,
  }))
  const change = rows('change', changeId)
  // A branch for a pull request is not the target: the change stays open until somebody merges that.
  if (change === undefined || change.target !== target) return [settled]
  const state = change.head === head ? 'merged' : change.state
  const row: ChangeRow = { ...change, state, merged: commit, merges: change.merges + 1 }
  return [settled, { table: 'change', key: changeId, row }]
}

function moved(
  rows: RowLookup,
  id: string,
  step: MergeStep,
  fields: (row: MergeRow) => Partial<MergeRow>,
): RowChange {
  const row = found(rows, id)
  const state = nextMergeState(row.state, step)
  if (state === undefined) {
    throw new AtelierError('invalid_transition', `The merge ${id} is ${row.state}; it cannot be ${step}.`, {
      details: { merge: id, from: row.state, step },
    })
  }
  return { table: 'merge', key: id, row: { ...row, ...fields(row), state } }
}

function found(rows: RowLookup, merge: string): MergeRow {
  const row = rows('merge', merge)
  if (row !== undefined) return row
  throw missing('merge', merge)
}

function missing(what: string, key: string): AtelierError {
  return new AtelierError(
    'store_corrupt',
    `The log names the ${what} "${key}", which no earlier event made.`,
    {
      details: { [what]: key },
    },
  )
}
