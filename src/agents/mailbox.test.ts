import { describe, expect, it } from 'vitest'
import { agentRow, deliveredRow, messageRow, SESSION, turnRow } from '../../test/replay/example-rows.ts'
import { errorData } from '../errors.ts'
import { FAILURES, type FailureKind } from './failures.ts'
import {
  decideCancel,
  decideFinish,
  decideLoss,
  decidePost,
  decideStart,
  MAX_ATTEMPTS,
  QUEUE_LIMIT,
  unknownAgent,
  type FinishTurn,
  type PostMessage,
  type StartTurn,
} from './mailbox.ts'

const NO_MONEY = errorData('budget_exceeded', 'The budget of the workshop does not cover another turn.')

describe('posting a message', () => {
  const post: PostMessage = {
    message: 'msg_1',
    agent: 'impl',
    kind: 'ask',
    prompt: 'Fix it',
    group: 'grp_1',
    timeoutMs: 500,
    itemAttempt: null,
  }

  it('puts it into the mailbox, for the agent as it is now', () => {
    const agent = agentRow({ backend: 'command', generation: 4 })
    expect(decidePost(post, { agent, refused: undefined, known: [] })).toEqual({
      events: [
        {
          type: 'message.posted',
          data: { ...post, backend: 'command', generation: 4 },
        },
      ],
    })
  })

  it.each([
    ['an unknown agent', undefined],
    ['a dismissed agent', agentRow({ state: 'dismissed' })],
  ])('AS-11: to %s is refused with the nearest names', (_name, agent) => {
    const decided = decidePost(
      { ...post, agent: 'imp' },
      { agent, refused: undefined, known: ['impl', 'reviewer'] },
    )
    expect(decided).toEqual({
      refused: {
        code: 'not_found',
        message: 'There is no agent "imp". Did you mean "impl"?',
        details: { agent: 'imp', nearest: ['impl'] },
      },
    })
  })

  it.each([
    ['while a turn runs', agentRow({ turn: 'turn_1', queued: QUEUE_LIMIT - 1 })],
    ['before the first of a burst has started', agentRow({ queued: QUEUE_LIMIT, ready: 1 })],
  ])('AS-05: is accepted as long as at most five wait, %s', (_name, agent) => {
    expect(decidePost(post, { agent, refused: undefined, known: [] })).toHaveProperty('events')
  })

  it.each([
    ['while a turn runs', agentRow({ turn: 'turn_1', queued: QUEUE_LIMIT })],
    ['before the first of a burst has started', agentRow({ queued: QUEUE_LIMIT + 1, ready: 1 })],
  ])('AS-05: is refused as queue_full behind five that wait, %s', (_name, agent) => {
    expect(decidePost(post, { agent, refused: undefined, known: [] })).toEqual({
      refused: {
        code: 'queue_full',
        message:
          'Agent "impl" already has 5 messages waiting; at most 5 may. Wait for it with await, or ask another agent.',
        details: { agent: 'impl', limit: 5, queued: 5 },
      },
    })
  })

  it('is refused where no budget covers a turn', () => {
    expect(decidePost(post, { agent: agentRow(), refused: NO_MONEY, known: [] })).toEqual({
      refused: NO_MONEY,
    })
  })
})

describe('the error about an unknown agent', () => {
  it.each([
    ['suggests the nearest names', ['reviewer', 'reviser', 'impl'], 'Did you mean "reviewer" or "reviser"?'],
    ['lists those there are where none is near', ['impl', 'tests'], 'Known agents: impl, tests.'],
    ['lists the only one', ['impl'], 'Known agents: impl.'],
    ['says how to begin where there are none', [], 'There are no agents yet; define one with agent.'],
  ])('%s', (_name, known, hint) => {
    expect(unknownAgent('reviewr', known).message).toBe(`There is no agent "reviewr". ${hint}`)
  })

  it('is short where a whole prompt stands in place of the name, and is made at once', () => {
    const known = Array.from({ length: 200 }, (_, index) => `agent-${index}`)
    const { message, details } = unknownAgent('Fix the tests. '.repeat(300_000), known)
    expect(message).toMatch(/^There is no agent "Fix the tests\. .*…"\. Known agents: /u)
    expect(message.length).toBeLessThan(300)
    expect(details).toMatchObject({ nearest: [] })
  })

  it('lists no more than ten', () => {
    const known = Array.from({ length: 12 }, (_, index) => `long-name-${index}`)
    expect(unknownAgent('x', known).message).toMatch(/long-name-9\.$/u)
  })
})

describe('starting a turn', () => {
  const start: StartTurn = {
    turn: 'turn_1',
    agent: 'impl',
    host: 'host_1',
    promptHash: 'hash',
    reservedMicros: 500_000,
    session: SESSION,
    begins: null,
  }
  const agent = agentRow({ profile: 'coder', queued: 1, ready: 1 })

  it('takes the next message, with what it sets aside and the session it continues', () => {
    expect(decideStart(start, { agent, next: messageRow(), refused: undefined, limitedUntil: null })).toEqual(
      {
        events: [
          { type: 'turn.started', data: { ...start, message: 'msg_1', profile: 'coder', attempt: 1 } },
        ],
      },
    )
  })

  it('counts the attempts of a message that was put back', () => {
    expect(
      decideStart(start, {
        agent,
        next: messageRow({ attempts: 2 }),
        refused: undefined,
        limitedUntil: null,
      }),
    ).toMatchObject({
      events: [{ data: { attempt: 3 } }],
    })
  })

  it.each([
    ['there is no agent', undefined, messageRow()],
    ['there is no message', agent, undefined],
    ['the agent is not ready', { ...agent, ready: 0 as const }, messageRow()],
    ['another host has started the message', agent, deliveredRow()],
    ['the message was cancelled', agent, messageRow({ state: 'cancelled' })],
  ])('does nothing where %s', (_name, row, next) => {
    expect(decideStart(start, { agent: row, next, refused: NO_MONEY, limitedUntil: null })).toEqual({
      events: [],
    })
  })

  it('fails the message where no budget covers the turn', () => {
    expect(decideStart(start, { agent, next: messageRow(), refused: NO_MONEY, limitedUntil: null })).toEqual({
      events: [{ type: 'message.failed', data: { message: 'msg_1', agent: 'impl', error: NO_MONEY } }],
    })
  })
})

describe('finishing a turn', () => {
  const finish: FinishTurn = {
    turn: 'turn_1',
    outcome: 'completed',
    answer: 'Done.',
    failure: null,
    session: SESSION,
    usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 5 },
    costMicros: 30_000,
    costSource: 'computed',
    modelTurns: 2,
  }
  const facts = { turn: turnRow({ profile: 'coder' }), message: deliveredRow(), account: 'scripted' }

  it('accepts the answer of the running turn, with its cost and how long it took', () => {
    expect(decideFinish(finish, facts, 4500)).toEqual({
      events: [
        {
          type: 'turn.finished',
          data: {
            ...finish,
            message: 'msg_1',
            agent: 'impl',
            profile: 'coder',
            accepted: true,
            durationMs: 1500,
          },
        },
      ],
    })
  })

  it('takes no negative time where the clock went back', () => {
    expect(decideFinish(finish, facts, 2000)).toMatchObject({ events: [{ data: { durationMs: 0 } }] })
  })

  it.each([
    ['the message was cancelled', { ...facts, message: deliveredRow({ state: 'cancelled' }) }],
    ['a later turn has the message', { ...facts, message: deliveredRow({ turn: 'turn_2' }) }],
    ['the message waits again', { ...facts, message: deliveredRow({ state: 'queued' }) }],
  ])('counts its cost and not its answer where %s', (_name, changed) => {
    expect(decideFinish(finish, changed, 4500)).toMatchObject({
      events: [{ data: { accepted: false, costMicros: 30_000 } }],
    })
  })

  it.each([
    ['was settled before', { ...facts, turn: turnRow({ state: 'completed' }) }, 'it is completed'],
    ['was given up', { ...facts, turn: turnRow({ state: 'lost' }) }, 'it is lost'],
    ['does not exist', { ...facts, turn: undefined }, 'it does not exist'],
  ])('is refused as a stale claim where the turn %s', (_name, changed, why) => {
    expect(decideFinish(finish, changed, 4500)).toEqual({
      refused: {
        code: 'stale_claim',
        message: `Turn turn_1 can no longer be settled: ${why}. Its result was not accepted.`,
        details: { turn: 'turn_1' },
      },
    })
  })

  it('is refused where there is no message', () => {
    expect(decideFinish(finish, { ...facts, message: undefined }, 4500)).toMatchObject({
      refused: { code: 'stale_claim' },
    })
  })

  it('charges what was set aside, as assumed, where the backend names no cost', () => {
    expect(decideFinish({ ...finish, costMicros: null }, facts, 4500)).toMatchObject({
      events: [{ data: { costMicros: 500_000, costSource: 'assumed' } }],
    })
  })

  it.each([-1, Number.NaN, Infinity])(
    'charges what was set aside where the cost %d cannot be one',
    (costMicros) => {
      expect(decideFinish({ ...finish, costMicros }, facts, 4500)).toMatchObject({
        events: [{ data: { costMicros: 500_000, costSource: 'assumed' } }],
      })
    },
  )

  it('takes a cost of nothing as reported', () => {
    expect(decideFinish({ ...finish, costMicros: 0, costSource: null }, facts, 4500)).toMatchObject({
      events: [{ data: { costMicros: 0, costSource: 'reported' } }],
    })
  })

  it.each(
    Object.entries(FAILURES).map(([kind, { keepsSession }]) => [kind as FailureKind, keepsSession] as const),
  )('after %s keeps the session: %s', (kind, keepsSession) => {
    const failed: FinishTurn = {
      ...finish,
      outcome: 'failed',
      answer: null,
      failure: { kind, message: 'no' },
    }
    const decided = decideFinish(failed, facts, 4500)
    expect('events' in decided && decided.events[0]).toMatchObject({
      data: { session: keepsSession ? SESSION : null },
    })
  })

  it('keeps the session it continued where it failed before the backend named one', () => {
    const failed: FinishTurn = {
      ...finish,
      outcome: 'failed',
      answer: null,
      failure: { kind: 'network', message: 'ECONNRESET' },
      session: null,
    }
    const continuing = { ...facts, turn: turnRow({ session: SESSION }) }
    expect(decideFinish(failed, continuing, 4500)).toMatchObject({ events: [{ data: { session: SESSION } }] })
    expect(decideFinish(failed, facts, 4500)).toMatchObject({ events: [{ data: { session: null } }] })
  })

  it('begins anew where the session it continued is no longer good', () => {
    const failed: FinishTurn = {
      ...finish,
      outcome: 'failed',
      answer: null,
      failure: { kind: 'context_overflow', message: 'too long' },
      session: null,
    }
    expect(decideFinish(failed, { ...facts, turn: turnRow({ session: SESSION }) }, 4500)).toMatchObject({
      events: [{ data: { session: null } }],
    })
  })
})

describe('losing a turn', () => {
  const facts = [turnRow({ profile: 'coder' }), deliveredRow()] as const

  it('charges what was set aside and puts the message back', () => {
    expect(decideLoss(...facts, 'lease_expired')).toEqual({
      events: [
        {
          type: 'turn.lost',
          data: {
            turn: 'turn_1',
            message: 'msg_1',
            agent: 'impl',
            profile: 'coder',
            host: 'host_1',
            reason: 'lease_expired',
            chargedMicros: 500_000,
          },
        },
      ],
    })
  })

  it.each([
    ['the turn has ended', [turnRow({ state: 'completed' }), deliveredRow()] as const],
    ['there is no turn', [undefined, deliveredRow()] as const],
    ['there is no message', [turnRow(), undefined] as const],
  ])('does nothing where %s', (_name, [turn, message]) => {
    expect(decideLoss(turn, message, 'host_died')).toEqual({ events: [] })
  })

  it('gives up a message on which hosts died too often', () => {
    const { events } = decideLoss(turnRow(), deliveredRow({ attempts: MAX_ATTEMPTS }), 'host_died')
    expect(events.map(({ type }) => type)).toEqual(['turn.lost', 'message.failed'])
    expect(events[1]?.data).toMatchObject({
      message: 'msg_1',
      agent: 'impl',
      error: {
        code: 'host_failed',
        message:
          'The host died 10 times while it ran this message for "impl". ' +
          'Look at the log of the host, then ask again.',
        details: { kind: 'host_lost', agent: 'impl', message: 'msg_1' },
      },
    })
  })

  it.each([
    ['one attempt before', deliveredRow({ attempts: MAX_ATTEMPTS - 1 }), 'host_died'],
    ['after a stop that was asked for', deliveredRow({ attempts: MAX_ATTEMPTS }), 'host_stopped'],
    [
      'whose message was cancelled',
      deliveredRow({ attempts: MAX_ATTEMPTS, state: 'cancelled' }),
      'host_died',
    ],
  ] as const)('gives up nothing %s', (_name, message, reason) => {
    expect(decideLoss(turnRow(), message, reason).events.map(({ type }) => type)).toEqual(['turn.lost'])
  })
})

it('cancelling leaves out what is settled', () => {
  const messages = [
    messageRow({ id: 'msg_1' }),
    deliveredRow({ id: 'msg_2' }),
    messageRow({ id: 'msg_3', state: 'answered' }),
    messageRow({ id: 'msg_4', state: 'failed' }),
    messageRow({ id: 'msg_5', state: 'cancelled' }),
  ]
  expect(decideCancel(messages, 'Enough.')).toEqual([
    { type: 'message.cancelled', data: { message: 'msg_1', agent: 'impl', reason: 'Enough.' } },
    { type: 'message.cancelled', data: { message: 'msg_2', agent: 'impl', reason: 'Enough.' } },
  ])
})
