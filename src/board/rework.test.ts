import { describe, expect, it } from 'vitest'
import { itemRow, runningItem } from '../../test/replay/example-rows.ts'
import { errorData, type ErrorData } from '../errors.ts'
import { decideMergeBack, DEFAULT_REWORK, isExhausted, isReworked } from './rework.ts'

const CONFLICT: ErrorData = errorData('merge_conflict', 'notes.txt does not merge.')
const BACK = { attempt: 'att_1', error: CONFLICT, waiting: null } as const
const ASKED = { for: 'answer', id: 'ask_1' } as const
const HELD = itemRow({ state: 'waiting', attempt: 'att_1', waiting: { for: 'merge', reason: 'x' } })

function eventsOf(decided: ReturnType<typeof decideMergeBack>): readonly string[] {
  return 'events' in decided ? decided.events.map(({ type }) => type) : [decided.refused.code]
}

describe('a merge that came back', () => {
  it('ends its attempt without using up a try, and the item is ready at once', () => {
    expect(decideMergeBack(runningItem(), BACK)).toEqual({
      events: [
        {
          type: 'attempt.ended',
          data: { attempt: 'att_1', item: 'auth', outcome: 'returned', error: CONFLICT },
        },
        { type: 'item.merge_returned', data: { item: 'auth', attempt: 'att_1', error: CONFLICT } },
        { type: 'item.readied', data: { item: 'auth' } },
      ],
    })
  })

  it('of an attempt that is over already only moves the item', () => {
    expect(eventsOf(decideMergeBack(HELD, BACK))).toEqual(['item.merge_returned', 'item.readied'])
  })

  it('makes the item wait for an answer where somebody is asked', () => {
    const { events } = decideMergeBack(HELD, { ...BACK, waiting: ASKED }) as {
      readonly events: readonly object[]
    }
    expect(events.at(-1)).toEqual({
      type: 'item.deferred',
      data: { item: 'auth', waiting: ASKED, result: null },
    })
  })

  it.each([
    ['of another attempt', runningItem({ attempt: 'att_2' })],
    ['of an item that is settled', itemRow({ state: 'cancelled', attempt: 'att_1' })],
    ['of an item that waits for something else', { ...HELD, waiting: ASKED }],
  ])('%s changes nothing', (_name, item) => {
    expect(eventsOf(decideMergeBack(item, BACK))).toEqual(['invalid_transition'])
  })
})

it('three rounds of rework are the owner’s own, and only what is about the work', () => {
  expect([0, 2, 3, 4].map((mergeRounds) => isExhausted(itemRow({ mergeRounds }), DEFAULT_REWORK))).toEqual([
    false,
    false,
    true,
    true,
  ])
  expect(isReworked(CONFLICT)).toBe(true)
  expect(isReworked(errorData('verification_failed', 'Red.'))).toBe(true)
  expect(isReworked(errorData('conflict', 'Moved.'))).toBe(false)
})
