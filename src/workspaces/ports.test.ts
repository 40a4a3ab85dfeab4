import { expect, it } from 'vitest'

import { rangesOf } from './ports.ts'

it('ports of different slots never overlap, and stay below those that systems choose', () => {
  const owners = new Map<number, number>()
  for (let slot = 0; slot < 200; slot++) {
    for (const { first, last } of rangesOf(slot)) {
      for (let port = first; port <= last; port++) {
        expect(owners.get(port)).toBeUndefined()
        owners.set(port, slot)
      }
    }
  }
  expect(rangesOf(0)[0]).toEqual({ first: 20_000, last: 20_009 })
  expect(rangesOf(199).length).toBeGreaterThan(3)
  expect(Math.max(...owners.keys())).toBeLessThan(32_768)
})

it.each([-1, 0.5, 200, Number.NaN])('slot %d is refused', (slot) => {
  expect(() => rangesOf(slot)).toThrow('is not a whole number')
})

it('a plan may leave no room for a slot', () => {
  expect(rangesOf(150, { first: 30_000, size: 100 })).toEqual([])
})
