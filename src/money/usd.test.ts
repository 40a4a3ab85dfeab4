import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatUsd, microsOf, usdOf } from './usd.ts'

describe('money', () => {
  it('is counted in whole millionths, so that sums are exact', () => {
    expect(usdOf(microsOf(0.1) + microsOf(0.2))).toBe(0.3)
    expect(microsOf(0.0000014)).toBe(1)
    expect(microsOf(0.0000015)).toBe(2)
  })

  it('comes back from its millionths as it was', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 12 }), (micros) => {
        expect(microsOf(usdOf(micros))).toBe(micros)
      }),
    )
  })

  it.each([
    [0, '$0.00'],
    [0.5, '$0.50'],
    [12.345, '$12.35'],
    [0.01, '$0.01'],
    [0.0099, '$0.0099'],
    [0.00004, '$0.0000'],
    [-0.002, '$-0.0020'],
    [1234, '$1234.00'],
  ])('%d USD reads as %j', (usd, text) => {
    expect(formatUsd(usd)).toBe(text)
  })
})
