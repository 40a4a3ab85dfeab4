/** What holds of the rows of a team at every moment, whatever has happened. */
import { isSettled } from '../../src/agents/message-lifecycle.ts'
import type { AtelierEvent } from '../../src/events.ts'
import { agentScope, countedMicros, GLOBAL_SCOPE, reservedMicros } from '../../src/money/ledger.ts'
import type { AgentRow, LedgerRow, MessageRow, TurnRow } from '../../src/tables.ts'

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
    ...brokenAnswers(rows, log),
  ]
}

/** What was final before and is different now. */
export function brokenFinality(before: TeamRows, after: TeamRows): string[] {
  const messages = new Map(after.message.map((row) => [row.id, row]))
  const turns = new Map(after.turn.map((row) => [row.id, row]))
  return [
    ...before.message
      .filter((row) => isSettled(row.state) && !isSame(row, messages.get(row.id)))
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
  const { scope, limitMicros, recentMicros, ...figures } = ledger
  const numbers = [...Object.values(figures), ...recentMicros, limitMicros ?? 0, countedMicros(ledger)]
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

/** Limited scopes in which running turns have set aside more than there is, right after one has started. */
export function overdrawn({ ledger, turn }: TeamRows, agent: string): string[] {
  const running = turn.filter(({ state }) => state === 'running')
  return ledger
    .filter(({ scope }) => scope === GLOBAL_SCOPE || scope === agentScope(agent))
    .filter(
      (each) =>
        each.limitMicros !== null &&
        countedMicros(each) + reservedMicros(each.scope, running) > each.limitMicros,
    )
    .map(({ scope }) => `a turn of ${agent} started beyond the limit of ${scope}`)
}

function broken(what: string, promises: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(promises)
    .filter(([, isBroken]) => isBroken)
    .map(([promise]) => `${what} ${promise}`)
}

function isSame(before: object, after: object | undefined): boolean {
  return JSON.stringify(before) === JSON.stringify(after)
}
