import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { isQuiet, poolSize, QUIET_MS, type PoolState } from './pool.ts'

const LIMITS = { min: 1, max: 4 }
const IDLE: PoolState = { agents: 2, busy: 0, ready: 0, quietSince: 0 }

it('D11: more than two ready items for each agent add one, up to the most', () => {
  const busy = { agents: 2, busy: 2, quietSince: null }
  expect(poolSize(LIMITS, { ...busy, ready: 4 }, 0)).toBe(2)
  expect(poolSize(LIMITS, { ...busy, ready: 5 }, 0)).toBe(3)
  expect(poolSize(LIMITS, { ...busy, agents: 4, busy: 4, ready: 99 }, 0)).toBe(4)
})

it('D11: with nothing ready and hardly anybody at work the least stay, once it has been quiet for a while', () => {
  expect(poolSize(LIMITS, IDLE, QUIET_MS - 1)).toBe(2)
  expect(poolSize(LIMITS, IDLE, QUIET_MS)).toBe(1)
  expect(poolSize(LIMITS, { ...IDLE, quietSince: null }, QUIET_MS)).toBe(2)
  expect(poolSize(LIMITS, { ...IDLE, agents: 10, busy: 1 }, QUIET_MS)).toBe(1)
  expect(poolSize({ min: 1, max: 20 }, { ...IDLE, agents: 20, busy: 3 }, QUIET_MS)).toBe(3)
})

it('has never fewer than the least', () => {
  expect(poolSize({ min: 3, max: 4 }, { ...IDLE, agents: 1 }, 0)).toBe(3)
})

it('D11: is quiet with nothing ready and a load below 0.2', () => {
  expect(isQuiet({ agents: 6, busy: 1, ready: 0 })).toBe(true)
  expect(isQuiet({ agents: 5, busy: 1, ready: 0 })).toBe(false)
  expect(isQuiet({ agents: 6, busy: 0, ready: 1 })).toBe(false)
})

it('stays within its limits, keeps whoever works, and rests where nothing changes', () => {
  const state = fc
    .record({
      agents: fc.integer({ min: 1, max: 4 }),
      ready: fc.nat({ max: 20 }),
      busyShare: fc.nat({ max: 100 }),
    })
    .map(({ agents, ready, busyShare }) => ({ agents, ready, busy: Math.floor((agents * busyShare) / 100) }))
  fc.assert(
    fc.property(state, fc.boolean(), (given, isLong) => {
      const quietSince = isQuiet(given) ? 0 : null
      const now = isLong ? QUIET_MS : 0
      const size = poolSize(LIMITS, { ...given, quietSince }, now)
      expect(size).toBeGreaterThanOrEqual(Math.max(LIMITS.min, given.busy))
      expect(size).toBeLessThanOrEqual(LIMITS.max)
      // Whoever was just added is not dismissed by the same rule.
      const next = poolSize(LIMITS, { ...given, agents: size, quietSince }, now)
      expect(size > given.agents && next < size).toBe(false)
    }),
  )
})
