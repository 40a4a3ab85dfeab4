import { describe, expect, it } from 'vitest'
import { attemptRow, itemRow, runningItem } from '../../test/replay/example-rows.ts'
import { errorData } from '../errors.ts'
import { decideRefuseSubmission, decideSubmit, decideVerify, loseVerifying } from './submitting.ts'

const WORK = { head: 'c0ffee', result: 'Done.' } as const
const CLAIMED = attemptRow({ host: null, slot: null })
const SUBMITTED = { ...CLAIMED, submission: WORK }
const RED = errorData('verification_failed', 'Red.')
const ABOUT = { item: 'auth', attempt: 'att_1' } as const

function codeOf(decided: ReturnType<typeof decideSubmit>): string | undefined {
  return 'refused' in decided ? decided.refused.code : undefined
}

describe('work that somebody outside says is finished', () => {
  it('is handed over once', () => {
    expect(decideSubmit(runningItem(), CLAIMED, WORK)).toEqual({
      events: [{ type: 'attempt.submitted', data: { ...ABOUT, ...WORK } }],
    })
    expect(codeOf(decideSubmit(runningItem(), SUBMITTED, WORK))).toBe('invalid_transition')
    expect(codeOf(decideSubmit(runningItem({ attempt: 'att_2' }), CLAIMED, WORK))).toBe('stale_claim')
  })

  it('is verified by one host, and by another when that is gone', () => {
    expect(decideVerify(SUBMITTED, 'host_1')).toEqual([
      { type: 'attempt.verifying', data: { ...ABOUT, host: 'host_1' } },
    ])
    expect(decideVerify({ ...SUBMITTED, verifier: 'host_1' }, 'host_2')).toEqual([])
    expect(decideVerify({ ...SUBMITTED, state: 'released' }, 'host_2')).toEqual([])
    expect(decideVerify(CLAIMED, 'host_2')).toEqual([])
    expect(loseVerifying([{ ...SUBMITTED, verifier: 'host_1' }])).toEqual([
      { type: 'attempt.verifying', data: { ...ABOUT, host: null } },
    ])
  })

  it('that does not hold goes back to whoever claimed it', () => {
    expect(decideRefuseSubmission(runningItem(), SUBMITTED, RED)).toEqual({
      events: [{ type: 'attempt.refused', data: { ...ABOUT, error: RED } }],
    })
    expect(codeOf(decideRefuseSubmission(runningItem(), CLAIMED, RED))).toBe('invalid_transition')
    const cancelled = itemRow({ state: 'cancelled', attempt: 'att_1' })
    expect(codeOf(decideRefuseSubmission(cancelled, SUBMITTED, RED))).toBe('stale_claim')
  })
})
