/** What holds of the rows of a team at every moment, whatever has happened. */
import { isSettled } from '../../src/agents/message-lifecycle.ts'
import type { AtelierEvent } from '../../src/events.ts'
import { agentScope, countedMicros, GLOBAL_SCOPE } from '../../src/money/ledger.ts'
import { microsOf } from '../../src/money/usd.ts'
import type { AgentRow, LedgerRow, MessageRow, TurnRow } from '../../src/tables.ts'
import type { Action } from './actions.ts'
import type { Result } from './row-team.ts'

export interface TeamRows {
  readonly agent: readonly AgentRow[]
  readonly message: readonly MessageRow[]
  readonly turn: readonly TurnRow[]
  readonly ledger: readonly LedgerRow[]
}

/** Every promise that the rows break, as sentences; none if all is well. */
export function brokenInvariants(rows: TeamRows, log: readonly AtelierEvent[]): string[] {
  return [
    ...rows.agent.flatMap((agent) => brokenMailbox(agent, rows)),
    ...rows.turn.flatMap((turn) => brokenTurn(turn, rows)),
    ...rows.ledger.flatMap(brokenLedger),
    ...brokenSums(rows),
    ...brokenCosts(rows),
    ...brokenAnswers(rows, log),
  ]
}

/** A message has cost what its turns have. */
function brokenCosts({ message, turn }: TeamRows): string[] {
  const costs = Map.groupBy(turn, (row) => row.message)
  return message
    .filter(({ id, costMicros }) => {
      const ended = costs.get(id) ?? []
      return costMicros !== ended.reduce((sum, row) => sum + (row.costMicros ?? 0), 0)
    })
    .map(({ id, costMicros }) => `message ${id} has cost ${costMicros}, and its turns something else`)
}

/** What was final before and is different now. A turn that was cancelled may end later, and adds what it has cost. */
export function brokenFinality(before: TeamRows, after: TeamRows): string[] {
  const messages = new Map(after.message.map((row) => [row.id, row]))
  const turns = new Map(after.turn.map((row) => [row.id, row]))
  return [
    ...before.message
      .filter(({ costMicros, ...row }) => {
        const { costMicros: cost = 0, ...now } = messages.get(row.id) ?? {}
        return isSettled(row.state) && !(isSame(row, now) && cost >= costMicros)
      })
      .map(({ id }) => `settled message ${id} changed`),
    ...before.turn
      .filter((row) => row.state !== 'running' && !isSame(row, turns.get(row.id)))
      .map(({ id }) => `ended turn ${id} changed`),
  ]
}

function brokenMailbox(agent: AgentRow, { message, turn }: TeamRows): string[] {
  const { name, queued, ready, cursor, state } = agent
  const waiting = message.filter((row) => row.agent === name && row.state === 'queued')
  const running = turn.filter((row) => row.agent === name && row.state === 'running')
  return broken(name, {
    [`queued is ${queued} with ${waiting.length} messages waiting`]: queued !== waiting.length,
    [`ready is ${ready} while ${state} with ${queued} queued and turn ${agent.turn}`]:
      (ready === 1) !== (state === 'active' && queued > 0 && agent.turn === null),
    [`${running.length} turns run`]: running.length > 1,
    [`turn is ${agent.turn} while ${running[0]?.id} runs`]: agent.turn !== (running[0]?.id ?? null),
    [`a message waits at or below the cursor ${cursor}`]: waiting.some(({ position }) => position <= cursor),
    'is dismissed and has messages': state === 'dismissed' && queued > 0,
    'is ahead of its own messages': message.some(
      (row) => row.agent === name && row.generation > agent.generation,
    ),
    'has an open message of an earlier generation': message.some(
      (row) => row.agent === name && !isSettled(row.state) && row.generation !== agent.generation,
    ),
  })
}

function brokenTurn(turn: TurnRow, { message }: TeamRows): string[] {
  const own = message.find(({ id }) => id === turn.message)
  const isRunning = turn.state === 'running'
  return broken(turn.id, {
    'has no message': own === undefined,
    'is of another agent than its message': own?.agent !== turn.agent,
    'runs while its message waits, or is another turn’s':
      isRunning && (own?.state === 'queued' || own?.turn !== turn.id),
    'ended without a cost':
      !isRunning && (turn.costMicros === null || turn.costSource === null || turn.endedAt === null),
  })
}

function brokenLedger(ledger: LedgerRow): string[] {
  const { scope, limitMicros, limitSetAt, recentMicros, ...figures } = ledger
  const limits = [limitMicros ?? 0, limitSetAt ?? 0]
  const numbers = [...Object.values(figures), ...recentMicros, ...limits, countedMicros(ledger)]
  return broken(scope, {
    'has a figure that is negative or not whole': numbers.some(
      (number) => !Number.isSafeInteger(number) || number < 0,
    ),
    'assumed more turns than there were': ledger.assumedTurns > ledger.turns,
  })
}

/** The workshop pays what its agents pay. */
function brokenSums({ ledger, turn }: TeamRows): string[] {
  const total = ledger.find(({ scope }) => scope === GLOBAL_SCOPE)
  const agents = ledger.filter(({ scope }) => scope.startsWith(agentScope('')))
  const figures = [
    'spentMicros',
    'assumedMicros',
    'turns',
    'assumedTurns',
    'inputTokens',
    'outputTokens',
  ] as const
  const costs = turn.reduce((sum, { costMicros }) => sum + (costMicros ?? 0), 0)
  const ended = turn.filter(({ state }) => state !== 'running').length
  return broken('the bill', {
    ...Object.fromEntries(
      figures.map((figure) => [
        `has ${figure} that differ from those of all agents`,
        (total?.[figure] ?? 0) !== agents.reduce((sum, each) => sum + each[figure], 0),
      ]),
    ),
    'differs from what the turns cost': (total?.spentMicros ?? 0) + (total?.assumedMicros ?? 0) !== costs,
    'counts other turns than ended': (total?.turns ?? 0) !== ended,
  })
}

/** Answered means accepted once; nothing else was accepted as an answer. */
function brokenAnswers({ message }: TeamRows, log: readonly AtelierEvent[]): string[] {
  const accepted = new Map<string, number>()
  for (const event of log) {
    if (event.type !== 'turn.finished' || !event.data.accepted) continue
    accepted.set(event.data.message, (accepted.get(event.data.message) ?? 0) + 1)
  }
  return message.flatMap((row) => {
    const times = accepted.get(row.id) ?? 0
    return broken(row.id, {
      [`was accepted ${times} times`]: times > 1,
      'is answered without an answer, or not answered with one':
        (row.state === 'answered') !== (row.answer !== null),
      'is answered and was not accepted': row.state === 'answered' && times === 0,
      'waits or runs although it was accepted': !isSettled(row.state) && times > 0,
      'is settled without a time, or the other way round': isSettled(row.state) !== (row.settledAt !== null),
      'failed without saying why':
        (row.state === 'failed' || row.state === 'cancelled') && row.error === null,
    })
  })
}

/** A turn starts exactly if there is money for it: what an action has done against that. */
export function brokenBudget(before: TeamRows, after: TeamRows, action: Action, result: Result): string[] {
  if (action.do === 'post') {
    const isRefused = 'refused' in result && result.refused === 'budget_exceeded'
    return isRefused && roomFor(0, before, action.agent)
      ? [`${action.agent} was refused a message it can pay`]
      : []
  }
  if (action.do !== 'start' || 'refused' in result) return []
  const [event] = result.events
  switch (event?.type) {
    case 'turn.started':
      return isOverdrawn(after, action.agent) ? [`a turn of ${action.agent} started beyond its limit`] : []
    case 'message.failed':
      if (event.data.error.code === 'circuit_open') return []
      return roomFor(microsOf(Number(event.data.error.details?.['neededUsd'])), before, action.agent)
        ? [`${action.agent} was refused a turn it can pay`]
        : []
    default:
      return []
  }
}

function roomFor(wantedMicros: number, rows: TeamRows, agent: string): boolean {
  return limitsOf(rows, agent).every(
    ({ limit, counted, reserved }) => counted < limit && counted + reserved + wantedMicros <= limit,
  )
}

function isOverdrawn(rows: TeamRows, agent: string): boolean {
  return limitsOf(rows, agent).some(({ limit, counted, reserved }) => counted + reserved > limit)
}

/** What an agent's limited scopes have left, summed over the turns themselves. */
function limitsOf(
  { ledger, turn }: TeamRows,
  agent: string,
): { readonly limit: number; readonly counted: number; readonly reserved: number }[] {
  return ledger
    .filter(
      ({ scope, limitMicros }) =>
        limitMicros !== null && (scope === GLOBAL_SCOPE || scope === agentScope(agent)),
    )
    .map((each) => {
      const running = turn.filter(
        (row) => row.state === 'running' && (each.scope === GLOBAL_SCOPE || row.agent === agent),
      )
      return {
        limit: each.limitMicros as number,
        counted: countedMicros(each),
        reserved: running.reduce((sum, row) => sum + row.reservedMicros, 0),
      }
    })
}

function broken(what: string, promises: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(promises)
    .filter(([, isBroken]) => isBroken)
    .map(([promise]) => `${what} ${promise}`)
}

function isSame(before: object, after: object | undefined): boolean {
  return JSON.stringify(before) === JSON.stringify(after)
}
