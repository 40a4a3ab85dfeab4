import { describe, expect, it } from 'vitest'
import { attemptRow, eventOf, itemRow, lookup, runningItem } from '../../test/replay/example-rows.ts'
import type { EventBodies, NewEvent } from '../events.ts'
import type { RowChange } from '../tables.ts'
import type { ItemRow } from './item.ts'
import { applyBoard, boardReads } from './projection.ts'
import { rankOf } from './rank.ts'

const POSTED: EventBodies['item.posted'] = {
  item: 'tests',
  title: 'Test auth',
  kind: 'test',
  priority: 2,
  value: 3,
  deadline: 9_000_000,
  capability: { name: 'auth', minExpertise: 4 },
  definition: '{}',
  dependsOn: ['auth', 'db'],
  unmet: 2,
  estimateMs: 500,
  path: 700,
  touches: ['test/'],
  change: 'auth',
}

function rowOf(changes: readonly RowChange[], table: RowChange['table']): unknown {
  return changes.find((change) => change.table === table)?.row
}

describe('a posted item', () => {
  it('is a part of a run, or of none', () => {
    const none = { run: null, stage: null, round: null, index: null }
    const part = { run: 'feature-1', stage: 'each', round: 2, index: 7 }
    expect(rowOf(applyBoard(eventOf('item.posted', POSTED), lookup({})), 'item')).toMatchObject(none)
    expect(rowOf(applyBoard(eventOf('item.posted', { ...POSTED, part }), lookup({})), 'item')).toMatchObject(
      part,
    )
  })
})

describe('events of the board read', () => {
  const item = { table: 'item', key: 'auth' }

  it.each([
    ['item.posted', POSTED, []],
    ['item.removed', { item: 'auth', dependsOn: [] }, [item]],
    ['item.readied', { item: 'auth' }, [item]],
    ['item.skipped', { item: 'auth', reason: 'x', released: ['b'] }, [item, { table: 'item', key: 'b' }]],
    [
      'attempt.ended',
      { item: 'auth', attempt: 'att_1', outcome: 'done', error: null },
      [{ table: 'attempt', key: 'att_1' }, item],
    ],
    ['context.removed', { key: 'plan', version: 1 }, []],
  ] as const)('for %s the rows that it changes', (type, data, refs) => {
    expect(boardReads({ type, data } as NewEvent)).toEqual(refs)
  })
})

it('A27: a posted item waits, and each of its dependencies is an edge', () => {
  const event = eventOf('item.posted', POSTED, { at: 4000 })
  const [row, ...edges] = applyBoard(event, lookup({}))
  expect(row?.row).toEqual({
    ...itemRow(),
    id: 'tests',
    title: 'Test auth',
    type: 'test',
    state: 'waiting',
    waiting: { for: 'dependencies' },
    priority: 2,
    value: 3,
    deadline: 9_000_000,
    capability: 'auth',
    minExpertise: 4,
    dependsOn: ['auth', 'db'],
    unmet: 2,
    estimateMs: 500,
    path: 700,
    rank: rankOf({ readyAt: 4000, priority: 2, path: 700, value: 3, deadline: 9_000_000 }),
    readyAt: null,
    touches: ['test/'],
    postedAt: 4000,
  })
  expect(edges).toEqual([
    { table: 'dependency', key: ['auth', 'tests'], row: { dependsOn: 'auth', item: 'tests' } },
    { table: 'dependency', key: ['db', 'tests'], row: { dependsOn: 'db', item: 'tests' } },
  ])
})

it('a removed item takes its edges with it, and the time at which it was to be woken', () => {
  const row = itemRow({ state: 'waiting', waiting: { for: 'retry', at: 9000 } })
  const event = eventOf('item.removed', { item: 'auth', dependsOn: ['db'] })
  expect(applyBoard(event, lookup({ item: [row] }))).toEqual([
    { table: 'item', key: 'auth', row: null },
    { table: 'wake', key: 'auth', row: null },
    { table: 'dependency', key: ['db', 'auth'], row: null },
  ])
})

describe('an item that waits for a time', () => {
  it('has a row by which it is woken, and none once it waits for something else', () => {
    const waiting = { for: 'quota', account: 'claude', at: 9000 } as const
    const deferred = applyBoard(
      eventOf('item.deferred', { item: 'auth', waiting, result: null }),
      lookup({ item: [runningItem()] }),
    )
    expect(rowOf(deferred, 'wake')).toEqual({ item: 'auth', at: 9000 })
    const row = itemRow({ state: 'waiting', waiting })
    const person = { for: 'approval', id: 'inb_1' } as const
    const again = applyBoard(
      eventOf('item.deferred', { item: 'auth', waiting: person, result: null }),
      lookup({ item: [row] }),
    )
    expect(again.at(-1)).toEqual({ table: 'wake', key: 'auth', row: null })
  })

  it('takes a new place in the queue when it is ready again, and keeps it where a host has died', () => {
    const readied = eventOf('item.readied', { item: 'auth' }, { at: 7000 })
    const woken = itemRow({ state: 'waiting', waiting: { for: 'answer', id: 'i' }, readyAt: 1000 })
    expect(rowOf(applyBoard(readied, lookup({ item: [woken] })), 'item')).toMatchObject({ readyAt: 7000 })
    const lost = runningItem({ readyAt: 1000 })
    expect(rowOf(applyBoard(readied, lookup({ item: [lost] })), 'item')).toMatchObject({
      readyAt: 1000,
      rank: rankOf({ readyAt: 1000, priority: 3, path: 1000 }),
    })
    const early = runningItem({ readyAt: null })
    expect(rowOf(applyBoard(readied, lookup({ item: [early] })), 'item')).toMatchObject({ readyAt: 7000 })
  })
})

it('a longer way moves a ready item forward, and waits for one that is not', () => {
  const event = eventOf('item.path_changed', { item: 'auth', path: 8000 })
  const ready = applyBoard(event, lookup({ item: [itemRow()] }))
  expect(rowOf(ready, 'item')).toMatchObject({
    path: 8000,
    rank: rankOf({ readyAt: 1000, priority: 3, path: 8000 }),
  })
  const waiting = itemRow({ readyAt: null, rank: 5 })
  expect(rowOf(applyBoard(event, lookup({ item: [waiting] })), 'item')).toMatchObject({ path: 8000, rank: 5 })
})

it('an item that only waits for its merge keeps its result until then, and not for another attempt', () => {
  const waiting = { for: 'merge', reason: 'main_tree_dirty' } as const
  const deferred = eventOf('item.deferred', { item: 'auth', waiting, result: 'Done.' })
  const row = rowOf(applyBoard(deferred, lookup({ item: [runningItem()] })), 'item') as ItemRow
  expect(row).toMatchObject({ state: 'waiting', result: 'Done.' })
  const done = { item: 'auth', attempt: 'att_1', result: null, verified: true, commit: 'c', released: [] }
  expect(rowOf(applyBoard(eventOf('item.done', done), lookup({ item: [row] })), 'item')).toMatchObject({
    state: 'done',
    result: 'Done.',
    verified: 1,
  })
  const claim = {
    item: 'auth',
    attempt: 'att_2',
    number: 2,
    owner: 'dev_1',
    host: null,
    slot: null,
    tree: null,
  }
  const ready = { ...row, state: 'ready', waiting: null } as const
  expect(rowOf(applyBoard(eventOf('item.claimed', claim), lookup({ item: [ready] })), 'item')).toMatchObject({
    state: 'running',
    result: null,
  })
})

describe('an attempt that has ended', () => {
  it.each([
    ['done', null, { attempts: 3, losses: 1 }],
    ['failed', { code: 'timeout', message: 'x' }, { attempts: 3, losses: 1 }],
    ['lost', null, { attempts: 3, losses: 2 }],
    ['released', null, { attempts: 2, losses: 1 }],
    ['parked', null, { attempts: 2, losses: 1 }],
    ['returned', { code: 'merge_conflict', message: 'x' }, { attempts: 2, losses: 1 }],
  ] as const)('as %s leaves its error and counts', (outcome, error, counts) => {
    const event = eventOf('attempt.ended', { attempt: 'att_1', item: 'auth', outcome, error }, { at: 6000 })
    const running = attemptRow({ verifier: 'host_1' })
    const rows = lookup({ item: [runningItem({ attempts: 3, losses: 1 })], attempt: [running] })
    const changes = applyBoard(event, rows)
    expect(rowOf(changes, 'attempt')).toEqual(attemptRow({ state: outcome, endedAt: 6000, error }))
    expect(rowOf(changes, 'item')).toMatchObject({ ...counts, error, state: 'running' })
  })
})

it('a merge that came back is counted, and its reason kept', () => {
  const error = { code: 'merge_conflict', message: 'x' } as const
  const event = eventOf('item.merge_returned', { item: 'auth', attempt: 'att_1', error })
  const before = itemRow({ state: 'waiting', waiting: { for: 'merge', reason: 'x' }, mergeRounds: 1 })
  expect(rowOf(applyBoard(event, lookup({ item: [before] })), 'item')).toEqual({
    ...before,
    ...{ mergeRounds: 2, error, revision: 2 },
  })
  const retried = eventOf('item.retried', { item: 'auth' })
  expect(rowOf(applyBoard(retried, lookup({ item: [before] })), 'item')).toMatchObject({ mergeRounds: 0 })
})

it('what somebody outside has finished is verified by a host, and refused or taken up by another', () => {
  const about = { item: 'auth', attempt: 'att_1' }
  const rows = { item: [runningItem()], attempt: [attemptRow({ host: null })] }
  const submitted = applyBoard(
    eventOf('attempt.submitted', { ...about, head: 'c0ffee', result: 'Done.' }),
    lookup(rows),
  )
  const submission = { head: 'c0ffee', result: 'Done.' }
  expect(rowOf(submitted, 'item')).toMatchObject({ state: 'running', phase: 'verifying' })
  expect(rowOf(submitted, 'attempt')).toMatchObject({ submission, verifier: null })
  const taken = lookup({ ...rows, attempt: [attemptRow({ host: null, submission })] })
  expect(
    rowOf(applyBoard(eventOf('attempt.verifying', { ...about, host: 'host_2' }), taken), 'attempt'),
  ).toMatchObject({ submission, verifier: 'host_2' })
  const error = { code: 'verification_failed', message: 'Red.' } as const
  const refused = applyBoard(eventOf('attempt.refused', { ...about, error }), taken)
  expect(rowOf(refused, 'item')).toMatchObject({ state: 'running', phase: 'executing', error })
  expect(rowOf(refused, 'attempt')).toMatchObject({ state: 'running', submission: null, verifier: null })
})

it('a log that names what it never made is said to be corrupt', () => {
  const readied = eventOf('item.readied', { item: 'auth' })
  expect(() => applyBoard(readied, lookup({}))).toThrow(expect.objectContaining({ code: 'store_corrupt' }))
  const ended = eventOf('attempt.ended', { attempt: 'att_1', item: 'auth', outcome: 'done', error: null })
  expect(() => applyBoard(ended, lookup({ item: [runningItem()] }))).toThrow(
    'The log names attempt "att_1", which no earlier event made.',
  )
})
