import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { bisect, TARGET, type BisectStep } from './bisect.ts'

/** Verifies as often as asked; `isRed` says how it really is. */
function run(count: number, isRed: (index: number) => boolean): { end: BisectStep; asked: number[] } {
  const verdicts = new Map<number, 'green' | 'red'>()
  const asked: number[] = []
  for (;;) {
    const step = bisect(count, verdicts)
    if (step.kind !== 'verify') return { end: step, asked }
    asked.push(step.index)
    verdicts.set(step.index, isRed(step.index) ? 'red' : 'green')
  }
}

describe('bisecting a red stack (C36)', () => {
  it('asks nothing of an empty stack, and once of a green one', () => {
    expect(run(0, () => true)).toEqual({ end: { kind: 'green' }, asked: [] })
    expect(run(8, () => false)).toEqual({ end: { kind: 'green' }, asked: [7] })
  })

  it('names a single candidate only after it has asked whether the target is red by itself', () => {
    expect(run(1, (index) => index === 0)).toEqual({ end: { kind: 'blame', index: 0 }, asked: [0, TARGET] })
    expect(run(1, () => true)).toEqual({ end: { kind: 'target_red' }, asked: [0, TARGET] })
  })

  it.each([
    [8, 0, [7, 3, 1, 0, TARGET]],
    [8, 5, [7, 3, 5, 4]],
    [8, 7, [7, 3, 5, 6]],
    [3, 1, [2, 0, 1]],
  ])('of %i finds number %i', (count, guilty, asked) => {
    const result = run(count, (index) => index >= guilty)
    expect(result).toEqual({ end: { kind: 'blame', index: guilty }, asked })
  })

  it('finds whoever is first, asks nothing twice, and needs about log2 of the stack', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(), (count, seed) => {
        const guilty = (seed % (count + 1)) - 1
        const { end, asked } = run(count, (index) => index >= guilty)
        expect(end).toEqual(guilty === TARGET ? { kind: 'target_red' } : { kind: 'blame', index: guilty })
        expect(new Set(asked).size).toBe(asked.length)
        expect(asked.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 3)
      }),
    )
  })

  it('names one that is red on a green stack, whatever the verdicts of the others are', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 50 }), (reds) => {
        const isRed = (index: number): boolean => index === reds.length - 1 || (reds[index] ?? false)
        const { end } = run(reds.length, isRed)
        if (end.kind !== 'blame') throw new Error(`It says ${end.kind}.`)
        expect(isRed(end.index)).toBe(true)
        expect(end.index === 0 || !isRed(end.index - 1)).toBe(true)
      }),
    )
  })
})
