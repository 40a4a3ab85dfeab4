import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ErrorData } from '../errors.ts'
import { isCurable, isSimplified, nextPauseMs, RETRY_PRESETS, retryPolicy } from './retry-policy.ts'

const FAILED: ErrorData = { code: 'turn_failed', message: 'It failed.' }

function pauses(policy: Parameters<typeof nextPauseMs>[0], error: ErrorData = FAILED, random = 0): unknown[] {
  return [1, 2, 3, 4, 5].map((made) => nextPauseMs(policy, made, error, random))
}

describe('a retry policy', () => {
  it('AS-109 D13: tries three times by default, after 1 s and 2 s', () => {
    expect(pauses(retryPolicy())).toEqual([1000, 2000, undefined, undefined, undefined])
  })

  it('AS-81 C05: of the hub waits 5 s and 15 s, and asks for the core of the task in its last try', () => {
    const hub = retryPolicy('hub')
    expect(pauses(hub)).toEqual([5000, 15_000, undefined, undefined, undefined])
    expect([1, 2, 3].map((number) => isSimplified(hub, number))).toEqual([false, false, true])
    expect(isSimplified(retryPolicy(), 3)).toBe(false)
    expect(isSimplified(retryPolicy({ preset: 'hub', attempts: 1 }), 1)).toBe(false)
  })

  it('none is exactly one try, as are 0 retries', () => {
    for (const policy of [retryPolicy('none'), retryPolicy(0), retryPolicy({ maxRetries: 0 })])
      expect(pauses(policy)[0]).toBeUndefined()
  })

  it('with n retries makes 1 + n tries', () => {
    expect([retryPolicy(4).attempts, retryPolicy({ maxRetries: 4 }).attempts]).toEqual([5, 5])
    expect(retryPolicy({ maxRetries: 4, attempts: 2 }).attempts).toBe(2)
  })

  it('doubles its pauses up to the longest one', () => {
    expect(pauses(retryPolicy({ attempts: 9, maxMs: 5000 }))).toEqual([1000, 2000, 4000, 5000, 5000])
  })

  it('stays at the last pause that is listed, and falls back to the base where none is', () => {
    expect(pauses(retryPolicy({ attempts: 9, delaysMs: [10, 20] }))).toEqual([10, 20, 20, 20, 20])
    expect(pauses(retryPolicy({ attempts: 3, delaysMs: [] }))[0]).toBe(RETRY_PRESETS.exponential.baseMs)
  })

  it('shortens a pause at random by at most its jitter', () => {
    const policy = retryPolicy({ jitter: 0.5, baseMs: 1000 })
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        const pause = nextPauseMs(policy, 1, FAILED, random) as number
        expect(pause).toBeGreaterThanOrEqual(500)
        expect(pause).toBeLessThanOrEqual(1000)
        expect(pause).toSatisfy(Number.isInteger)
      }),
    )
    expect(pauses(policy, FAILED, 0.5)[0]).toBe(750)
  })

  it('AS-109 D13: does not repeat what would only fail again', () => {
    expect(pauses(retryPolicy(), { code: 'invalid_input', message: 'x' })[0]).toBeUndefined()
    expect(isCurable({ code: 'budget_exceeded', message: 'x' })).toBe(false)
    expect(isCurable({ code: 'verification_failed', message: 'x' })).toBe(true)
  })

  it('believes a failed turn about itself', () => {
    expect(isCurable({ ...FAILED, details: { retryable: false } })).toBe(false)
    expect(isCurable({ code: 'unsupported', message: 'x', details: { retryable: true } })).toBe(true)
  })

  it('retries only the codes that it names', () => {
    const policy = retryPolicy({ retryOn: ['timeout', 'invalid_input'] })
    expect(pauses(policy)[0]).toBeUndefined()
    expect(pauses(policy, { code: 'invalid_input', message: 'x' })[0]).toBe(1000)
  })
})
