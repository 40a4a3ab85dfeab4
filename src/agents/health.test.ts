import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { efficiencyOf, healthOf, successOf, type Health, type HealthFacts } from './health.ts'

const WELL: HealthFacts = { isHosted: true, recent: [], silentMs: 0, circuit: 'closed' }

it.each<[string, Partial<HealthFacts>]>([
  ['healthy', {}],
  ['healthy', { recent: [0, 0] }],
  ['healthy', { recent: [0, 0, 0, 1, 1, 1, 1, 1, 1, 1] }],
  ['degraded', { recent: [0, 0, 0, 0, 1, 1, 1, 1, 1, 0] }],
  ['degraded', { recent: [1, 1, 0] }],
  ['recovering', { recent: [0, 0, 1, 1] }],
  ['recovering', { circuit: 'half_open' }],
  ['unhealthy', { circuit: 'open' }],
  ['unhealthy', { silentMs: 300_000 }],
  ['healthy', { silentMs: 299_999 }],
  ['offline', { isHosted: false, circuit: 'open', silentMs: 300_000, recent: [0, 0, 0] }],
])('D11: a worker is %s with %j', (health, facts) => {
  expect(healthOf({ ...WELL, ...facts })).toBe(health)
})

it('D11: what did nothing yet is as good as what never failed', () => {
  expect(successOf([])).toBe(1)
  expect(successOf([1, 0, 0, 1])).toBe(0.5)
})

it('D11: efficiency is 1 of what is free, well and never fails, and 0 of what is none of it', () => {
  expect(efficiencyOf({ recent: [1], load: 0, health: 'healthy' })).toBe(1)
  expect(efficiencyOf({ recent: [0], load: 1, health: 'offline' })).toBe(0)
  expect(efficiencyOf({ recent: [1, 0], load: 0.5, health: 'degraded' })).toBeCloseTo(0.6)
  const recent = fc.array(fc.constantFrom<0 | 1>(0, 1))
  const health = fc.constantFrom<Health>('healthy', 'degraded', 'unhealthy', 'recovering', 'offline')
  fc.assert(
    fc.property(recent, fc.double({ min: 0, max: 1, noNaN: true }), health, (list, load, each) => {
      const efficiency = efficiencyOf({ recent: list, load, health: each })
      expect(efficiency).toBeGreaterThanOrEqual(0)
      expect(efficiency).toBeLessThanOrEqual(1)
    }),
  )
})
