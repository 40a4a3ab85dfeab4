import { describe, expect, it } from 'vitest'
import { newRequest, requestRow } from '../../test/inbox/example-requests.ts'
import { decideAsk, isSameText } from './asking.ts'

const LONG = { blob: 'b'.repeat(64), bytes: 9000, head: 'Deploy' } as const

describe('asking', () => {
  it('opens a request whose deadline counts from the time of the store', () => {
    const asked = decideAsk(newRequest({ withinMs: 60_000, defaultAnswer: '"reject"' }), [], 1000)
    expect(asked).toMatchObject({
      request: 'ask_1',
      events: [
        {
          type: 'inbox.asked',
          data: { request: 'ask_1', subject: 'deploy', deadline: 61_000, defaultAnswer: '"reject"' },
        },
      ],
    })
    expect(asked.events[0]?.data).not.toHaveProperty('withinMs')
  })

  it('has no deadline where none was asked for', () => {
    expect(decideAsk(newRequest(), [], 1000).events).toMatchObject([{ data: { deadline: null } }])
  })

  it('joins the same request while it is open, so that a person is asked once', () => {
    expect(decideAsk(newRequest({ id: 'ask_2' }), [requestRow()], 1000)).toEqual({
      request: 'ask_1',
      events: [],
    })
    const long = newRequest({ id: 'ask_2', question: LONG })
    expect(decideAsk(long, [requestRow({ question: { ...LONG } })], 1000).request).toBe('ask_1')
  })

  it.each([
    ['kind', { kind: 'permission' }],
    ['subject', { subject: 'other' }],
    ['scope', { scope: 'run' }],
    ['asker', { askedBy: 'tests' }],
    ['question', { question: 'Deploy to staging?' }],
    ['details', { details: '{"to":"eu"}' }],
  ] as const)('is another request with another %s', (_what, changes) => {
    expect(decideAsk(newRequest({ id: 'ask_2', ...changes }), [requestRow()], 1000).request).toBe('ask_2')
  })

  it('tells a long text by its hash, and a text from none', () => {
    expect(isSameText(LONG, { ...LONG, head: 'other' })).toBe(true)
    expect(isSameText(LONG, 'Deploy')).toBe(false)
    expect(isSameText(null, 'x')).toBe(false)
    expect(isSameText(null, null)).toBe(true)
  })
})
