import { describe, expect, it } from 'vitest'
import { changeRow, TARGET } from '../../test/board/example-merges.ts'
import { decideAdvance, decideClose, type Advance } from './change.ts'

const ADVANCE: Advance = {
  change: 'auth',
  item: 'auth-tests',
  attempt: 'att_2',
  from: 'head1',
  head: 'head2',
  tree: 'tree2',
  base: 'head1',
  target: TARGET,
}

describe('the head of a change', () => {
  it('is where the first attempt leaves it', () => {
    const first = { ...ADVANCE, from: null }
    expect(decideAdvance(undefined, first)).toEqual({ events: [{ type: 'change.advanced', data: first }] })
  })

  it('moves from where the attempt found it', () => {
    expect(decideAdvance(changeRow(), ADVANCE)).toEqual({
      events: [{ type: 'change.advanced', data: ADVANCE }],
    })
  })

  it('does not move again when an attempt says the same twice', () => {
    expect(decideAdvance(changeRow({ head: 'head2', attempt: 'att_2' }), ADVANCE)).toEqual({ events: [] })
  })

  it.each([
    ['moved by another item', changeRow({ head: 'head9', item: 'docs' }), 'docs has extended it'],
    ['moved by an attempt that found none', undefined, 'has moved since'],
  ])('does not move when it was %s', (_what, row, text) => {
    const decided = decideAdvance(row, ADVANCE)
    expect(decided).toMatchObject({
      refused: { code: 'conflict', details: { change: 'auth', from: 'head1', at: row?.head ?? null } },
    })
    expect('refused' in decided && decided.refused.message).toContain(text)
  })
})

describe('the end of a change', () => {
  const closing = { change: 'auth', head: 'head1', commit: 'commit1' }

  it('comes with the head that somebody has looked at', () => {
    expect(decideClose(changeRow(), closing)).toEqual([{ type: 'change.closed', data: closing }])
  })

  it.each([
    ['is not there', undefined],
    ['has gone on', changeRow({ head: 'head2' })],
    ['is merged', changeRow({ state: 'merged' })],
  ])('does not come where it %s', (_what, row) => {
    expect(decideClose(row, closing)).toEqual([])
  })
})
