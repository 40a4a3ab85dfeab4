import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('a duration is read', () => {
  it.each([
    [250, 250],
    [0, 0],
    ['250', 250],
    ['250ms', 250],
    ['90s', 90 * SECOND],
    ['5m', 5 * MINUTE],
    ['1h30m', 90 * MINUTE],
    ['1.5h', 90 * MINUTE],
    ['2d', 2 * DAY],
    ['1d2h3m4s5ms', DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + 5],
    [' 5m ', 5 * MINUTE],
    ['1m1m', 2 * MINUTE],
  ])('%j as %i ms', (duration, ms) => {
    expect(parseDuration(duration)).toBe(ms)
  })

  it.each([
    [1.4, 1],
    ['1.005s', 1005],
    ['0.3ms', 0],
  ])('%j as whole milliseconds, which is what rows can hold', (duration, ms) => {
    expect(parseDuration(duration)).toBe(ms)
  })

  it.each([
    '',
    ' ',
    '5 minutes',
    '5 m',
    '-5m',
    '5M',
    '1.s',
    '.5s',
    '1e3',
    '5m 30s',
    'Infinity',
    '9'.repeat(400),
    `${'9'.repeat(20)}d`,
    -1,
    -0.3,
    Number.NaN,
    Infinity,
    Number.MAX_VALUE,
  ])('never from %j', (duration) => {
    expect(() => parseDuration(duration, 'timeout')).toThrow(
      expect.objectContaining({ code: 'invalid_input', details: { field: 'timeout', value: duration } }),
    )
  })

  it('never without saying which one is wrong and what is right', () => {
    expect(() => parseDuration('soon', 'interval')).toThrow(
      'interval "soon" is not a duration. Give milliseconds as a number, or a text such as "90s", "5m" or "1h30m".',
    )
    expect(() => parseDuration('soon')).toThrow(/^duration "soon"/u)
  })

  it('as the sum of its parts', () => {
    const part = fc.tuple(fc.nat({ max: 999 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'))
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const sum = parts.map(([amount, unit]) => parseDuration(`${amount}${unit}`)).reduce((a, b) => a + b)
        expect(parseDuration(parts.flat().join(''))).toBe(sum)
      }),
    )
  })
})

describe('a duration is shown', () => {
  it.each([
    [0, '0 ms'],
    [0.4, '0 ms'],
    [850, '850 ms'],
    [850.6, '851 ms'],
    [999, '999 ms'],
    [999.5, '1.0 s'],
    [1000, '1.0 s'],
    [4230, '4.2 s'],
    [59_900, '59.9 s'],
    [59_949, '59.9 s'],
    [59_950, '1 m 0 s'],
    [60_000, '1 m 0 s'],
    [200_000, '3 m 20 s'],
    [3_599_499, '59 m 59 s'],
    [3_599_500, '1 h 0 m'],
    [7_530_000, '2 h 5 m'],
    [172_800_000, '48 h 0 m'],
  ])('%d ms as %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it('so that it reads back as nearly the same one', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 * DAY }), (ms) => {
        const read = parseDuration(formatDuration(ms).replaceAll(' ', ''))
        const precision = ms < SECOND ? 0 : ms < MINUTE ? 50 : ms < HOUR ? 500 : MINUTE
        expect(Math.abs(read - ms)).toBeLessThanOrEqual(precision)
      }),
    )
  })

  it('never as 60 of a unit, or 1000 of one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2 * HOUR, noNaN: true }), (ms) => {
        expect(formatDuration(ms)).not.toMatch(/\b(?:1000 ms|60\.0 s|60 s|60 m)\b/u)
      }),
      { numRuns: 1000, examples: [[59_999], [999.9], [3_599_999]] },
    )
  })
})
