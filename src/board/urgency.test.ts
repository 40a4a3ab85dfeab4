import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rankOf } from './rank.ts'
import {
  AGEING_MS,
  leadOfDeadline,
  leadOfFactor,
  MAX_VALUE,
  MIN_VALUE,
  OVERDUE_LEAD_MS,
  urgencyAt,
  dynamicPriority,
} from './urgency.ts'

const NOW = 1_800_000_000_000
const HOUR_MS = 3_600_000

const priority = fc.integer({ min: 1, max: 5 })
const path = fc.nat({ max: 10 * HOUR_MS })
const value = fc.integer({ min: MIN_VALUE * 10, max: MAX_VALUE * 10 }).map((tenths) => tenths / 10)
const left = fc.integer({ min: -100 * HOUR_MS, max: 100 * HOUR_MS })

describe('D12: urgency', () => {
  it.each([
    [null, 1],
    [48, 1],
    [5, 1],
    [2.5, 2],
    [1, 5],
    [0.5, 10],
    [0.01, 10],
    [0, 10],
    [-3, 10],
  ])('with %s hours left is %d', (hours, urgency) => {
    expect(urgencyAt(hours === null ? null : NOW + hours * HOUR_MS, NOW)).toBe(urgency)
  })

  it('multiplies with level and value', () => {
    expect(dynamicPriority({ priority: 1, value: 1, deadline: null }, NOW)).toBe(5)
    expect(dynamicPriority({ priority: 0, value: 1, deadline: null }, NOW)).toBe(5)
    expect(dynamicPriority({ priority: 5, value: 3, deadline: NOW }, NOW)).toBe(30)
  })
})

describe('D12: in the queue', () => {
  it('a value of 5 leads by the way from the lowest level to the highest, and its inverse trails by as much', () => {
    // Straight between powers of 2, as the lead of a path is: within a part of one doubling.
    expect(Math.abs(leadOfFactor(5) - 4 * AGEING_MS)).toBeLessThan(AGEING_MS / 4)
    expect(leadOfFactor(1)).toBe(0)
    expect(leadOfFactor(2)).toBe(-leadOfFactor(0.5))
    expect(leadOfFactor(MIN_VALUE)).toBeLessThan(0)
  })

  it('what is worth more is never behind its equal', () => {
    fc.assert(
      fc.property(priority, path, value, value, (level, way, one, other) => {
        const rank = (worth: number): number =>
          rankOf({ readyAt: NOW, priority: level, path: way, value: worth })
        expect(Math.sign(rank(one) - rank(other))).toBe(Math.sign(other - one))
      }),
    )
  })

  it('at its deadline, an item leads its equal that becomes ready then by what overdue is worth, or by more', () => {
    fc.assert(
      fc.property(priority, path, left, (level, way, ms) => {
        const same = { priority: level, path: way }
        const deadline = NOW + Math.abs(ms)
        const lead = rankOf({ ...same, readyAt: deadline }) - rankOf({ ...same, readyAt: NOW, deadline })
        expect(lead).toBeGreaterThanOrEqual(OVERDUE_LEAD_MS)
      }),
    )
  })

  it('the earlier deadline is first among equals, and one that is far away changes nothing', () => {
    const lead = (ms: number): number => leadOfDeadline(NOW + ms, NOW)
    fc.assert(
      fc.property(left, fc.nat({ max: 100 * HOUR_MS }), (ms, more) => {
        expect(lead(ms)).toBeGreaterThanOrEqual(lead(ms + more))
        expect(lead(ms)).toBeLessThanOrEqual(OVERDUE_LEAD_MS)
        expect(lead(OVERDUE_LEAD_MS + more)).toBe(0)
      }),
    )
    expect(leadOfDeadline(null, NOW)).toBe(0)
  })

  it('no deadline and no value lifts anything above an emergency', () => {
    const emergency = rankOf({ readyAt: NOW + 400 * 24 * HOUR_MS, priority: 0, path: 0, value: MIN_VALUE })
    const most = rankOf({ readyAt: NOW, priority: 1, path: 2 ** 31, value: MAX_VALUE, deadline: 0 })
    expect(emergency).toBeLessThan(most)
  })
})
