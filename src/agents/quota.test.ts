import { describe, expect, it } from 'vitest'
import { agentRow, deliveredRow, messageRow, turnRow } from '../../test/replay/example-rows.ts'
import { decideFinish, decideStart, type FinishTurn } from './mailbox.ts'
import { applyAccountLimited, isQuotaFailure, limitAccount, limitedUntil, UNKNOWN_RESET_MS } from './quota.ts'

const LIMIT = { kind: 'usage_limit', message: 'limit reached', resetsAt: 9000 } as const
const FINISH: FinishTurn = {
  turn: 'turn_1',
  outcome: 'failed',
  answer: null,
  failure: LIMIT,
  session: null,
  usage: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 },
  costMicros: 0,
  costSource: 'reported',
  modelTurns: 0,
}
const FACTS = { turn: turnRow(), message: deliveredRow(), account: 'claude' }

describe('a used-up quota', () => {
  it.each([
    ['a usage limit', LIMIT, true],
    ['a usage limit without a time', { kind: 'usage_limit', message: '' } as const, true],
    ['a rate limit with a time', { kind: 'rate_limit', message: '', resetsAt: 1 } as const, true],
    ['a rate limit without a time', { kind: 'rate_limit', message: '' } as const, false],
    ['another failure', { kind: 'network', message: '' } as const, false],
    ['no failure', null, false],
  ])('is %s: %#', (_name, failure, expected) => {
    expect(isQuotaFailure(failure)).toBe(expected)
  })

  it('defers the message and limits the account until the reset', () => {
    expect(decideFinish(FINISH, FACTS, 4500)).toMatchObject({
      events: [
        { type: 'turn.finished', data: { outcome: 'deferred', accepted: false, failure: LIMIT } },
        {
          type: 'account.limited',
          data: { account: 'claude', until: 9000, reason: 'limit reached', turn: 'turn_1' },
        },
      ],
    })
  })

  it('limits the account and defers nothing where the message was cancelled meanwhile', () => {
    const cancelled = { ...FACTS, message: deliveredRow({ state: 'cancelled' }) }
    expect(decideFinish(FINISH, cancelled, 4500)).toMatchObject({
      events: [{ data: { outcome: 'failed', accepted: false } }, { type: 'account.limited' }],
    })
  })

  it('lasts a while where the provider names no time, and never ends in the past', () => {
    const unknown = { kind: 'usage_limit', message: '' } as const
    expect(limitAccount('claude', 'turn_1', unknown, 1000)).toMatchObject({
      data: { until: 1000 + UNKNOWN_RESET_MS },
    })
    expect(limitAccount('claude', 'turn_1', { ...unknown, resetsAt: 5 }, 1000)).toMatchObject({
      data: { until: 1001 },
    })
  })

  it('starts nothing on the account before it is reset', () => {
    const start = {
      turn: 'turn_2',
      agent: 'impl',
      host: 'host_1',
      promptHash: 'h',
      reservedMicros: 1,
      session: null,
      begins: null,
    }
    const facts = { agent: agentRow({ queued: 1, ready: 1 }), next: messageRow(), refused: undefined }
    expect(decideStart(start, { ...facts, limitedUntil: 9000 })).toEqual({ events: [] })
    expect(decideStart(start, { ...facts, limitedUntil: null })).toMatchObject({
      events: [{ type: 'turn.started' }],
    })
  })

  it('is over at the time of its reset', () => {
    const account = { account: 'claude', limitedUntil: 9000, reason: '', since: 1 }
    expect([limitedUntil(account, 8999), limitedUntil(account, 9000), limitedUntil(undefined, 1)]).toEqual([
      9000,
      null,
      null,
    ])
  })

  it('is a row of the account', () => {
    const event = {
      type: 'account.limited',
      data: { account: 'claude', until: 9000, reason: 'limit reached', turn: 'turn_1' },
      seq: 1,
      at: 500,
      actor: 'host_1',
      via: 'host',
      version: 1,
    } as const
    expect(applyAccountLimited(event)).toEqual([
      {
        table: 'account',
        key: 'claude',
        row: { account: 'claude', limitedUntil: 9000, reason: 'limit reached', since: 500 },
      },
    ])
  })
})
