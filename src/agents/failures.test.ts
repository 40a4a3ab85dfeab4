import { describe, expect, it } from 'vitest'
import { FAILURES, type FailureKind } from './failures.ts'

const KINDS = Object.keys(FAILURES) as FailureKind[]

describe('the table of failures', () => {
  it.each(KINDS)('gives advice for %s that says what a person can do', (kind) => {
    expect(FAILURES[kind].advice).toMatch(/^[A-Z].*\.$/u)
  })

  it('reaches callers under a code of its own where there is something else to do about it', () => {
    const others = KINDS.filter((kind) => FAILURES[kind].code !== 'turn_failed').map((kind) => [
      kind,
      FAILURES[kind].code,
    ])
    expect(Object.fromEntries(others)).toEqual({
      timeout: 'timeout',
      idle: 'timeout',
      budget_exceeded: 'budget_exceeded',
      permission_timeout: 'permission_timeout',
      cancelled: 'cancelled',
      host_lost: 'host_failed',
      merge_conflict: 'merge_conflict',
      gate_rejected: 'gate_rejected',
      verification_failed: 'verification_failed',
    })
  })

  it('ends the session only where it is no longer good', () => {
    expect(KINDS.filter((kind) => !FAILURES[kind].keepsSession)).toEqual([
      'context_overflow',
      'protocol',
      'host_lost',
    ])
  })

  it('stops every agent of an account where the account is what failed', () => {
    expect(KINDS.filter((kind) => FAILURES[kind].breaks === 'account')).toEqual([
      'auth',
      'rate_limit',
      'usage_limit',
      'overloaded',
      'network',
    ])
  })

  it('never calls a failure retryable that somebody has to repair first', () => {
    const repair: FailureKind[] = [
      'auth',
      'model_not_found',
      'missing_executable',
      'version_unsupported',
      'budget_exceeded',
      'cancelled',
    ]
    expect(repair.filter((kind) => FAILURES[kind].retryable)).toEqual([])
  })
})
