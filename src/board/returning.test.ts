import { describe, expect, it } from 'vitest'
import { SmallBoard } from '../../test/board/small-board.ts'
import { INTERRUPTED } from './item.ts'
import { decideDone, decideReturn, MAX_LOSSES, wornOut } from './settling.ts'

describe('an attempt that is given back', () => {
  it('AS-30: makes the item ready in its old place, and its own late result is refused', () => {
    const board = new SmallBoard()
    board.post(['a'])
    const { readyAt, rank } = board.get('a')
    board.pass(5000)
    board.claim('a')
    const lost = board.get('a').attempt as string
    board.do('returnItem', 'a', { outcome: 'lost' })
    expect(board.get('a')).toMatchObject({ state: 'ready', readyAt, rank, attempts: 1, phase: null })
    board.claim('a')
    const late = { attempt: lost, result: 'late', verified: false, commit: null }
    expect(decideDone(board.get('a'), late, [])).toMatchObject({ refused: { code: 'stale_claim' } })
  })

  it('uses up no try where it was released or parked', () => {
    const board = new SmallBoard()
    board.post(['a'])
    board.claim('a')
    board.do('returnItem', 'a', { outcome: 'released' })
    board.claim('a')
    board.do('parkItem', 'a', { waiting: { for: 'answer', id: 'inb_1' } })
    expect(board.get('a')).toMatchObject({ attempts: 0, waiting: { for: 'answer', id: 'inb_1' } })
    expect(board.team.list('attempt').map(({ state }) => state)).toEqual(['released', 'parked'])
    expect(board.do('wakeItem', 'a')).toBe('item.readied')
  })

  it('AS-129: is not followed by another while its merge is under way', () => {
    const board = new SmallBoard()
    board.post(['a'])
    board.claim('a')
    const { attempt } = board.get('a')
    const waiting = { for: 'merge', reason: INTERRUPTED } as const
    const lost = { outcome: 'lost', waiting, result: 'Made it.' } as const
    const decided = decideReturn(board.get('a'), attempt as string, lost)
    expect('events' in decided && decided.events).toMatchObject([
      { type: 'attempt.ended', data: { outcome: 'lost' } },
      { type: 'item.deferred', data: { item: 'a', waiting, result: 'Made it.' } },
    ])
  })

  it('wears the item out after five dead hosts, until it is retried by hand', () => {
    const board = new SmallBoard()
    board.post(['a'])
    for (let times = 0; times < MAX_LOSSES; times++) {
      expect(wornOut(board.get('a'))).toBeUndefined()
      board.lose('a')
    }
    expect(wornOut(board.get('a'))).toMatchObject({ code: 'host_failed', details: { item: 'a', losses: 5 } })
    board.do('failItem', 'a')
    board.do('retryItem', 'a')
    expect(wornOut(board.get('a'))).toBeUndefined()
  })
})
