import { expect, test } from 'vitest'
import { describeTarget, figureOf, meets } from '../../bench/figure.ts'

test('a figure with a floor has the ratio to it, one without has neither', () => {
  expect(figureOf('ms', { value: 0.25, floor: 0.125 })).toEqual({
    value: 0.25,
    unit: 'ms',
    floor: 0.125,
    ratio: 2,
  })
  expect(figureOf('MB', { value: 12.3456 })).toEqual({ value: 12.3, unit: 'MB', floor: null, ratio: null })
})

test('a target is met up to its limit, and missed beyond it', () => {
  const slow = figureOf('ms', { value: 3, floor: 1 })
  expect(meets(slow, { ratioAtMost: 3 })).toBe(true)
  expect(meets(slow, { ratioAtMost: 2.9 })).toBe(false)
  expect(meets(slow, { ratioAtLeast: 3 })).toBe(true)
  expect(meets(slow, { ratioAtLeast: 3.1 })).toBe(false)
  expect(meets(slow, { valueAtMost: 3 })).toBe(true)
  expect(meets(slow, { valueAtMost: 2.9 })).toBe(false)
})

test('a ratio that was not measured meets no target', () => {
  expect(meets(figureOf('ms', { value: 1 }), { ratioAtMost: 3 })).toBe(false)
})

test('a target says what it wants', () => {
  expect(describeTarget({ ratioAtMost: 3 }, 'ms')).toBe('ratio at most 3')
  expect(describeTarget({ ratioAtLeast: 0.2 }, 'messages/s')).toBe('ratio at least 0.2')
  expect(describeTarget({ valueAtMost: 30 }, 'MB')).toBe('at most 30 MB')
})
