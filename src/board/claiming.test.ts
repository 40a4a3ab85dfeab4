import { describe, expect, it } from 'vitest'
import { SmallBoard } from '../../test/board/small-board.ts'
import { itemRow, runningItem } from '../../test/replay/example-rows.ts'
import { decideClaim, decidePhase, decideProgress, decidePrompt, decideStart, freeSlot } from './claiming.ts'

const CLAIM = { attempt: 'att_2', owner: 'dev_2', host: null, slot: null, tree: null }

describe('A30: a claim', () => {
  it('gives a ready item to one owner, and refuses it to the next with where it is', () => {
    const board = new SmallBoard()
    board.post(['a'])
    expect(board.claim('a', 'a')).toBe('item.claimed invalid_transition')
    expect(board.get('a')).toMatchObject({ state: 'running', phase: 'claimed', owner: 'dev_1', attempts: 1 })
    expect(decideClaim(board.get('a'), CLAIM)).toEqual({
      refused: {
        code: 'invalid_transition',
        message: 'The item "a" is claimed, so it cannot become claimed. Look at it with: work show a',
        details: { item: 'a', from: 'claimed', to: 'claimed' },
      },
    })
  })

  it('counts the tries of its item', () => {
    const decided = decideClaim(itemRow({ attempts: 2 }), { ...CLAIM, host: 'host_1', slot: 3 })
    expect(decided).toMatchObject({ events: [{ data: { number: 3, host: 'host_1', slot: 3 } }] })
  })

  it('takes the smallest slot that no running attempt has', () => {
    expect(freeSlot([])).toBe(0)
    expect(freeSlot([0, 2, null])).toBe(1)
  })
})

describe('A31: the start of work', () => {
  it('leads from claimed to executing, once', () => {
    const board = new SmallBoard()
    board.post(['a'])
    expect(board.do('startItem', 'a')).toBe('invalid_transition')
    board.claim('a')
    board.pass(500)
    expect(board.do('startItem', 'a')).toBe('item.started')
    expect(board.get('a')).toMatchObject({ phase: 'executing', startedAt: board.team.now })
    expect(board.do('startItem', 'a')).toBe('invalid_transition')
  })
})

describe('AS-29: whoever does not hold the attempt', () => {
  it.each([
    ['startItem', {}],
    ['phaseItem', { phase: 'merging' }],
    ['progressItem', { percent: 10 }],
    ['completeItem', { isLong: false }],
    ['failAttempt', { code: 'timeout' }],
    ['returnItem', { outcome: 'released' }],
    ['parkItem', { waiting: { for: 'answer', id: 'inb_1' } }],
  ] as const)('is refused %s, and the item stays as it was', (what, more) => {
    const board = new SmallBoard()
    board.post(['a'])
    board.claim('a')
    const before = board.get('a')
    expect(board.do(what, 'a', { ...more, isLate: true })).toBe('stale_claim')
    expect(board.get('a')).toBe(before)
  })

  it('is told why', () => {
    const other = decideStart(runningItem(), 'att_0')
    expect('refused' in other && other.refused.message).toBe(
      'The attempt att_0 at "auth" is over: dev_1 runs it in another attempt. What it reports is not accepted.',
    )
    const over = decideStart(runningItem({ state: 'done', phase: null }), 'att_1')
    expect('refused' in over && over.refused.message).toContain('is over: it is done')
  })
})

describe('a prompt', () => {
  it('begins the work with the first one, and is part of it afterwards', () => {
    const first = decidePrompt(runningItem({ phase: 'claimed' }), 'att_1')
    expect('events' in first && first.events.map(({ type }) => type)).toEqual(['item.started'])
    expect(decidePrompt(runningItem({ phase: 'verifying' }), 'att_1')).toEqual({ events: [] })
  })

  it('is refused where the attempt is over: its item waits for another one', () => {
    const released = runningItem({ state: 'ready', phase: null, attempt: null })
    expect(decidePrompt(released, 'att_1')).toMatchObject({ refused: { code: 'invalid_transition' } })
    expect(decidePrompt(runningItem(), 'att_0')).toMatchObject({ refused: { code: 'stale_claim' } })
  })
})

describe('a phase', () => {
  it('is noted once, and not back to claimed', () => {
    expect(decidePhase(runningItem(), 'att_1', 'verifying')).toMatchObject({
      events: [{ type: 'item.phase_changed', data: { phase: 'verifying' } }],
    })
    expect(decidePhase(runningItem(), 'att_1', 'executing')).toEqual({ events: [] })
    expect(decidePhase(runningItem({ phase: 'claimed' }), 'att_1', 'claimed')).toEqual({ events: [] })
    expect(decidePhase(runningItem(), 'att_1', 'claimed')).toMatchObject({
      refused: { code: 'invalid_transition', details: { from: 'executing', to: 'claimed' } },
    })
  })

  it('says that work has begun, where nothing else has', () => {
    const board = new SmallBoard()
    board.post(['a'])
    board.claim('a')
    board.do('phaseItem', 'a', { phase: 'planning' })
    const { startedAt } = board.get('a')
    expect(startedAt).toBe(board.team.now)
    board.pass(100)
    board.do('phaseItem', 'a', { phase: 'executing' })
    expect(board.get('a')).toMatchObject({ phase: 'executing', startedAt })
  })
})

describe('progress', () => {
  it('is a whole share from 0 to 100, and noted where it is new', () => {
    const row = runningItem({ progress: { percent: 50, step: 'tests' } })
    expect(decideProgress(row, 'att_1', 50.4, 'tests')).toEqual({ events: [] })
    expect(decideProgress(row, 'att_1', 50, 'docs')).toMatchObject({ events: [{ data: { step: 'docs' } }] })
    expect(decideProgress(row, 'att_1', 140, '')).toMatchObject({ events: [{ data: { percent: 100 } }] })
    expect(decideProgress(row, 'att_1', -3, '')).toMatchObject({ events: [{ data: { percent: 0 } }] })
  })
})
