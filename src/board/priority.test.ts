import { describe, expect, it } from 'vitest'
import { refusal } from '../../test/refusal.ts'
import { priorityLevel, priorityName } from './priority.ts'

describe('A26: a priority', () => {
  it.each([
    ['emergency', 0],
    ['critical', 1],
    ['P0', 1],
    [1, 1],
    ['1', 1],
    ['High', 2],
    ['p1', 2],
    ['normal', 3],
    ['P2', 3],
    [3, 3],
    [undefined, 3],
    ['low', 4],
    ['lowest', 5],
    [5, 5],
  ])('%j is level %i', (written, level) => {
    expect(priorityLevel(written)).toBe(level)
  })

  it.each([
    0,
    6,
    -1,
    1.5,
    Number.NaN,
    'P3',
    '0',
    '',
    'urgent',
    'constructor',
    '__proto__',
    null,
    3n,
    {},
    Symbol('s'),
  ])('%s is none', (written) => {
    const error = refusal(() => priorityLevel(written))
    expect(error.code).toBe('invalid_input')
    expect(error.message).toContain(
      'it must be 1 (most urgent) to 5, or one of emergency, critical, high, normal',
    )
  })

  it('has a name for each level, and the middle one for what is none', () => {
    expect([0, 1, 2, 3, 4, 5].map(priorityName)).toEqual([
      'emergency',
      'critical',
      'high',
      'normal',
      'low',
      'lowest',
    ])
    expect(priorityName(9)).toBe('normal')
  })
})
