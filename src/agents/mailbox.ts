/** Decisions about messages: posting, starting a turn, ending it, losing it, cancelling. */
import { errorData, nearestNames, type ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import { headOf, type StoredText } from '../json.ts'
import type { AgentRow, CostSource, MessageKind, MessageRow, SessionRef, TurnRow, Usage } from '../tables.ts'
import { FAILURES, type TurnFailure } from './failures.ts'
import { isSettled } from './message-lifecycle.ts'
import { isQuotaFailure, limitAccount } from './quota.ts'

/** Messages that may wait behind a running turn. */
export const QUEUE_LIMIT = 5

/** A message whose hosts died this often is given up as `host_failed`, so that it cannot kill hosts for ever. */
export const MAX_ATTEMPTS = 10

/** Longer than any name of an agent: what is longer is a prompt in its place. */
const SHOWN_NAME_CHARACTERS = 80

export type Decided = { readonly events: readonly NewEvent[] } | { readonly refused: ErrorData }

export interface PostMessage {
  readonly message: string
  readonly agent: string
  readonly kind: MessageKind
  readonly prompt: StoredText
  readonly group: string | null
  readonly timeoutMs: number | null
  readonly itemAttempt: string | null
}

/** What posting to one agent rests on. */
export interface PostFacts {
  readonly agent: AgentRow | undefined
  /** Why no budget covers a turn now, if so. */
  readonly refused: ErrorData | undefined
  /** Names of agents, for the error about an unknown one. */
  readonly known: readonly string[]
}

/** Accepts a message, or says why not: `not_found`, `queue_full`, `budget_exceeded`. */
export function decidePost(post: PostMessage, { agent, refused, known }: PostFacts): Decided {
  if (agent === undefined || agent.state === 'dismissed') return { refused: unknownAgent(post.agent, known) }
  // The message at the front of an idle agent is about to run, so it does not count as waiting.
  const waiting = agent.turn === null ? agent.queued - 1 : agent.queued
  if (waiting >= QUEUE_LIMIT) {
    return {
      refused: errorData(
        'queue_full',
        `Agent "${agent.name}" already has ${waiting} messages waiting; at most ${QUEUE_LIMIT} may. ` +
          'Wait for it with await, or ask another agent.',
        { agent: agent.name, limit: QUEUE_LIMIT, queued: waiting },
      ),
    }
  }
  if (refused !== undefined) return { refused }
  const { message, kind, prompt, group, timeoutMs, itemAttempt } = post
  const { name, backend, generation } = agent
  return {
    events: [
      {
        type: 'message.posted',
        data: { message, agent: name, backend, generation, kind, prompt, group, timeoutMs, itemAttempt },
      },
    ],
  }
}

/** The error about an agent that does not exist, with the nearest names. */
export function unknownAgent(name: string, known: readonly string[]): ErrorData {
  const near = nearestNames(name, known)
  const hint =
    near.length > 0
      ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`
      : known.length > 0
        ? `Known agents: ${known.slice(0, 10).join(', ')}.`
        : 'There are no agents yet; define one with agent.'
  const agent = headOf(name, SHOWN_NAME_CHARACTERS)
  return errorData('not_found', `There is no agent "${agent}". ${hint}`, { agent, nearest: near })
}

export interface StartTurn {
  readonly turn: string
  readonly agent: string
  readonly host: string
  readonly promptHash: string
  readonly reservedMicros: number
  readonly session: SessionRef | null
  readonly begins: SessionRef | null
}

export interface StartFacts {
  readonly agent: AgentRow | undefined
  readonly next: MessageRow | undefined
  /** Why no budget covers the reservation, if so. */
  readonly refused: ErrorData | undefined
  /** When the quota of the agent's account is reset; null while there is some. */
  readonly limitedUntil: number | null
}

/** Starts the agent's next message, fails it where no budget covers it, or does nothing where there is none to start. */
export function decideStart(start: StartTurn, { agent, next, refused, limitedUntil }: StartFacts): Decided {
  if (agent === undefined || next === undefined || agent.ready === 0 || next.state !== 'queued')
    return { events: [] }
  if (limitedUntil !== null) return { events: [] }
  if (refused !== undefined) {
    return {
      events: [{ type: 'message.failed', data: { message: next.id, agent: agent.name, error: refused } }],
    }
  }
  const { turn, host, promptHash, reservedMicros, session, begins } = start
  const { profile } = agent
  const attempt = next.attempts + 1
  return {
    events: [
      {
        type: 'turn.started',
        data: {
          turn,
          message: next.id,
          agent: agent.name,
          profile,
          host,
          attempt,
          session,
          begins,
          promptHash,
          reservedMicros,
        },
      },
    ],
  }
}

export interface FinishTurn {
  readonly turn: string
  readonly outcome: 'completed' | 'failed' | 'cancelled'
  readonly answer: StoredText | null
  readonly failure: TurnFailure | null
  readonly session: SessionRef | null
  readonly usage: Usage
  /** Null where the backend named no cost: the reservation is charged, as it is for a figure that cannot be a cost. */
  readonly costMicros: number | null
  readonly costSource: CostSource | null
  readonly modelTurns: number
}

export interface FinishFacts {
  readonly turn: TurnRow | undefined
  readonly message: MessageRow | undefined
  /** The login that paid. */
  readonly account: string
}

/**
 * Settles a turn. Only the running turn may do it (`stale_claim` otherwise); where its message was
 * cancelled meanwhile, the cost counts and the answer does not. A used-up quota defers the message, and
 * stops every other start on the account.
 */
export function decideFinish(
  finish: FinishTurn,
  { turn, message, account }: FinishFacts,
  now: number,
): Decided {
  if (turn === undefined || message === undefined || turn.state !== 'running')
    return { refused: stale(finish.turn, turn) }
  const { costMicros, failure } = finish
  const isCurrent = message.state === 'delivered' && message.turn === turn.id
  const isLimited = finish.outcome === 'failed' && isQuotaFailure(failure)
  const deferred = isCurrent && isLimited
  const isKnown = costMicros !== null && Number.isSafeInteger(costMicros) && costMicros >= 0
  const keepsSession = failure === null || FAILURES[failure.kind].keepsSession
  return {
    events: [
      {
        type: 'turn.finished',
        data: {
          turn: turn.id,
          message: message.id,
          agent: turn.agent,
          profile: turn.profile,
          outcome: deferred ? 'deferred' : finish.outcome,
          accepted: isCurrent && !deferred,
          answer: finish.answer,
          failure,
          // A turn that ended before its backend named a session leaves the one that it was to continue.
          session: keepsSession ? (finish.session ?? turn.session) : null,
          usage: finish.usage,
          costMicros: isKnown ? costMicros : turn.reservedMicros,
          costSource: isKnown ? (finish.costSource ?? 'reported') : 'assumed',
          modelTurns: finish.modelTurns,
          durationMs: Math.max(0, now - turn.startedAt),
        },
      },
      // The account is used up, whatever has become of the message that found out.
      ...(isLimited ? [limitAccount(account, turn.id, failure, now)] : []),
    ],
  }
}

function stale(turn: string, row: TurnRow | undefined): ErrorData {
  const why = row === undefined ? 'it does not exist' : `it is ${row.state}`
  return errorData(
    'stale_claim',
    `Turn ${turn} can no longer be settled: ${why}. Its result was not accepted.`,
    { turn },
  )
}

export type LossReason = 'host_died' | 'lease_expired' | 'host_stopped'

/** Gives up a turn whose host is gone: its message waits again, or fails for good after too many attempts. */
export function decideLoss(
  turn: TurnRow | undefined,
  message: MessageRow | undefined,
  reason: LossReason,
): { readonly events: readonly NewEvent[] } {
  if (turn === undefined || message === undefined || turn.state !== 'running') return { events: [] }
  const { id, agent, profile, host, reservedMicros } = turn
  const lost: NewEvent = {
    type: 'turn.lost',
    data: { turn: id, message: message.id, agent, profile, host, reason, chargedMicros: reservedMicros },
  }
  // What becomes of an item's message is its attempt's matter.
  const isItems = message.itemAttempt !== null
  if (
    message.state !== 'delivered' ||
    message.attempts < MAX_ATTEMPTS ||
    reason === 'host_stopped' ||
    isItems
  )
    return { events: [lost] }
  const error = errorData(
    'host_failed',
    `The host died ${message.attempts} times while it ran this message for "${agent}". ${FAILURES.host_lost.advice}`,
    { kind: 'host_lost', agent, message: message.id },
  )
  return { events: [lost, { type: 'message.failed', data: { message: message.id, agent, error } }] }
}

/** Cancels what has not been settled. */
export function decideCancel(messages: readonly MessageRow[], reason: string): NewEvent[] {
  return messages
    .filter((message) => !isSettled(message.state))
    .map(({ id, agent }) => ({ type: 'message.cancelled', data: { message: id, agent, reason } }))
}
