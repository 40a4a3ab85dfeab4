import { describe, expect, it } from 'vitest'
import { changeRow, intendedMerge, mergeRow, takenMerge, TARGET } from '../../test/board/example-merges.ts'
import { eventOf, lookup } from '../../test/replay/example-rows.ts'
import type { EventBodies, EventType } from '../events.ts'
import type { RowChange } from '../tables.ts'
import type { ChangeRow } from './change.ts'
import type { MergeRow } from './merge.ts'
import { applyMerge, mergeReads, type MergeEvent } from './merge-projection.ts'

interface Rows {
  readonly merge?: readonly MergeRow[]
  readonly change?: readonly ChangeRow[]
}

/** The rows after an event, of which everything that it looks up was named. */
function apply<T extends MergeEvent['type']>(type: T, data: EventBodies[T], rows: Rows = {}): RowChange[] {
  const event = eventOf(type as EventType, data as never) as unknown as MergeEvent
  const named = new Set(mergeReads(event).map(({ table, key }) => `${table} ${key}`))
  const all = lookup(rows)
  return applyMerge(event, (table, key) => {
    expect(named).toContain(`${table} ${key}`)
    return all(table, key)
  })
}

function mergeAfter<T extends MergeEvent['type']>(type: T, data: EventBodies[T], merge: MergeRow): unknown {
  const [first] = apply(type, data, { merge: [merge] })
  return first?.row
}

const ADVANCED: EventBodies['change.advanced'] = {
  change: 'auth',
  item: 'auth',
  attempt: 'att_1',
  from: null,
  head: 'head1',
  tree: 'tree1',
  base: 'base1',
  target: TARGET,
}

const COMPLETED: EventBodies['merge.completed'] = {
  merge: 'mrg_1',
  item: 'auth',
  attempt: 'att_1',
  change: 'auth',
  target: TARGET,
  commit: 'commit1',
}

describe('a change', () => {
  it('begins with its first attempt', () => {
    expect(apply('change.advanced', ADVANCED)).toEqual([{ table: 'change', key: 'auth', row: changeRow() }])
  })

  it('is open again when it goes on after it was merged', () => {
    const merged = changeRow({ state: 'merged', merged: 'm1', merges: 1 })
    const [after] = apply('change.advanced', { ...ADVANCED, head: 'head2' }, { change: [merged] })
    expect(after?.row).toEqual({ ...merged, state: 'open', head: 'head2' })
  })

  it.each([
    ['commit1', changeRow({ state: 'merged', merged: 'commit1', merges: 1 })],
    [null, changeRow({ state: 'closed' })],
  ])('is settled where it came within %j, or is not wanted', (commit, row) => {
    const data = { change: 'auth', head: 'head1', commit }
    expect(apply('change.closed', data, { change: [changeRow()] })).toEqual([
      { table: 'change', key: 'auth', row },
    ])
    expect(() => apply('change.closed', data)).toThrow(expect.objectContaining({ code: 'store_corrupt' }))
  })

  it('is merged when its target has its head', () => {
    const [, after] = apply('merge.completed', COMPLETED, { merge: [intendedMerge()], change: [changeRow()] })
    expect(after?.row).toEqual(changeRow({ state: 'merged', merged: 'commit1', merges: 1 }))
  })

  it('stays open when it has gone on meanwhile', () => {
    const further = changeRow({ head: 'head2' })
    const [, after] = apply('merge.completed', COMPLETED, { merge: [intendedMerge()], change: [further] })
    expect(after?.row).toEqual({ ...further, merged: 'commit1', merges: 1 })
  })

  it('stays open on a branch for a pull request', () => {
    const pull = { ...COMPLETED, target: 'refs/heads/atelier-pr/auth' }
    const changes = apply('merge.completed', pull, { merge: [intendedMerge()], change: [changeRow()] })
    expect(changes.map(({ table }) => table)).toEqual(['merge'])
  })

  it('may be unknown to a merge', () => {
    expect(apply('merge.completed', COMPLETED, { merge: [intendedMerge()] })).toHaveLength(1)
  })
})

describe('a merge', () => {
  it('is queued when it is asked for, at the place of its event', () => {
    const { id, item, attempt, change, target, mode, head, title } = mergeRow()
    const data = { merge: id, item, attempt, change, target, mode, head, title }
    const [yes] = apply('merge.requested', { ...data, verified: true })
    const { seq, at } = eventOf('host.stopped', { host: 'h' })
    expect(yes?.row).toEqual(mergeRow({ position: seq, requestedAt: at }))
    const [no] = apply('merge.requested', { ...data, verified: false })
    expect(no?.row).toMatchObject({ verified: 0 })
  })

  it('belongs to the host that takes it, and to the one that adopts it', () => {
    const data = { merges: ['mrg_1'], target: TARGET, host: 'host_2' }
    expect(mergeAfter('merge.taken', data, mergeRow())).toEqual(takenMerge({ host: 'host_2' }))
    expect(mergeAfter('merge.adopted', data, intendedMerge())).toEqual(intendedMerge({ host: 'host_2' }))
  })

  it('carries its intent', () => {
    const data = {
      merges: [{ merge: 'mrg_1', commit: 'commit1' }],
      target: TARGET,
      ref: TARGET,
      old: 'old1',
      new: 'new1',
    }
    expect(mergeAfter('merge.intended', data, takenMerge())).toEqual(intendedMerge())
  })

  it('keeps its commits while it waits on a branch, and its host does not', () => {
    const ref = 'refs/heads/atelier/main'
    const data = {
      merge: 'mrg_1',
      item: 'auth',
      reason: 'main_tree_dirty',
      ref,
      tip: null,
      message: 'dirty',
    } as const
    expect(mergeAfter('merge.held', data, intendedMerge())).toEqual(
      intendedMerge({ state: 'held', host: null, ref, reason: 'main_tree_dirty', message: 'dirty' }),
    )
  })

  it('keeps only where the target was while it waits on none', () => {
    const data = {
      merge: 'mrg_1',
      item: 'auth',
      reason: 'target_red',
      ref: null,
      tip: 'tip1',
      message: 'red',
    } as const
    expect(mergeAfter('merge.held', data, takenMerge())).toEqual(
      mergeRow({ state: 'held', reason: 'target_red', message: 'red', old: 'tip1' }),
    )
  })

  it('is as it was when it is back, and counts the rounds in which the target moved', () => {
    const data = { merge: 'mrg_1', item: 'auth' }
    expect(mergeAfter('merge.returned', { ...data, reason: 'moved' }, intendedMerge())).toEqual(
      mergeRow({ round: 1 }),
    )
    expect(mergeAfter('merge.returned', { ...data, reason: 'host_lost' }, takenMerge())).toEqual(mergeRow())
  })

  it('ends with its commit, or with an error', () => {
    expect(mergeAfter('merge.completed', COMPLETED, intendedMerge())).toMatchObject({
      state: 'merged',
      host: null,
      ref: TARGET,
      commit: 'commit1',
      settledAt: expect.any(Number) as number,
    })
    const error = { code: 'merge_conflict', message: 'a.txt' } as const
    expect(mergeAfter('merge.rejected', { merge: 'mrg_1', item: 'auth', error }, takenMerge())).toMatchObject(
      {
        state: 'rejected',
        host: null,
        error,
      },
    )
  })

  it('that is unknown, or in another state, makes the log corrupt', () => {
    expect(() => apply('merge.taken', { merges: ['mrg_1'], target: TARGET, host: 'h' })).toThrow(
      /no earlier event/u,
    )
    expect(() => mergeAfter('merge.completed', COMPLETED, mergeRow({ state: 'merged' }))).toThrow(
      /cannot be completed/u,
    )
  })
})

it('reads nothing for the events of others', () => {
  expect(mergeReads({ type: 'host.stopped', data: { host: 'host_1' } })).toEqual([])
  expect(mergeReads({ type: 'merge.requested', data: { merge: 'mrg_1' } as never })).toEqual([])
})
