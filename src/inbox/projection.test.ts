import { describe, expect, it } from 'vitest'
import { requestRow } from '../../test/inbox/example-requests.ts'
import { eventOf, lookup } from '../../test/replay/example-rows.ts'
import type { EventBodies } from '../events.ts'
import { applyInbox, inboxReads } from './projection.ts'

const ABOUT = { request: 'ask_1', scope: 'item', subject: 'deploy' } as const
const ASKED: EventBodies['inbox.asked'] = {
  ...ABOUT,
  kind: 'approval',
  askedBy: 'impl',
  question: 'Deploy to production?',
  details: null,
  options: ['approve', 'reject'],
  whoMayAnswer: ['person'],
  deadline: 61_000,
  defaultAnswer: '"reject"',
}
const OPEN = lookup({ inbox: [requestRow()] })

describe('the rows of the inbox', () => {
  it('begin open', () => {
    expect(applyInbox(eventOf('inbox.asked', ASKED, { at: 1000 }), lookup({}))).toEqual([
      {
        table: 'inbox',
        key: 'ask_1',
        row: requestRow({ deadline: 61_000, defaultAnswer: '"reject"' }),
      },
    ])
    expect(inboxReads({ type: 'inbox.asked', data: ASKED })).toEqual([])
  })

  it('say who answered, through what, and what was said', () => {
    const data = { ...ABOUT, answer: '"approve"', comment: 'Good' }
    const [change] = applyInbox(eventOf('inbox.answered', data), OPEN)
    expect(change?.row).toEqual(
      requestRow({
        state: 'answered',
        answer: '"approve"',
        comment: 'Good',
        answeredBy: 'kim',
        answeredVia: 'library',
        settledAt: 9000,
      }),
    )
    expect(inboxReads({ type: 'inbox.answered', data })).toEqual([{ table: 'inbox', key: 'ask_1' }])
  })

  it('keep the default that was taken, and why a request was withdrawn', () => {
    const expired = { ...ABOUT, answer: '"reject"' }
    const withdrawn = { ...ABOUT, reason: 'Not needed.' }
    expect(applyInbox(eventOf('inbox.expired', expired), OPEN)).toMatchObject([
      { row: { state: 'expired', answer: '"reject"', answeredBy: null, settledAt: 9000 } },
    ])
    expect(applyInbox(eventOf('inbox.withdrawn', withdrawn), OPEN)).toMatchObject([
      { row: { state: 'withdrawn', answer: null, comment: 'Not needed.' } },
    ])
    expect(inboxReads({ type: 'inbox.expired', data: expired })).toHaveLength(1)
    expect(inboxReads({ type: 'inbox.withdrawn', data: withdrawn })).toHaveLength(1)
    expect(inboxReads({ type: 'item.readied', data: { item: 'deploy' } })).toEqual([])
  })

  it('are settled once', () => {
    const event = eventOf('inbox.expired', { ...ABOUT, answer: null })
    const answered = lookup({ inbox: [requestRow({ state: 'answered' })] })
    expect(() => applyInbox(event, answered)).toThrow('The request ask_1 is answered')
    expect(() => applyInbox(event, lookup({}))).toThrow('which no earlier event made')
  })
})
