import { describe, expect, it } from 'vitest'
import { SmallBoard } from '../../test/board/small-board.ts'
import { itemRow, runningItem } from '../../test/replay/example-rows.ts'
import type { ItemRow, ItemState } from './item.ts'
import type { Decided } from './posting.ts'
import { retryPolicy } from './retry-policy.ts'
import {
  decideCancel,
  decideDefer,
  decideDone,
  decideFailed,
  decideFailure,
  decideMerged,
  decideRetry,
  decideReturn,
  decideSkip,
  decideWake,
} from './settling.ts'
import { decideClaim, decidePhase, decideProgress, decideStart } from './claiming.ts'
import { nextItemState, type ItemStep } from './item-lifecycle.ts'

const NOTHING = { items: new Map(), dependents: new Map() }
const ERROR = { code: 'turn_failed', message: 'It failed.' } as const

describe('a done item', () => {
  it('A32: makes ready what waited only for it, and keeps new what waits for more', () => {
    const board = new SmallBoard()
    board.post(['a', 'b', 'c < a', 'd < a b'])
    board.finish('a')
    expect(board.states()).toEqual({ a: 'done', b: 'ready', c: 'ready', d: 'new' })
    board.finish('b')
    expect(board.states()).toMatchObject({ d: 'ready' })
  })

  it('A32: frees what was cancelled meanwhile, too, so that a retry finds it ready', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a'])
    board.do('cancelItem', 'b')
    board.finish('a')
    expect(board.states()).toEqual({ a: 'done', b: 'cancelled' })
    board.do('retryItem', 'b')
    expect(board.states()).toEqual({ a: 'done', b: 'ready' })
  })

  it('has forgotten the errors of earlier tries', () => {
    const board = new SmallBoard()
    board.post(['a'], { retry: 'exponential' })
    board.fail('a')
    expect(board.get('a').error).toMatchObject({ code: 'turn_failed' })
    board.pass(1000)
    board.do('wakeItem', 'a')
    board.finish('a')
    expect(board.get('a')).toMatchObject({ state: 'done', error: null, attempts: 2, result: 'Done.' })
  })
})

describe('an item that waits for its merge', () => {
  const merged = { attempt: 'att_000', verified: true, commit: 'c0ffee' }

  it('is done when that is made, and frees what waits for it', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a'])
    board.claim('a')
    board.do('parkItem', 'a', { waiting: { for: 'merge', reason: 'main_tree_dirty' } })
    const decided = decideMerged(board.get('a'), merged, [board.get('b')])
    for (const event of 'events' in decided ? decided.events : []) board.team.append(event)
    expect(board.states()).toEqual({ a: 'done', b: 'ready' })
    expect(board.get('a')).toMatchObject({ verified: 1, commit: 'c0ffee', waiting: null })
  })

  it('is not done by another attempt, nor where it waits for something else', () => {
    const waiting = { for: 'merge', reason: 'x' } as const
    const item = itemRow({ state: 'waiting', waiting, attempt: 'att_1' })
    const refused = { refused: { code: 'invalid_transition' } }
    expect(decideMerged(item, merged, [])).toMatchObject(refused)
    const other = { ...item, attempt: 'att_000', waiting: { for: 'answer', id: 'i' } } as const
    expect(decideMerged(other, merged, [])).toMatchObject(refused)
    expect(decideMerged({ ...item, attempt: 'att_000', state: 'ready' }, merged, [])).toMatchObject(refused)
  })
})

describe('a failed attempt', () => {
  it('AS-109: is followed by others after 1 s and 2 s, then the item fails with the original error', () => {
    const board = new SmallBoard()
    board.post(['a'], { retry: 'exponential' })
    const start = board.team.now
    expect(board.fail('a')).toBe('attempt.ended item.deferred')
    expect(board.get('a').waiting).toEqual({ for: 'retry', at: start + 1000 })
    board.pass(999)
    expect(board.do('wakeItem', 'a')).toBe('')
    board.pass(1)
    board.do('wakeItem', 'a')
    board.fail('a')
    expect(board.get('a').waiting).toEqual({ for: 'retry', at: start + 3000 })
    board.pass(2000)
    board.do('wakeItem', 'a')
    expect(board.fail('a')).toBe('attempt.ended item.failed')
    expect(board.get('a')).toMatchObject({
      state: 'failed',
      attempts: 3,
      error: { code: 'turn_failed', message: 'It did not work.' },
    })
  })

  it('AS-81: with the hub policy waits 5 s and 15 s, and succeeds in the third try', () => {
    const board = new SmallBoard()
    board.post(['a'], { retry: 'hub' })
    const waits = [1, 2].map(() => {
      board.fail('a')
      const { waiting } = board.get('a')
      const ms = (waiting?.for === 'retry' ? waiting.at : 0) - board.team.now
      board.pass(ms)
      board.do('wakeItem', 'a')
      return ms
    })
    expect(waits).toEqual([5000, 15_000])
    board.finish('a')
    expect(board.states()).toEqual({ a: 'done' })
  })

  it('AS-82: for the third time leaves each try with its error, and lets the rest go on', () => {
    const board = new SmallBoard()
    board.post(['a', 'b'], { retry: 'exponential' })
    for (const ms of [1000, 2000, 0]) {
      board.fail('a')
      board.pass(ms)
      board.do('wakeItem', 'a')
    }
    board.finish('b')
    expect(board.states()).toEqual({ a: 'failed', b: 'done' })
    const tries = board.team.list('attempt').filter(({ item }) => item === 'a')
    expect(tries.map(({ number, state, error }) => [number, state, error?.code])).toEqual([
      [1, 'failed', 'turn_failed'],
      [2, 'failed', 'turn_failed'],
      [3, 'failed', 'turn_failed'],
    ])
  })

  it('is followed at once by another where the pause is 0', () => {
    const failure = { attempt: 'att_1', error: ERROR, policy: retryPolicy({ delaysMs: [0] }), random: 0 }
    const decided = decideFailure(runningItem(), failure, NOTHING, 0)
    expect('events' in decided && decided.events.map(({ type }) => type)).toEqual([
      'attempt.ended',
      'item.readied',
    ])
  })

  it('AS-30: is not counted where a host died, so that three tries are left', () => {
    const board = new SmallBoard()
    board.post(['a'], { retry: 'exponential' })
    board.lose('a')
    board.lose('a')
    expect(board.get('a')).toMatchObject({ state: 'ready', attempts: 2, losses: 2 })
    for (const ms of [1000, 2000]) {
      board.fail('a')
      expect(board.states()).toEqual({ a: 'in_progress' })
      board.pass(ms)
      board.do('wakeItem', 'a')
    }
    board.fail('a')
    expect(board.get('a')).toMatchObject({ state: 'failed', attempts: 5, losses: 2 })
  })
})

describe('a failed item', () => {
  it('AS-24: blocks what is behind it, through others too, and a retry repairs both in turn', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a', 'c < b'])
    board.fail('a')
    expect(board.states()).toEqual({ a: 'failed', b: 'blocked by a', c: 'blocked by a' })
    board.do('retryItem', 'a')
    expect(board.states()).toEqual({ a: 'ready', b: 'new', c: 'new' })
    board.finish('a')
    expect(board.states()).toEqual({ a: 'done', b: 'ready', c: 'new' })
    board.finish('b')
    expect(board.states()).toEqual({ a: 'done', b: 'done', c: 'ready' })
  })

  it('AS-24: blocks beside others, and what is behind stays blocked until all are repaired', () => {
    const board = new SmallBoard()
    board.post(['a', 'b', 'c < a b', 'd < c'])
    board.fail('a')
    board.do('cancelItem', 'b')
    expect(board.states()).toMatchObject({ c: 'blocked by a b', d: 'blocked by a b' })
    board.do('retryItem', 'a')
    expect(board.states()).toMatchObject({ c: 'blocked by b', d: 'blocked by b' })
    board.do('retryItem', 'b')
    expect(board.states()).toMatchObject({ c: 'new', d: 'new' })
  })

  it('is retried behind another failed one as blocked, and ready once that is done', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a'])
    board.do('failItem', 'b')
    board.fail('a')
    board.do('retryItem', 'b')
    expect(board.states()).toEqual({ a: 'failed', b: 'blocked by a' })
    board.do('retryItem', 'a')
    expect(board.states()).toEqual({ a: 'ready', b: 'new' })
    board.do('cancelItem', 'b')
    board.do('retryItem', 'b')
    expect(board.states()).toEqual({ a: 'ready', b: 'new' })
  })

  it('begins again with all its tries, without result, error and progress', () => {
    const board = new SmallBoard()
    board.post(['a'])
    board.claim('a')
    board.do('progressItem', 'a', { percent: 60 })
    board.do('failAttempt', 'a', { code: 'turn_failed' })
    board.do('retryItem', 'a')
    expect(board.get('a')).toMatchObject({
      state: 'ready',
      attempts: 0,
      retryCount: 1,
      error: null,
      progress: null,
      settledAt: null,
    })
  })

  it('can be cancelled or skipped', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a'])
    board.fail('a')
    board.do('cancelItem', 'a')
    expect(board.states()).toEqual({ a: 'cancelled', b: 'blocked by a' })
    board.do('skipItem', 'a')
    expect(board.states()).toEqual({ a: 'done', b: 'ready' })
  })
})

describe('a cancelled item', () => {
  it('AS-31: ends its attempt, blocks what is behind it, and refuses what the attempt still reports', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a'])
    board.claim('a')
    expect(board.do('cancelItem', 'a')).toBe('attempt.ended item.cancelled item.blocked')
    expect(board.states()).toEqual({ a: 'cancelled', b: 'blocked by a' })
    expect(board.team.list('attempt')).toMatchObject([{ state: 'cancelled' }])
    expect(board.do('completeItem', 'a')).toBe('stale_claim')
  })

  it('AS-31: is not cancelled a second time', () => {
    const board = new SmallBoard()
    board.post(['a'])
    board.do('cancelItem', 'a')
    const before = board.get('a')
    expect(board.do('cancelItem', 'a')).toBe('')
    expect(board.get('a')).toBe(before)
  })

  it.each(['done', 'skipped'] as const)('AS-31: is not made of one that is %s', (state) => {
    expect(decideCancel(itemRow({ state }), 'x', NOTHING)).toMatchObject({
      refused: { code: 'already_done', details: { item: 'auth', state } },
    })
    expect(decideSkip(itemRow({ state }), 'x', NOTHING)).toMatchObject({ refused: { code: 'already_done' } })
  })
})

it('a skipped item lets what is behind it go on without its result', () => {
  const board = new SmallBoard()
  board.post(['a', 'b < a', 'c < a b', 'd < c'])
  board.do('skipItem', 'a')
  expect(board.states()).toEqual({ a: 'done', b: 'ready', c: 'new', d: 'new' })
  board.do('cancelItem', 'b')
  board.do('skipItem', 'b')
  expect(board.states()).toMatchObject({ c: 'ready', d: 'new' })
})

describe('an item that is put aside', () => {
  it('waits for what it is put aside for, and is ready when that has come', () => {
    const board = new SmallBoard()
    board.post(['a'])
    board.do('deferItem', 'a', { waiting: { for: 'budget', scope: 'global' } })
    expect(board.get('a')).toMatchObject({ state: 'waiting', waiting: { for: 'budget', scope: 'global' } })
    board.do('wakeItem', 'a')
    expect(board.states()).toEqual({ a: 'ready' })
  })

  it('is not woken where it waits for other items, or not at all', () => {
    for (const waiting of [
      null,
      { for: 'dependencies' },
      { for: 'failed_dependency', causes: ['x'] },
    ] as const)
      expect(decideWake(itemRow({ waiting }))).toEqual({ events: [] })
  })
})

/** What each command does to an item, as a step of the table. */
const COMMANDS: readonly (readonly [string, ItemStep, (item: ItemRow) => Decided])[] = [
  [
    'claim',
    'claimed',
    (item) => decideClaim(item, { attempt: 'a', owner: 'o', host: null, slot: null, tree: null }),
  ],
  ['start', 'phased', (item) => decideStart(item, 'att_1')],
  ['phase', 'phased', (item) => decidePhase(item, 'att_1', 'merging')],
  ['progress', 'phased', (item) => decideProgress(item, 'att_1', 7, 'x')],
  [
    'done',
    'done',
    (item) => decideDone(item, { attempt: 'att_1', result: null, verified: false, commit: null }, []),
  ],
  [
    'failure',
    'failed',
    (item) =>
      decideFailure(
        item,
        { attempt: 'att_1', error: ERROR, policy: retryPolicy('none'), random: 0 },
        NOTHING,
        0,
      ),
  ],
  ['failed', 'failed', (item) => decideFailed(item, ERROR, NOTHING)],
  ['lost', 'readied', (item) => decideReturn(item, 'att_1', { outcome: 'lost' })],
  [
    'parked',
    'deferred',
    (item) => decideReturn(item, 'att_1', { outcome: 'parked', waiting: { for: 'answer', id: 'i' } }),
  ],
  ['cancel', 'cancelled', (item) => decideCancel(item, 'x', NOTHING)],
  ['skip', 'skipped', (item) => decideSkip(item, 'x', NOTHING)],
  ['retry', 'readied', (item) => decideRetry(item, [], NOTHING)],
  ['defer', 'deferred', (item) => decideDefer(item, { for: 'answer', id: 'i' })],
]

/** What each state takes. Cancelling what is cancelled already is neither taken nor refused. */
const TAKEN: Readonly<Record<ItemState, readonly string[]>> = {
  waiting: ['failed', 'cancel', 'skip'],
  ready: ['claim', 'failed', 'cancel', 'skip', 'defer'],
  running: ['start', 'phase', 'progress', 'done', 'failure', 'failed', 'lost', 'parked', 'cancel'],
  done: [],
  failed: ['cancel', 'skip', 'retry'],
  cancelled: ['skip', 'retry'],
  skipped: [],
}

describe.each(Object.entries(TAKEN))('AS-116, A31: an item that is %s', (name, taken) => {
  const state = name as ItemState
  const phase = state === 'running' ? ('claimed' as const) : null
  const item = itemRow({ state, phase, attempt: 'att_1', attempts: 1 })
  const outcomes = COMMANDS.map(([command, step, decide]) => ({ command, step, decided: decide(item) }))

  it('takes these commands, each as a step of the table', () => {
    const accepted = outcomes.filter(({ decided }) => 'events' in decided && decided.events.length > 0)
    expect(accepted.map(({ command }) => command)).toEqual(taken)
    for (const { step } of accepted) expect(nextItemState(state, step)).toBeDefined()
  })

  it('refuses every other, and names the item', () => {
    const refused = outcomes.flatMap(({ decided }) => ('refused' in decided ? [decided.refused] : []))
    expect(refused).toHaveLength(COMMANDS.length - taken.length - (state === 'cancelled' ? 1 : 0))
    for (const { code, message } of refused) {
      expect(['invalid_transition', 'stale_claim', 'already_done']).toContain(code)
      expect(message).toContain('auth')
    }
  })
})
