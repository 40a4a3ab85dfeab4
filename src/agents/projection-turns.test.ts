import { describe, expect, it } from 'vitest'
import {
  agentRow,
  changed,
  deliveredRow,
  eventOf,
  FINISHED,
  LOST,
  lookup,
  SESSION,
  turnRow,
} from '../../test/replay/example-rows.ts'
import { applyTurnFinished, applyTurnLost } from './projection.ts'

/** An agent that works on {@link deliveredRow} while two more messages wait. */
const BUSY = agentRow({ turn: 'turn_1', queued: 2, cursor: 10 })

describe('a finished turn', () => {
  const rows = lookup({ agent: [BUSY], message: [deliveredRow()], turn: [turnRow()] })

  it('keeps how it ended, and the session in which it spoke', () => {
    const { turn } = changed(applyTurnFinished(eventOf('turn.finished', FINISHED, { at: 700 }), rows))
    expect(turn).toEqual(
      turnRow({
        state: 'completed',
        session: SESSION,
        begins: null,
        endedAt: 700,
        usage: FINISHED.usage,
        costMicros: 30_000,
        costSource: 'reported',
        modelTurns: 2,
      }),
    )
  })

  it('answers its message, and its agent goes on with its session', () => {
    const { agent, message } = changed(
      applyTurnFinished(eventOf('turn.finished', FINISHED, { at: 700 }), rows),
    )
    expect(message).toEqual(
      deliveredRow({ state: 'answered', answer: 'Done.', settledAt: 700, costMicros: 30_000 }),
    )
    expect(agent).toEqual({ ...BUSY, turn: null, ready: 1, session: SESSION, turns: 1, last: 'msg_1' })
  })

  it('fails its message under the code of its failure, with what is known about it', () => {
    const failure = { kind: 'rate_limit', message: 'Too many requests.', status: 429, resetsAt: 99 } as const
    const event = eventOf('turn.finished', { ...FINISHED, outcome: 'failed', answer: null, failure })
    const { message, turn } = changed(applyTurnFinished(event, rows))
    expect(message).toMatchObject({
      state: 'failed',
      answer: null,
      error: {
        code: 'turn_failed',
        message: 'Too many requests.',
        details: { kind: 'rate_limit', status: 429, resetsAt: 99 },
      },
    })
    expect(turn).toMatchObject({ state: 'failed', failure })
  })

  it('cancels its message where it was cancelled itself', () => {
    const failure = { kind: 'cancelled', message: 'The turn was cancelled.' } as const
    const event = eventOf('turn.finished', { ...FINISHED, outcome: 'cancelled', answer: null, failure })
    expect(changed(applyTurnFinished(event, rows))).toMatchObject({
      message: { state: 'cancelled', error: { code: 'cancelled' } },
      turn: { state: 'cancelled' },
      agent: { turn: null, last: 'msg_1' },
    })
  })

  it('only adds its cost to a message that was cancelled meanwhile, and the session goes on', () => {
    const cancelled = lookup({
      agent: [BUSY],
      message: [deliveredRow({ state: 'cancelled' })],
      turn: [turnRow()],
    })
    const event = eventOf('turn.finished', { ...FINISHED, accepted: false })
    const { agent, message, turn } = changed(applyTurnFinished(event, cancelled))
    expect(message).toEqual(deliveredRow({ state: 'cancelled', costMicros: 30_000 }))
    expect(turn).toMatchObject({ state: 'completed', costMicros: 30_000 })
    expect(agent).toEqual({ ...BUSY, turn: null, ready: 1, session: SESSION })
  })

  it.each([
    ['was reset or replaced', { ...BUSY, generation: 2 }, 1],
    ['was dismissed', { ...BUSY, state: 'dismissed' as const }, 0],
  ])('only frees an agent that %s meanwhile', (_name, before, ready) => {
    const others = lookup({
      agent: [before],
      message: [deliveredRow({ state: 'cancelled' })],
      turn: [turnRow()],
    })
    const { agent } = changed(
      applyTurnFinished(eventOf('turn.finished', { ...FINISHED, accepted: false }), others),
    )
    expect(agent).toEqual({ ...before, turn: null, ready })
  })

  it('leaves an agent alone that has another turn', () => {
    const other = lookup({
      agent: [{ ...BUSY, turn: 'turn_2' }],
      message: [deliveredRow({ turn: 'turn_2' })],
      turn: [turnRow()],
    })
    const { agent } = changed(
      applyTurnFinished(eventOf('turn.finished', { ...FINISHED, accepted: false }), other),
    )
    expect(agent).toMatchObject({ turn: 'turn_2', ready: 0 })
  })
})

describe('a lost turn', () => {
  const rows = lookup({ agent: [BUSY], message: [deliveredRow()], turn: [turnRow()] })

  it('is charged at what it had set aside', () => {
    const { turn } = changed(applyTurnLost(eventOf('turn.lost', LOST, { at: 700 }), rows))
    expect(turn).toEqual(turnRow({ state: 'lost', endedAt: 700, costMicros: 500_000, costSource: 'assumed' }))
  })

  it('puts its message back where it was, so that it is found before later ones', () => {
    const { agent, message } = changed(applyTurnLost(eventOf('turn.lost', LOST), rows))
    expect(message).toEqual(deliveredRow({ state: 'queued', costMicros: 500_000 }))
    expect(agent).toEqual({ ...BUSY, turn: null, queued: 3, ready: 1, cursor: 9 })
  })

  it('leaves a search that begins before its message where it is', () => {
    const early = lookup({ agent: [{ ...BUSY, cursor: 4 }], message: [deliveredRow()], turn: [turnRow()] })
    expect(changed(applyTurnLost(eventOf('turn.lost', LOST), early)).agent).toMatchObject({ cursor: 4 })
  })

  it('only frees its agent, and adds its cost, where the message was cancelled', () => {
    const cancelled = lookup({
      agent: [BUSY],
      message: [deliveredRow({ state: 'cancelled' })],
      turn: [turnRow()],
    })
    const { agent, message } = changed(applyTurnLost(eventOf('turn.lost', LOST), cancelled))
    expect(message).toEqual(deliveredRow({ state: 'cancelled', costMicros: 500_000 }))
    expect(agent).toEqual({ ...BUSY, turn: null, ready: 1 })
  })

  it('leaves an agent alone that has another turn', () => {
    const other = lookup({
      agent: [{ ...BUSY, turn: 'turn_2' }],
      message: [deliveredRow({ state: 'cancelled' })],
      turn: [turnRow()],
    })
    expect(changed(applyTurnLost(eventOf('turn.lost', LOST), other)).agent).toMatchObject({
      turn: 'turn_2',
      ready: 0,
    })
  })
})
