import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AtelierError,
  ERROR_CODES,
  errorData,
  isAtelierError,
  messageOf,
  nearestNames,
  toError,
  unreachable,
} from './errors.ts'
import { FAILURES } from './agents/failures.ts'

describe('the table of error codes', () => {
  it('maps every code, a word in lower case, to an exit status and an HTTP error', () => {
    const wrong = Object.entries(ERROR_CODES).filter(
      ([code, { exit, http }]) =>
        !/^[a-z]+(?:_[a-z]+)*$/u.test(code) || ![1, 2, 3, 4, 130].includes(exit) || http < 400 || http > 599,
    )
    expect(wrong).toEqual([])
  })

  it('keeps the codes that the glossary names', () => {
    const kept = (
      'no_capable_agent circular_dependency unknown_dependency all_agents_failed circuit_open max_iterations budget_exceeded ' +
      'queue_full timeout no_result not_found already_exists already_running already_done invalid_transition invalid_stage ' +
      'stale_claim merge_conflict verification_failed gate_rejected permission_timeout quota_waiting unsupported'
    ).split(' ')
    expect(kept.filter((code) => !(code in ERROR_CODES))).toEqual([])
  })

  it('knows every code under which a turn may fail', () => {
    const codes = Object.values(FAILURES).map(({ code }) => code)
    expect(codes.filter((code) => ERROR_CODES[code] === undefined)).toEqual([])
  })

  it('gives budget, usage, waiting and interruption their own exit status', () => {
    const exits = (['budget_exceeded', 'invalid_input', 'timeout', 'cancelled'] as const).map(
      (code) => ERROR_CODES[code].exit,
    )
    expect(exits).toEqual([4, 2, 3, 130])
  })
})

describe('an error', () => {
  it('carries its code, message and details as plain data', () => {
    const error = new AtelierError('not_found', 'There is no agent "impl".', { details: { agent: 'impl' } })
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'not_found',
      message: 'There is no agent "impl".',
      details: { agent: 'impl' },
    })
  })

  it('has no details in its data where there are none', () => {
    expect(new AtelierError('timeout', 'Too late.').toJSON()).toEqual({
      code: 'timeout',
      message: 'Too late.',
    })
    expect(Object.keys(errorData('timeout', 'Too late.', {}))).toEqual(['code', 'message'])
  })

  it('keeps what caused it', () => {
    const cause = new Error('ENOSPC')
    expect(new AtelierError('disk_full', 'No space.', { cause }).cause).toBe(cause)
    expect(new AtelierError('disk_full', 'No space.')).not.toHaveProperty('cause')
  })

  it('comes back from its data as it was', () => {
    const plain = errorData('queue_full', 'Full.')
    const detailed = errorData('queue_full', 'Full.', { limit: 5 })
    expect(toError(plain).toJSON()).toEqual(plain)
    expect(toError(detailed).toJSON()).toEqual(detailed)
  })

  it('is told from other errors, and by its code', () => {
    const error = new AtelierError('timeout', 'Too late.')
    expect(isAtelierError(error)).toBe(true)
    expect(isAtelierError(error, 'timeout')).toBe(true)
    expect(isAtelierError(error, 'cancelled')).toBe(false)
    expect(isAtelierError(new Error('Too late.'))).toBe(false)
    expect(isAtelierError(error.toJSON())).toBe(false)
  })

  it('has a text whatever was thrown', () => {
    expect([messageOf(new Error('no')), messageOf('no'), messageOf(undefined), messageOf(7)]).toEqual([
      'no',
      'no',
      'undefined',
      '7',
    ])
  })
})

it('says what a newer version has written that this one does not know', () => {
  expect(() => unreachable('agent.painted' as never, 'Event')).toThrow(
    expect.objectContaining({
      code: 'unsupported',
      message: 'Event "agent.painted" is not known to this version of Atelier.',
    }),
  )
})

describe('the nearest names', () => {
  it.each([
    ['reviwer', ['reviewer', 'impl', 'tests'], ['reviewer']],
    ['imp', ['impl', 'planner'], ['impl']],
    ['impl', ['planner', 'reviewer'], []],
    ['ab', ['ba', 'ab1', 'xyz'], ['ab1', 'ba']],
    ['abcd', ['abcx', 'abc'], ['abc', 'abcx']],
    ['abcdef', ['abc'], ['abc']],
    ['abcde', ['abxyz'], []],
    ['dev', ['dev_1', 'dev_2', 'dev_3', 'dev_4'], ['dev_1', 'dev_2', 'dev_3']],
    ['x', [], []],
    // A word is no suggestion once more than half of it would have to change.
    ['abcdef', ['abcxyz', 'abwxyz'], ['abcxyz']],
    // Nor if it is more than half longer, or shorter.
    ['abcd', ['abcdefgh', 'abcdefghi'], ['abcdefgh']],
    ['abcdefghi', ['abcd', 'abcde'], ['abcde']],
  ])('of %j among %j are %j', (name, known, nearest) => {
    expect(nearestNames(name, known)).toEqual(nearest)
  })

  it('lists those equally near in alphabetical order', () => {
    expect(nearestNames('cat', ['hat', 'bat', 'rat'])).toEqual(['bat', 'hat', 'rat'])
  })

  it('begin with the name itself if it is known, and are never more than three', () => {
    const name = fc.string({ minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(name, fc.uniqueArray(name, { maxLength: 8 }), (wanted, others) => {
        const nearest = nearestNames(wanted, new Set([...others, wanted]))
        expect(nearest[0]).toBe(wanted)
        expect(nearest.length).toBeLessThanOrEqual(3)
      }),
    )
  })

  it('do not depend on which of two names was typed and which is known', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 10 }), fc.string({ maxLength: 10 }), (a, b) => {
        expect(nearestNames(a, [b]).length).toBe(nearestNames(b, [a]).length)
      }),
    )
  })
})
