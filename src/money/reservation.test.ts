import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_ASSUME_USD, percentile, RECENT_TURNS, reservationFor } from './reservation.ts'

describe('a turn sets aside', () => {
  it('its own cap, whatever the turns before it cost', () => {
    expect(reservationFor({ capMicros: 700, recentMicros: [10, 20], assumeMicros: 500 })).toBe(700)
  })

  it('nothing where its cap is nothing', () => {
    expect(reservationFor({ capMicros: 0, recentMicros: [10], assumeMicros: 500 })).toBe(0)
  })

  it('the 90th percentile of the turns before it without a cap', () => {
    const recentMicros = Array.from({ length: 20 }, (_, index) => (index + 1) * 10)
    expect(reservationFor({ capMicros: null, recentMicros, assumeMicros: 500 })).toBe(180)
  })

  it('what is assumed where nothing is known', () => {
    expect(reservationFor({ capMicros: null, recentMicros: [], assumeMicros: 500 })).toBe(500)
  })
})

it('an estimate rests on the last 20 turns, and half a dollar is assumed without any', () => {
  expect([RECENT_TURNS, DEFAULT_ASSUME_USD]).toEqual([20, 0.5])
})

describe('the nearest-rank percentile', () => {
  it.each([
    [[7], 0.9, 7],
    [[1, 2], 0.5, 1],
    [[1, 2], 0.51, 2],
    [[30, 10, 20], 0.9, 30],
    [[30, 10, 20], 0, 10],
    [[30, 10, 20], 1, 30],
  ])('of %j at %d is %i', (values, share, value) => {
    expect(percentile(values, share)).toBe(value)
  })

  it('is a value that at least its share of the values do not exceed, and the smallest such', () => {
    const values = fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
        const found = percentile(all, share)
        const covers = (limit: number): boolean =>
          all.filter((value) => value <= limit).length >= share * all.length
        expect(all).toContain(found)
        expect(covers(found)).toBe(true)
        expect(all.filter((value) => value < found).some(covers)).toBe(false)
      }),
    )
  })

  it('leaves the values in their order', () => {
    const values = [3, 1, 2]
    percentile(values, 0.9)
    expect(values).toEqual([3, 1, 2])
  })
})
