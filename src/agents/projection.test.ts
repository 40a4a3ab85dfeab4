import { describe, expect, it } from 'vitest'
import {
  agentRow,
  changed,
  deliveredRow,
  eventOf,
  FINISHED,
  LOST,
  lookup,
  messageRow,
  scheduleRow,
  SESSION,
  turnRow,
} from '../../test/replay/example-rows.ts'
import type { EventBodies, NewEvent } from '../events.ts'
import type { MessageRow } from '../tables.ts'
import {
  agentReads,
  applyAgentCreated,
  applyAgentDismissed,
  applyAgentReset,
  applyMessageCancelled,
  applyMessageFailed,
  applyMessagePosted,
  applyScheduleCancelled,
  applyScheduleCreated,
  applyScheduleTicked,
  applyTurnFinished,
  applyTurnLost,
  applyTurnStarted,
  NEVER,
} from './projection.ts'

const NOTHING = lookup({})
/** An agent that works on {@link deliveredRow} while two more messages wait. */
const BUSY = agentRow({ turn: 'turn_1', queued: 2, cursor: 10 })

const CREATED: EventBodies['agent.created'] = {
  agent: 'impl',
  generation: 2,
  profile: 'coder',
  backend: 'command',
  model: 'opus',
  account: 'command',
  definition: 'hash',
  capabilities: [{ name: 'review', expertise: 8 }],
  replaced: false,
}

const POSTED: EventBodies['message.posted'] = {
  message: 'msg_1',
  agent: 'impl',
  backend: 'scripted',
  generation: 2,
  kind: 'fan',
  prompt: 'Fix it',
  group: 'grp_1',
  timeoutMs: 500,
  itemAttempt: null,
}

const STARTED: EventBodies['turn.started'] = {
  turn: 'turn_1',
  message: 'msg_1',
  agent: 'impl',
  profile: 'coder',
  host: 'host_1',
  attempt: 2,
  begins: null,
  session: SESSION,
  promptHash: 'hash',
  reservedMicros: 7,
}

describe('events of the team read', () => {
  const agent = { table: 'agent', key: 'impl' }
  const message = { table: 'message', key: 'msg_1' }
  const turn = { table: 'turn', key: 'turn_1' }
  const schedule = { table: 'schedule', key: 'impl' }

  it.each([
    ['agent.created', CREATED, [agent]],
    ['agent.reset', { agent: 'impl', generation: 2 }, [agent]],
    ['agent.dismissed', { agent: 'impl' }, [agent]],
    ['message.posted', POSTED, [agent]],
    ['message.cancelled', { agent: 'impl', message: 'msg_1', reason: 'x' }, [agent, message]],
    [
      'message.failed',
      { agent: 'impl', message: 'msg_1', error: { code: 'timeout', message: 'x' } },
      [agent, message],
    ],
    ['turn.started', STARTED, [agent, message]],
    ['turn.finished', FINISHED, [agent, message, turn]],
    ['turn.lost', LOST, [agent, message, turn]],
    ['schedule.cancelled', { agent: 'impl' }, [schedule]],
    ['schedule.ticked', { agent: 'impl', message: null, nextAt: 1 }, [schedule]],
    ['schedule.created', { agent: 'impl', prompt: '', intervalMs: 1 }, []],
    ['context.removed', { key: 'plan', version: 1 }, []],
  ] as const)('for %s the rows that it changes', (type, data, refs) => {
    expect(agentReads({ type, data } as NewEvent)).toEqual(refs)
  })
})

describe('a created agent', () => {
  it('has nothing to do', () => {
    const { agent } = changed(applyAgentCreated(eventOf('agent.created', CREATED, { at: 700 }), NOTHING))
    expect(agent).toEqual(
      agentRow({
        generation: 2,
        profile: 'coder',
        backend: 'command',
        model: 'opus',
        account: 'command',
        definition: 'hash',
        capabilities: [{ name: 'review', expertise: 8 }],
        createdAt: 700,
      }),
    )
  })

  it('waits for the turn of the one whose place it takes, and begins its own session', () => {
    const before = agentRow({ turn: 'turn_1', cursor: 10, session: SESSION, turns: 3, last: 'msg_0' })
    const { agent } = changed(
      applyAgentCreated(eventOf('agent.created', CREATED), lookup({ agent: [before] })),
    )
    expect(agent).toMatchObject({ turn: 'turn_1', cursor: 10, ready: 0, session: null, turns: 0, last: null })
  })

  it('is active again after it was dismissed', () => {
    const before = agentRow({ state: 'dismissed' })
    const { agent } = changed(
      applyAgentCreated(eventOf('agent.created', CREATED), lookup({ agent: [before] })),
    )
    expect(agent).toMatchObject({ state: 'active', generation: 2 })
  })
})

describe('an agent', () => {
  const busy = lookup({ agent: [{ ...BUSY, session: SESSION, turns: 3, last: 'msg_0' }] })

  it('A06: forgets session, turns and result when it is reset, while its turn still ends', () => {
    const { agent } = changed(applyAgentReset(eventOf('agent.reset', { agent: 'impl', generation: 2 }), busy))
    expect(agent).toEqual({ ...BUSY, generation: 2 })
  })

  it('is never ready once it is dismissed', () => {
    const waiting = lookup({ agent: [agentRow({ queued: 1, ready: 1, session: SESSION })] })
    const { agent } = changed(applyAgentDismissed(eventOf('agent.dismissed', { agent: 'impl' }), waiting))
    expect(agent).toEqual(agentRow({ state: 'dismissed', queued: 1 }))
  })
})

describe('a posted message', () => {
  it('waits at the place of its event, and makes its agent ready', () => {
    const event = eventOf('message.posted', POSTED, { seq: 33, at: 700 })
    const { agent, message } = changed(applyMessagePosted(event, lookup({ agent: [agentRow()] })))
    expect(message).toEqual(
      messageRow({
        generation: 2,
        kind: 'fan',
        prompt: 'Fix it',
        group: 'grp_1',
        timeoutMs: 500,
        itemAttempt: null,
        position: 33,
        postedAt: 700,
      }),
    )
    expect(agent).toEqual(agentRow({ queued: 1, ready: 1 }))
  })

  it('waits behind a turn that runs', () => {
    const { agent } = changed(
      applyMessagePosted(eventOf('message.posted', POSTED), lookup({ agent: [BUSY] })),
    )
    expect(agent).toMatchObject({ queued: 3, ready: 0 })
  })
})

describe('a cancelled message', () => {
  const event = eventOf(
    'message.cancelled',
    { message: 'msg_1', agent: 'impl', reason: 'Enough.' },
    { at: 700 },
  )
  const error = { code: 'cancelled', message: 'Enough.' }

  it('waits no more', () => {
    const rows = lookup({ agent: [agentRow({ queued: 1, ready: 1 })], message: [messageRow()] })
    const { agent, message } = changed(applyMessageCancelled(event, rows))
    expect(message).toEqual(
      messageRow({ state: 'cancelled', error: error as MessageRow['error'], settledAt: 700 }),
    )
    expect(agent).toEqual(agentRow({ queued: 0, ready: 0 }))
  })

  it('leaves its turn to end, and the others waiting', () => {
    const rows = lookup({ agent: [BUSY], message: [deliveredRow()] })
    expect(changed(applyMessageCancelled(event, rows))).toMatchObject({
      agent: undefined,
      message: { state: 'cancelled', turn: 'turn_1' },
    })
  })

  it('cannot be one that is settled', () => {
    const rows = lookup({ agent: [agentRow()], message: [messageRow({ state: 'answered' })] })
    expect(() => applyMessageCancelled(event, rows)).toThrow(
      expect.objectContaining({
        code: 'invalid_transition',
        message: 'Message msg_1 is answered; message.cancelled does not apply to it.',
        details: { message: 'msg_1', from: 'answered', step: 'message.cancelled' },
      }),
    )
  })
})

it('a message that failed without a turn is the last one, and the next may start', () => {
  const error = { code: 'budget_exceeded', message: 'No.' } as const
  const rows = lookup({ agent: [agentRow({ queued: 2, ready: 1 })], message: [messageRow()] })
  const event = eventOf('message.failed', { message: 'msg_1', agent: 'impl', error }, { at: 700 })
  const { agent, message } = changed(applyMessageFailed(event, rows))
  expect(message).toEqual(messageRow({ state: 'failed', error, settledAt: 700 }))
  expect(agent).toEqual(agentRow({ queued: 1, ready: 1, last: 'msg_1' }))
})

it('a started turn takes its message out of the queue, and the agent is ready no more', () => {
  const rows = lookup({
    agent: [agentRow({ queued: 3, ready: 1, generation: 2 })],
    message: [messageRow({ position: 33 })],
  })
  const event = eventOf('turn.started', STARTED, { at: 700 })
  const { agent, message, turn } = changed(applyTurnStarted(event, rows))
  expect(turn).toEqual(
    turnRow({
      profile: 'coder',
      generation: 2,
      attempt: 2,
      session: SESSION,
      promptHash: 'hash',
      startedAt: 700,
      reservedMicros: 7,
    }),
  )
  expect(message).toEqual(deliveredRow({ attempts: 2, position: 33 }))
  expect(agent).toEqual(agentRow({ queued: 2, turn: 'turn_1', cursor: 33, generation: 2 }))
})

describe('a schedule', () => {
  const rows = lookup({ schedule: [scheduleRow({ ticks: 2, skipped: 1 })] })

  it('A49: is due after one interval, and replaces the one before', () => {
    const event = eventOf('schedule.created', { agent: 'impl', prompt: 'Look', intervalMs: 250 }, { at: 700 })
    expect(changed(applyScheduleCreated(event)).schedule).toEqual(
      scheduleRow({ prompt: 'Look', intervalMs: 250, nextAt: 950, createdAt: 700 }),
    )
  })

  it('counts a tick', () => {
    const event = eventOf('schedule.ticked', { agent: 'impl', message: 'msg_1', nextAt: 6000 })
    expect(changed(applyScheduleTicked(event, rows)).schedule).toEqual(
      scheduleRow({ ticks: 3, skipped: 1, nextAt: 6000 }),
    )
  })

  it('counts a skipped tick', () => {
    const event = eventOf('schedule.ticked', { agent: 'impl', message: null, nextAt: 6000 })
    expect(changed(applyScheduleTicked(event, rows)).schedule).toEqual(
      scheduleRow({ ticks: 2, skipped: 2, nextAt: 6000 }),
    )
  })

  it('is never due once it is cancelled, and keeps its counts', () => {
    const event = eventOf('schedule.cancelled', { agent: 'impl' })
    expect(changed(applyScheduleCancelled(event, rows)).schedule).toEqual(
      scheduleRow({ ticks: 2, skipped: 1, nextAt: NEVER }),
    )
  })
})

describe('a log that names what no earlier event made', () => {
  const data = { agent: 'impl', message: 'msg_1' }
  const agent = [agentRow()]
  const message = [messageRow()]

  it.each([
    [
      'agent',
      'impl',
      () => applyAgentReset(eventOf('agent.reset', { agent: 'impl', generation: 2 }), NOTHING),
    ],
    ['agent', 'impl', () => applyAgentDismissed(eventOf('agent.dismissed', { agent: 'impl' }), NOTHING)],
    [
      'message',
      'msg_1',
      () => applyMessageCancelled(eventOf('message.cancelled', { ...data, reason: '' }), lookup({ agent })),
    ],
    [
      'turn',
      'turn_1',
      () => applyTurnFinished(eventOf('turn.finished', FINISHED), lookup({ agent, message })),
    ],
    ['turn', 'turn_1', () => applyTurnLost(eventOf('turn.lost', LOST), lookup({ agent, message }))],
    [
      'schedule',
      'impl',
      () => applyScheduleCancelled(eventOf('schedule.cancelled', { agent: 'impl' }), NOTHING),
    ],
    [
      'schedule',
      'impl',
      () =>
        applyScheduleTicked(eventOf('schedule.ticked', { agent: 'impl', message: null, nextAt: 1 }), NOTHING),
    ],
  ])('is corrupt: %s %s', (what, key, apply) => {
    expect(apply).toThrow(
      expect.objectContaining({
        code: 'store_corrupt',
        message: `The log names ${what} "${key}", which no earlier event made.`,
        details: { [what]: key },
      }),
    )
  })
})
