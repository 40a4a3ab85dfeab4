/** Conditions of gates in step files: each is CEL that gives true or false, or told to be wrong. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkExpression, holds } from '../expressions.ts'
import { readCondition } from './condition.ts'
import { passingOf } from './scoring.ts'

const PASSING = passingOf({ overall_min: 70, security_min: 7, nesting_max: 4 })
const P = 'score >= 70 && result.security >= 7 && result.nesting <= 4 && verdict != "veto"'

function cel(text: string): string {
  const read = readCondition(text, PASSING)
  if (!read.ok) throw new Error(read.why)
  return read.expression
}

function why(text: string): readonly [string, number] {
  const read = readCondition(text, PASSING)
  if (read.ok) throw new Error(`it was read: ${read.expression}`)
  return [read.why, read.offset]
}

describe('a condition of a gate', () => {
  it.each([
    ['scoring.passed == true', P],
    ['scoring.passed', P],
    ['true == passed', P],
    ['scoring.passed != False', P],
    ['scoring.passed == false', `!(${P})`],
    ['not scoring.passed', `!(${P})`],
    ['passed or overall_score >= 90', `${P} || score >= 90`],
    ['(passed or score >= 90) and security_score > 6.5', `(${P} || score >= 90) && result.security > 6.5`],
    ['(passed or score >= 90) == true', `${P} || score >= 90`],
    ['!passed || !(coverage < 80)', `!(${P}) || !(result.coverage < 80)`],
    ['scoring.security_score >= scoring.nesting', 'result.security >= result.nesting'],
    ["verdict == 'pass'", 'verdict == "approve"'],
    ['"rejected" != scoring.verdict', '"request_changes" != verdict'],
    ['status == "success"', 'status == "success"'],
    ['quality_score > 7', 'score > 7'],
    ['true', 'true'],
    ['not true', '!true'],
  ])('%s is CEL that says the same (B14)', (text, expression) => {
    expect(cel(text)).toBe(expression)
    const scope = { place: 'pass', stages: new Set<string>(), inputs: new Set<string>() } as const
    expect(checkExpression(expression, scope)).toMatchObject({ ok: true })
  })

  it('says what an answer must have for it, and the greatest number that each is compared with', () => {
    const read = readCondition(
      'passed and security >= 8 and coverage_score > 80 and verdict == "ok"',
      PASSING,
    )
    expect(read.ok && Object.fromEntries(read.members)).toEqual({
      ...{ score: 70, security: 8, nesting: 4, coverage: 80, verdict: 0 },
    })
  })

  it('is decided by what an answer says', () => {
    const answer = (result: { score: number; security: number; nesting: number }, verdict: string | null) =>
      holds(cel('scoring.passed == true'), { ...result, result, verdict })
    const good = { score: 70, security: 7, nesting: 4 }
    expect(answer(good, null)).toEqual({ ok: true, holds: true })
    expect(answer({ ...good, security: 6.9 }, 'approve')).toEqual({ ok: true, holds: false })
    expect(answer(good, 'veto')).toEqual({ ok: true, holds: false })
  })

  it.each([
    ['tests.passed == true', 'there is no tests.passed here; there are scoring.passed, overall_score', 0],
    ['scoring.passd', 'there is no scoring.passd here', 0],
    ['scoring.status', 'there is no scoring.status here', 0],
    ['overall_score', 'a number is neither true nor false; compare it with something', 0],
    ['passed and score', 'a number is neither true nor false', 11],
    ['not status', 'a text is neither true nor false', 4],
    ['score >= "high"', 'a number cannot be compared with a text', 0],
    ['passed > false', '> is for numbers', 0],
    ['verdict == "fine"', 'no verdict is "fine"; there are approve', 11],
    ['coverage >= 800', 'scores are from 0 to 100', 12],
    ['score >=', 'a name or a number must stand before its end', 8],
    ['score >= 70 and', 'a name or a number must stand before its end', 15],
    ['(passed', '"(" is not closed', 0],
    ['passed)', ') does not belong there', 6],
    ['passed passed', 'passed does not belong there', 7],
    ['score > 1 > 2', '> does not belong there', 10],
    ['score % 2 == 0', '"%" has no meaning here', 6],
    ['status == "a', '"\\"" has no meaning here', 10],
    [`${'('.repeat(30)}passed`, 'it is more than 20 levels deep', 20],
    [`${'not '.repeat(30)}passed`, 'it is more than 20 levels deep', 80],
  ])('%s is refused at its place, and never silently true (B14, B15)', (text, said, offset) => {
    const [told, at] = why(text)
    expect(told).toContain(said)
    expect(at).toBe(offset)
  })

  it('cannot ask for scores where none are', () => {
    expect(readCondition('scoring.passed', null)).toEqual({
      ...{ ok: false, offset: 0, nearest: [] },
      why: 'scoring.passed is never known, because scoring is turned off for this step',
    })
    expect(readCondition('status == "success"', null)).toMatchObject({ ok: true })
  })

  it('names what is most like a name that is not there', () => {
    expect(readCondition('scoring.pased', PASSING)).toMatchObject({ nearest: ['scoring.passed'] })
  })

  it('whatever it says, is CEL or told to be wrong (B15)', () => {
    const words = [
      'passed',
      'score',
      'security',
      'verdict',
      'status',
      'not',
      'and',
      'or',
      '(',
      ')',
      '==',
      '>=',
    ]
    const text = fc.oneof(
      fc
        .array(fc.constantFrom(...words, '!', '70', '7.5', '"approve"', 'true', ' ', '@'))
        .map((all) => all.join(' ')),
      fc.string(),
    )
    const scope = { place: 'pass', stages: new Set<string>(), inputs: new Set<string>() } as const
    fc.assert(
      fc.property(text, (written) => {
        const read = readCondition(written, PASSING)
        const isRight = read.ok
          ? checkExpression(read.expression, scope).ok
          : read.why !== '' && read.offset <= written.length
        expect(isRight).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
