import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { attemptRow, eventOf, itemRow, lookup } from '../../test/replay/example-rows.ts'
import type { EventBodies, EventType } from '../events.ts'
import { applyBoard, type BoardEvent } from './projection.ts'
import type { ItemRow, ItemState } from './item.ts'
import { blocks, isSettled, nextItemState, satisfies, type ItemStep } from './item-lifecycle.ts'

const STATES: readonly ItemState[] = ['waiting', 'ready', 'running', 'done', 'failed', 'cancelled', 'skipped']
const STEPS: readonly ItemStep[] = [
  'readied',
  'unblocked',
  'blocked',
  'deferred',
  'claimed',
  'phased',
  'done',
  'failed',
  'cancelled',
  'skipped',
]

/** The lines of the table in the comment at the top of the file, as cells. */
function documented(): string[][] {
  const source = readFileSync(new URL('item-lifecycle.ts', import.meta.url), 'utf8')
  const lines = source.slice(0, source.indexOf('*/')).match(/^ \* \|.*\|$/gmu) ?? []
  return lines.map((line) =>
    line
      .slice(' * |'.length, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

const ERROR = { code: 'turn_failed', message: 'It failed.' } as const
const ITEM = { item: 'auth' }
const ATTEMPT = { item: 'auth', attempt: 'att_1' }

/** Every event that moves an item, by the step that it is. */
const MOVES: { readonly [T in EventType]?: readonly [ItemStep, EventBodies[T]] } = {
  'item.readied': ['readied', ITEM],
  'item.unblocked': ['unblocked', ITEM],
  'item.blocked': ['blocked', { ...ITEM, causes: ['db'] }],
  'item.deferred': ['deferred', { ...ITEM, waiting: { for: 'retry', at: 9000 }, result: null }],
  'item.claimed': ['claimed', { ...ATTEMPT, number: 1, owner: 'dev_1', host: null, slot: null, tree: null }],
  'item.started': ['phased', ATTEMPT],
  'item.phase_changed': ['phased', { ...ATTEMPT, phase: 'merging' }],
  'item.progressed': ['phased', { ...ATTEMPT, percent: 5, step: '' }],
  'item.done': ['done', { ...ATTEMPT, result: null, verified: false, commit: null, released: [] }],
  'item.failed': ['failed', { ...ITEM, error: ERROR }],
  'item.cancelled': ['cancelled', { ...ITEM, reason: 'x' }],
  'item.skipped': ['skipped', { ...ITEM, reason: 'x', released: [] }],
}

describe('the lifecycle of an item', () => {
  it('is the table in the comment at the top of its file', () => {
    const derived = STATES.map((from) => [from, ...STEPS.map((step) => nextItemState(from, step) ?? '-')])
    const [headings = [], , ...rows] = documented()
    expect(headings.slice(1)).toEqual(STEPS)
    expect(rows).toEqual(derived)
  })

  it('names each state once as open, satisfied or blocking', () => {
    expect(STATES.filter(satisfies)).toEqual(['done', 'skipped'])
    expect(STATES.filter(blocks)).toEqual(['failed', 'cancelled'])
    expect(STATES.filter((state) => !isSettled(state))).toEqual(['waiting', 'ready', 'running'])
  })

  it('has no step that leads out of done or skipped', () => {
    for (const state of STATES.filter(satisfies))
      expect(STEPS.map((step) => nextItemState(state, step))).toEqual(STEPS.map(() => undefined))
  })
})

describe.each(STATES)('AS-116: an item that is %s', (state) => {
  const row: ItemRow = itemRow({ state, waiting: state === 'waiting' ? { for: 'dependencies' } : null })
  const rows = lookup({ item: [row], attempt: [attemptRow()] })

  it.each(Object.entries(MOVES))('goes with %s where the table says, or not at all', (type, [step, data]) => {
    const event = eventOf(type as BoardEvent['type'], data as EventBodies[BoardEvent['type']])
    const to = nextItemState(state, step)
    const refused = { code: 'invalid_transition', details: { item: 'auth', from: state, step } }
    const moved = { state: to, revision: row.revision + 1 }
    expect(outcomeOf(() => applyBoard(event, rows)[0]?.row)).toMatchObject(to === undefined ? refused : moved)
  })
})

/** What a call returns, or the error that it throws. */
function outcomeOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}
