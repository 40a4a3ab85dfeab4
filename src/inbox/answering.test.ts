import { describe, expect, it } from 'vitest'
import { given, questionRow, requestRow } from '../../test/inbox/example-requests.ts'
import { decideAnswer, decideExpire, decideWithdraw, mayAnswer, shownAnswer } from './answering.ts'
import type { RequestRow } from './request.ts'

const SAM = { actor: 'sam', kind: 'person' } as const
const IMPL = { actor: 'impl', kind: 'agent' } as const
const LEAD = { actor: 'lead', kind: 'agent' } as const
const HOST = { actor: 'host_1', kind: 'host' } as const
const APPROVE = given('approve', { isVerdict: true })
const ANSWERED = requestRow({
  state: 'answered',
  answer: '"approve"',
  answeredBy: 'sam',
  answeredVia: 'cli',
  settledAt: 2000,
})

describe('an answer', () => {
  it('settles an open request, with its comment', () => {
    expect(decideAnswer(requestRow(), { ...APPROVE, comment: 'Looks good' }, SAM)).toEqual({
      events: [
        {
          type: 'inbox.answered',
          data: {
            request: 'ask_1',
            scope: 'item',
            subject: 'deploy',
            answer: '"approve"',
            comment: 'Looks good',
          },
        },
      ],
    })
  })

  it('changes nothing the second time, and succeeds', () => {
    expect(decideAnswer(ANSWERED, APPROVE, SAM)).toEqual({ events: [] })
  })

  it.each([
    ['another answer', given('reject'), SAM],
    ['the same answer of somebody else', APPROVE, { actor: 'kim', kind: 'person' } as const],
  ])('is refused where the request has one: %s', (_what, answer, by) => {
    expect(decideAnswer(ANSWERED, answer, by)).toMatchObject({
      refused: {
        code: 'already_done',
        message: 'The request ask_1 was answered with "approve" by sam. Nothing was changed.',
        details: { request: 'ask_1', state: 'answered', answer: 'approve', answeredBy: 'sam' },
      },
    })
  })

  it.each<[string, Partial<RequestRow>, string]>([
    ['withdrawn', { state: 'withdrawn' }, 'was withdrawn'],
    ['expired', { state: 'expired' }, 'was not answered in time.'],
    ['expired', { state: 'expired', answer: '"reject"' }, 'its default "reject" was taken'],
  ])('is refused where the request is %s', (_state, changes, how) => {
    const refused = decideAnswer(requestRow(changes), APPROVE, SAM)
    expect(refused).toMatchObject({
      refused: { code: 'already_done', message: expect.stringContaining(how) as string },
    })
  })

  it('is one of the options where there are any, and the refusal names them', () => {
    const row = questionRow({ options: ['postgres', 'sqlite'] })
    expect(decideAnswer(row, given('sqlite'), SAM)).toHaveProperty('events')
    expect(decideAnswer(row, given('mysql'), SAM)).toMatchObject({
      refused: {
        code: 'invalid_input',
        message: '"mysql" is no answer to the request ask_1, which takes "postgres" or "sqlite".',
        details: { options: ['postgres', 'sqlite'] },
      },
    })
    expect(decideAnswer(requestRow(), given({ ok: true }), SAM)).toMatchObject({
      refused: {
        message: expect.stringContaining('Answer with: approve ask_1, or: reject ask_1 REASON') as string,
      },
    })
  })

  it('to a question is anything but a verdict', () => {
    expect(decideAnswer(questionRow(), given({ use: ['a'] }), SAM)).toHaveProperty('events')
    expect(decideAnswer(questionRow(), APPROVE, SAM)).toMatchObject({
      refused: { code: 'invalid_input', message: expect.stringContaining('answer ask_1 TEXT') as string },
    })
    const yesOrNo = questionRow({ options: ['approve', 'wait'] })
    expect(decideAnswer(yesOrNo, APPROVE, SAM)).toHaveProperty('events')
  })

  it('is refused from who may not give it, and the refusal says who may', () => {
    expect(decideAnswer(requestRow(), APPROVE, LEAD)).toMatchObject({
      refused: {
        code: 'forbidden',
        message: expect.stringContaining('it is for a person to answer') as string,
        details: { actor: 'lead', whoMayAnswer: ['person'] },
      },
    })
    expect(decideAnswer(questionRow(), given('a'), IMPL)).toMatchObject({
      refused: { code: 'forbidden', message: expect.stringContaining('impl asked it') as string },
    })
  })
})

describe('who may answer', () => {
  it.each<[readonly string[], string[]]>([
    [['anyone'], ['sam', 'lead', 'host_1']],
    [['person'], ['sam']],
    [['lead'], ['lead']],
    [
      ['lead', 'person'],
      ['sam', 'lead'],
    ],
    [['impl'], []],
  ])('%j: %j', (whoMayAnswer, allowed) => {
    const row = requestRow({ whoMayAnswer })
    const may = [SAM, IMPL, LEAD, HOST].filter((by) => mayAnswer(row, by)).map(({ actor }) => actor)
    expect(may).toEqual(allowed)
  })

  it('a program answers what it asked itself, and no agent does', () => {
    const row = questionRow({ askedBy: 'sam' })
    expect(mayAnswer(row, SAM)).toBe(true)
    expect(mayAnswer(row, { actor: 'sam', kind: 'agent' })).toBe(false)
  })
})

describe('a deadline', () => {
  const row = requestRow({ deadline: 5000, defaultAnswer: '"reject"' })

  it('takes the default once it has come', () => {
    expect(decideExpire(row, 4999)).toEqual([])
    expect(decideExpire(row, 5000)).toEqual([
      {
        type: 'inbox.expired',
        data: { request: 'ask_1', scope: 'item', subject: 'deploy', answer: '"reject"' },
      },
    ])
  })

  it('settles nothing twice, nor what has none', () => {
    expect(decideExpire({ ...row, state: 'answered' }, 9000)).toEqual([])
    expect(decideExpire(requestRow(), 9000)).toEqual([])
  })
})

describe('taking back', () => {
  it('settles an open request, and leaves a settled one as it is', () => {
    expect(decideWithdraw(requestRow(), 'Not needed.')).toMatchObject([
      { type: 'inbox.withdrawn', data: { request: 'ask_1', reason: 'Not needed.' } },
    ])
    expect(decideWithdraw(ANSWERED, 'Not needed.')).toEqual([])
  })
})

it('an answer is shown as text, or as JSON, and not in full where it is long', () => {
  expect(shownAnswer('"approve"')).toBe('approve')
  expect(shownAnswer('{"a":1}')).toBe('{"a":1}')
  expect(shownAnswer({ blob: 'b', bytes: 9000, head: '"Long…' })).toBe('"Long…')
})
