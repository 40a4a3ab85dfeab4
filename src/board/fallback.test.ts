import { describe, expect, it } from 'vitest'
import { itemRow, runningItem } from '../../test/replay/example-rows.ts'
import { decideFlags } from './claiming.ts'
import type { ItemRow } from './item.ts'
import { retryPolicy } from './retry-policy.ts'
import { decideFailure, fallbackProfile } from './settling.ts'

const NOTHING = { items: new Map<string, ItemRow>(), dependents: new Map<string, readonly string[]>() }
const FALLBACK = ['second', 'third']

/** The types of the events of a failure in this try. */
function afterFailure(item: Partial<ItemRow>, code: 'timeout' | 'invalid_input' = 'timeout'): string[] {
  const error = { code, message: 'No.' }
  const failure = { attempt: 'att_1', error, policy: retryPolicy({ attempts: 2, delaysMs: [0] }), random: 0 }
  const decided = decideFailure(runningItem(item), { ...failure, fallback: FALLBACK }, NOTHING, 0)
  return 'events' in decided ? decided.events.map(({ type }) => type) : [decided.refused.code]
}

describe('D14: the fallback of an item', () => {
  it('has its turn when the tries of the worker are used up, or would only meet the same error again', () => {
    expect(afterFailure({ attempts: 1 })).toEqual(['attempt.ended', 'item.readied'])
    expect(afterFailure({ attempts: 2 })).toEqual(['attempt.ended', 'item.fell_back', 'item.readied'])
    expect(afterFailure({ attempts: 1 }, 'invalid_input')).toContain('item.fell_back')
  })

  it('tries once with each profile, lost tries not counted', () => {
    expect(fallbackProfile(itemRow({ attempts: 2 }), FALLBACK)).toBeUndefined()
    expect(fallbackProfile(itemRow({ attempts: 2, ownTries: 2 }), FALLBACK)).toBe('second')
    expect(fallbackProfile(itemRow({ attempts: 4, losses: 1, ownTries: 2 }), FALLBACK)).toBe('third')
    expect(afterFailure({ attempts: 3, ownTries: 2 })).toEqual(['attempt.ended', 'item.readied'])
    expect(afterFailure({ attempts: 4, ownTries: 2 })).toEqual(['attempt.ended', 'item.failed'])
  })
})

describe('what an attempt changed of its own verification', () => {
  it('is noted once there is something, and taken back', () => {
    expect(decideFlags(runningItem(), 'att_1', [])).toEqual({ events: [] })
    expect(decideFlags(runningItem(), 'att_1', ['changed'])).toMatchObject({
      events: [{ type: 'item.flagged' }],
    })
    expect(decideFlags(runningItem({ flags: ['changed'] }), 'att_1', [])).toMatchObject({
      events: [{ data: { flags: [] } }],
    })
    expect(decideFlags(runningItem(), 'att_0', ['changed'])).toMatchObject({
      refused: { code: 'stale_claim' },
    })
  })
})
