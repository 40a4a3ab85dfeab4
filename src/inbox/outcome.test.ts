import { describe, expect, it } from 'vitest'
import { questionRow, requestRow } from '../../test/inbox/example-requests.ts'
import { outcomeOf, type SettledRequest } from './outcome.ts'

function settled(changes: Partial<SettledRequest> = {}): SettledRequest {
  return {
    request: requestRow(),
    state: 'answered',
    answer: 'approve',
    comment: null,
    by: 'sam',
    ...changes,
  }
}

const EXPIRED = { state: 'expired', by: null } as const

describe('what waits for a request', () => {
  it.each<[string, Partial<SettledRequest>]>([
    ['an approval', {}],
    ['any answer to a question', { request: questionRow(), answer: 'reject' }],
    ['a default that approves', { ...EXPIRED, request: requestRow({ defaultAnswer: '"approve"' }) }],
    ['a request that was taken back', { state: 'withdrawn', answer: null, by: null }],
  ])('goes on with %s', (_what, changes) => {
    expect(outcomeOf(settled(changes))).toEqual({ goesOn: true })
  })

  it('has failed with gate_rejected where somebody rejected it, and says who and why', () => {
    expect(outcomeOf(settled({ answer: 'reject', comment: 'No way back' }))).toEqual({
      goesOn: false,
      error: {
        code: 'gate_rejected',
        message: 'sam rejected the approval ask_1: No way back',
        details: { request: 'ask_1', kind: 'approval', by: 'sam', comment: 'No way back' },
      },
    })
    expect(outcomeOf(settled({ answer: 'reject', comment: ' ' }))).toMatchObject({
      error: { message: 'sam rejected the approval ask_1.' },
    })
  })

  it('has failed with gate_rejected where the default rejects', () => {
    const request = requestRow({ kind: 'permission', defaultAnswer: '"reject"' })
    expect(outcomeOf(settled({ ...EXPIRED, request, answer: 'reject' }))).toMatchObject({
      goesOn: false,
      error: {
        code: 'gate_rejected',
        message: expect.stringContaining('The default, taken as nobody answered in time, rejected') as string,
      },
    })
  })

  it('has failed where the time is over and there is no default', () => {
    const codes = [requestRow({ kind: 'permission' }), requestRow(), questionRow()].map((request) => {
      const outcome = outcomeOf(settled({ ...EXPIRED, request, answer: null }))
      return outcome.goesOn ? null : outcome.error.code
    })
    expect(codes).toEqual(['permission_timeout', 'permission_timeout', 'timeout'])
  })
})
