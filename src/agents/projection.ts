/** How the events of agents, messages and turns become rows. */
import { AtelierError } from '../errors.ts'
import type { EventOf, NewEvent } from '../events.ts'
import type { AgentRow, MessageRow, RowChange, RowLookup, RowRef, TurnRow } from '../tables.ts'
import { FAILURES } from './failures.ts'
import { nextMessageState, type MessageStep } from './message-lifecycle.ts'

/** The rows of agents, messages, turns and schedules that an event reads. */
export function agentReads(event: NewEvent): RowRef[] {
  switch (event.type) {
    case 'agent.created':
    case 'agent.reset':
    case 'agent.dismissed':
    case 'message.posted':
      return [agentRef(event.data.agent)]
    case 'message.cancelled':
    case 'message.failed':
    case 'turn.started':
      return [agentRef(event.data.agent), messageRef(event.data.message)]
    case 'turn.finished':
    case 'turn.lost':
      return [
        agentRef(event.data.agent),
        messageRef(event.data.message),
        { table: 'turn', key: event.data.turn },
      ]
    case 'schedule.ticked':
    case 'schedule.cancelled':
      return [{ table: 'schedule', key: event.data.agent }]
    default:
      return []
  }
}

export function applyAgentCreated({ data, at }: EventOf<'agent.created'>, rows: RowLookup): RowChange[] {
  const before = rows('agent', data.agent)
  const row: AgentRow = {
    name: data.agent,
    state: 'active',
    generation: data.generation,
    profile: data.profile,
    backend: data.backend,
    model: data.model,
    account: data.account,
    definition: data.definition,
    capabilities: data.capabilities,
    session: null,
    queued: before?.queued ?? 0,
    // The turn of a replaced agent is being cancelled: the new one starts when it has ended.
    turn: before?.turn ?? null,
    ready: 0,
    cursor: before?.cursor ?? 0,
    turns: 0,
    last: null,
    createdAt: at,
  }
  return [agentChange(row)]
}

export function applyAgentReset({ data }: EventOf<'agent.reset'>, rows: RowLookup): RowChange[] {
  return [
    agentChange({
      ...found(rows, data.agent),
      generation: data.generation,
      session: null,
      turns: 0,
      last: null,
    }),
  ]
}

export function applyAgentDismissed({ data }: EventOf<'agent.dismissed'>, rows: RowLookup): RowChange[] {
  return [agentChange({ ...found(rows, data.agent), state: 'dismissed', session: null })]
}

export function applyMessagePosted(event: EventOf<'message.posted'>, rows: RowLookup): RowChange[] {
  const { data, at, seq, actor } = event
  const message: MessageRow = {
    id: data.message,
    agent: data.agent,
    generation: data.generation,
    kind: data.kind,
    state: 'queued',
    position: seq,
    from: actor,
    prompt: data.prompt,
    group: data.group,
    timeoutMs: data.timeoutMs,
    itemAttempt: data.itemAttempt,
    attempts: 0,
    turn: null,
    costMicros: 0,
    answer: null,
    error: null,
    postedAt: at,
    settledAt: null,
  }
  const agent = found(rows, data.agent)
  return [messageChange(message), agentChange({ ...agent, queued: agent.queued + 1 })]
}

export function applyMessageCancelled(
  { data, at }: EventOf<'message.cancelled'>,
  rows: RowLookup,
): RowChange[] {
  const message = foundMessage(rows, data.message)
  const error = { code: 'cancelled', message: data.reason } as const
  const changes = [messageChange(stepped(message, 'message.cancelled', { settledAt: at, error }))]
  if (message.state !== 'queued') return changes
  const agent = found(rows, data.agent)
  return [...changes, agentChange({ ...agent, queued: agent.queued - 1 })]
}

export function applyMessageFailed({ data, at }: EventOf<'message.failed'>, rows: RowLookup): RowChange[] {
  const message = stepped(foundMessage(rows, data.message), 'message.failed', {
    settledAt: at,
    error: data.error,
  })
  const agent = found(rows, data.agent)
  return [messageChange(message), agentChange({ ...agent, queued: agent.queued - 1, last: message.id })]
}

export function applyTurnStarted({ data, at }: EventOf<'turn.started'>, rows: RowLookup): RowChange[] {
  const agent = found(rows, data.agent)
  const message = foundMessage(rows, data.message)
  const turn: TurnRow = {
    id: data.turn,
    message: data.message,
    agent: data.agent,
    profile: data.profile,
    generation: agent.generation,
    attempt: data.attempt,
    host: data.host,
    state: 'running',
    session: data.session,
    begins: data.begins,
    promptHash: data.promptHash,
    startedAt: at,
    endedAt: null,
    usage: null,
    reservedMicros: data.reservedMicros,
    costMicros: null,
    costSource: null,
    modelTurns: null,
    failure: null,
  }
  return [
    { table: 'turn', key: turn.id, row: turn },
    messageChange(stepped(message, 'turn.started', { attempts: data.attempt, turn: data.turn })),
    agentChange({ ...agent, turn: data.turn, queued: agent.queued - 1, cursor: message.position }),
  ]
}

export function applyTurnFinished(event: EventOf<'turn.finished'>, rows: RowLookup): RowChange[] {
  const { data, at } = event
  const turn = foundTurn(rows, data.turn)
  const agent = found(rows, data.agent)
  const before = foundMessage(rows, data.message)
  const message = { ...before, costMicros: before.costMicros + data.costMicros }
  const changes: RowChange[] = [
    {
      table: 'turn',
      key: turn.id,
      row: {
        ...turn,
        // As its backend left it, for whoever goes on in it.
        ...(data.outcome === 'completed' ? { session: data.session, begins: null } : {}),
        state: data.outcome,
        endedAt: at,
        usage: data.usage,
        costMicros: data.costMicros,
        costSource: data.costSource,
        modelTurns: data.modelTurns,
        failure: data.failure,
      },
    },
    agentChange(afterTurn(agent, turn, data, before)),
  ]
  if (data.outcome === 'deferred') return [...changes, messageChange(stepped(message, 'turn.deferred', {}))]
  if (!data.accepted) return [...changes, messageChange(message)]
  const error = data.failure === null ? null : messageError(data.failure)
  return [
    ...changes,
    messageChange(stepped(message, `turn.${data.outcome}`, { settledAt: at, answer: data.answer, error })),
  ]
}

export function applyTurnLost({ data, at }: EventOf<'turn.lost'>, rows: RowLookup): RowChange[] {
  const turn = foundTurn(rows, data.turn)
  const agent = found(rows, data.agent)
  const before = foundMessage(rows, data.message)
  const message = { ...before, costMicros: before.costMicros + data.chargedMicros }
  const lost: TurnRow = {
    ...turn,
    state: 'lost',
    endedAt: at,
    costMicros: data.chargedMicros,
    costSource: 'assumed',
  }
  const freed: AgentRow = { ...agent, turn: agent.turn === turn.id ? null : agent.turn }
  const changes: RowChange[] = [{ table: 'turn', key: turn.id, row: lost }]
  if (message.state !== 'delivered') return [...changes, messageChange(message), agentChange(freed)]
  return [
    ...changes,
    messageChange(stepped(message, 'turn.lost', {})),
    agentChange(waitingAgain(freed, message)),
  ]
}

export function applyScheduleCreated({ data, at }: EventOf<'schedule.created'>): RowChange[] {
  const { agent, prompt, intervalMs } = data
  const row = { agent, prompt, intervalMs, nextAt: at + intervalMs, ticks: 0, skipped: 0, createdAt: at }
  return [{ table: 'schedule', key: agent, row }]
}

/** A cancelled schedule stays as a row that is never due, with its counts. */
export function applyScheduleCancelled(
  { data }: EventOf<'schedule.cancelled'>,
  rows: RowLookup,
): RowChange[] {
  const row = rows('schedule', data.agent)
  if (row === undefined) throw missing('schedule', data.agent)
  return [{ table: 'schedule', key: data.agent, row: { ...row, nextAt: NEVER } }]
}

export function applyScheduleTicked({ data }: EventOf<'schedule.ticked'>, rows: RowLookup): RowChange[] {
  const row = rows('schedule', data.agent)
  if (row === undefined) throw missing('schedule', data.agent)
  const counts = data.message === null ? { skipped: row.skipped + 1 } : { ticks: row.ticks + 1 }
  return [{ table: 'schedule', key: data.agent, row: { ...row, ...counts, nextAt: data.nextAt } }]
}

/** `nextAt` of a schedule that was cancelled. */
export const NEVER: number = Number.MAX_SAFE_INTEGER

function afterTurn(
  agent: AgentRow,
  turn: TurnRow,
  data: EventOf<'turn.finished'>['data'],
  message: MessageRow,
): AgentRow {
  const freed = { ...agent, turn: agent.turn === turn.id ? null : agent.turn }
  const waiting = data.outcome === 'deferred' ? waitingAgain(freed, message) : freed
  if (agent.state === 'dismissed' || agent.generation !== turn.generation) return waiting
  // The conversation goes on where it stands, also when the message was cancelled on the way. That about an item ends with it.
  const continued = message.itemAttempt === null ? { ...waiting, session: data.session } : waiting
  return data.accepted ? { ...continued, turns: agent.turns + 1, last: data.message } : continued
}

/** The message is found again although its position lies before those of later turns. */
function waitingAgain(agent: AgentRow, message: MessageRow): AgentRow {
  return { ...agent, queued: agent.queued + 1, cursor: Math.min(agent.cursor, message.position - 1) }
}

function messageError(
  failure: NonNullable<EventOf<'turn.finished'>['data']['failure']>,
): MessageRow['error'] {
  const { kind, message, ...rest } = failure
  return { code: FAILURES[kind].code, message, details: { kind, ...rest } }
}

function stepped(message: MessageRow, step: MessageStep, changes: Partial<MessageRow>): MessageRow {
  const state = nextMessageState(message.state, step)
  if (state === undefined) {
    throw new AtelierError(
      'invalid_transition',
      `Message ${message.id} is ${message.state}; ${step} does not apply to it.`,
      {
        details: { message: message.id, from: message.state, step },
      },
    )
  }
  return { ...message, ...changes, state }
}

/** Every change of an agent goes through here, so that `ready` always follows from the rest. */
function agentChange(row: AgentRow): RowChange {
  const ready = row.state === 'active' && row.queued > 0 && row.turn === null ? 1 : 0
  return { table: 'agent', key: row.name, row: { ...row, ready } }
}

function messageChange(row: MessageRow): RowChange {
  return { table: 'message', key: row.id, row }
}

function agentRef(agent: string): RowRef {
  return { table: 'agent', key: agent }
}

function messageRef(message: string): RowRef {
  return { table: 'message', key: message }
}

function found(rows: RowLookup, agent: string): AgentRow {
  const row = rows('agent', agent)
  if (row === undefined) throw missing('agent', agent)
  return row
}

function foundMessage(rows: RowLookup, message: string): MessageRow {
  const row = rows('message', message)
  if (row === undefined) throw missing('message', message)
  return row
}

function foundTurn(rows: RowLookup, turn: string): TurnRow {
  const row = rows('turn', turn)
  if (row === undefined) throw missing('turn', turn)
  return row
}

function missing(what: string, key: string): AtelierError {
  return new AtelierError('store_corrupt', `The log names ${what} "${key}", which no earlier event made.`, {
    details: { [what]: key },
  })
}
