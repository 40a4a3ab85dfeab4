import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMERGENCY, rankOf, type RankInput } from './rank.ts'
import { AGEING_MS } from './urgency.ts'

const NOW = 1_800_000_000_000
const DAY_MS = 24 * 3_600_000

const readyAt = fc.integer({ min: NOW - 400 * DAY_MS, max: NOW + 400 * DAY_MS })
const priority = fc.integer({ min: 1, max: 5 })
const path = fc.oneof(fc.nat({ max: 2 ** 31 - 1 }), fc.nat({ max: 10_000 }), fc.maxSafeNat())
const item: fc.Arbitrary<RankInput> = fc.record({ readyAt, priority, path })

describe('the rank of an item', () => {
  it('lets a higher priority go first, however long the ways are', () => {
    fc.assert(
      fc.property(item, path, ({ readyAt: at, priority: level, path: way }, other) => {
        fc.pre(level < 5)
        expect(rankOf({ readyAt: at, priority: level, path: way })).toBeLessThan(
          rankOf({ readyAt: at, priority: level + 1, path: other }),
        )
      }),
    )
  })

  it('ages: what waited for the time of one level longer stands where one of the next level stands', () => {
    fc.assert(
      fc.property(item, (one) => {
        const older = { ...one, readyAt: one.readyAt - AGEING_MS, priority: one.priority + 1 }
        expect(rankOf(older)).toBe(rankOf(one))
      }),
    )
  })

  it('lets nothing starve: what waited for five levels goes before everything that is newer', () => {
    fc.assert(
      fc.property(item, path, (one, other) => {
        const old = rankOf({ ...one, priority: 5, readyAt: one.readyAt - 5 * AGEING_MS })
        expect(old).toBeLessThanOrEqual(rankOf({ readyAt: one.readyAt, priority: 1, path: other }))
      }),
    )
  })

  it('AS-106: lets an emergency go before everything, whatever has aged', () => {
    fc.assert(
      fc.property(item, item, (one, other) => {
        expect(rankOf({ ...one, priority: EMERGENCY })).toBeLessThan(rankOf(other))
      }),
    )
  })

  it('puts emergencies in order among themselves: the longer way, then the longer wait', () => {
    const emergency = { readyAt: NOW, priority: EMERGENCY, path: 1000 }
    expect(rankOf({ ...emergency, path: 2000 })).toBeLessThan(rankOf(emergency))
    expect(rankOf({ ...emergency, readyAt: NOW - 1 })).toBeLessThan(rankOf(emergency))
  })

  it('never falls behind for a longer way, and leads by the same for each doubling', () => {
    fc.assert(
      fc.property(item, path, (one, other) => {
        const [short, long] = [Math.min(one.path, other), Math.max(one.path, other)]
        expect(rankOf({ ...one, path: long })).toBeLessThanOrEqual(rankOf({ ...one, path: short }))
      }),
    )
    const leads = [1, 2, 4, 8, 2 ** 27, 2 ** 28].map((way) => rankOf({ readyAt: 0, priority: 1, path: way }))
    expect(leads.slice(1).map((rank, index) => (leads[index] as number) - rank)).toEqual([
      480_000,
      480_000,
      480_000,
      23 * 480_000 + 480_000,
      480_000,
    ])
  })

  it('is the same beyond three days of work, and at nothing', () => {
    expect(rankOf({ readyAt: NOW, priority: 3, path: 2 ** 40 })).toBe(
      rankOf({ readyAt: NOW, priority: 3, path: 2 ** 28 }),
    )
    expect(rankOf({ readyAt: NOW, priority: 3, path: 0 })).toBe(
      rankOf({ readyAt: NOW, priority: 3, path: 1 }),
    )
  })

  it('is a whole number that every machine counts with exactly', () => {
    fc.assert(
      fc.property(readyAt, fc.integer({ min: 0, max: 5 }), path, (at, level, way) => {
        expect(rankOf({ readyAt: at, priority: level, path: way })).toSatisfy(Number.isSafeInteger)
      }),
    )
  })
})
