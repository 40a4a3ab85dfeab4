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

  it('stops every agent of an account where the account is what failed, and one where the agent is', () => {
    const stopped = (what: string): FailureKind[] => KINDS.filter((kind) => FAILURES[kind].breaks === what)
    expect(stopped('account')).toEqual(['auth', 'rate_limit', 'usage_limit', 'overloaded', 'network'])
    expect(stopped('agent')).toEqual([
      'model_not_found',
      'spawn',
      'missing_executable',
      'version_unsupported',
      'protocol',
      'process_exit',
      'unknown',
    ])
    expect(stopped('nothing')).toHaveLength(KINDS.length - 5 - 7)
  })

  it('is retryable where the same prompt may succeed without anybody repairing anything', () => {
    expect(KINDS.filter((kind) => FAILURES[kind].retryable)).toEqual([
      'rate_limit',
      'usage_limit',
      'overloaded',
      'network',
      'schema',
      'spawn',
      'process_exit',
      'empty_output',
      'timeout',
      'idle',
      'host_lost',
    ])
  })
})
