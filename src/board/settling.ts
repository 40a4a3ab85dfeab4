/** Decides how attempts end and what becomes of their items. */
import { errorData, type ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { StoredText } from '../json.ts'
import { consequences, type Downstream } from './blocking.ts'
import { attemptEnded, invalid, notRunning } from './claiming.ts'
import type { AttemptOutcome, ItemRow, WaitingFor } from './item.ts'
import { nextItemState, satisfies } from './item-lifecycle.ts'
import type { Decided } from './posting.ts'
import { nextPauseMs, type RetryPolicy } from './retry-policy.ts'

/** An item on which hosts died this often is given up instead of claimed, so that it cannot kill hosts for ever. */
export const MAX_LOSSES = 5

/** Why an item is not claimed again after its hosts died, or undefined while it may be. */
export function wornOut({ id, losses }: ItemRow): ErrorData | undefined {
  if (losses < MAX_LOSSES) return undefined
  return errorData(
    'host_failed',
    `Hosts died ${losses} times while they ran "${id}". Look at what it starts, then retry it.`,
    { item: id, losses },
  )
}

export interface Completion {
  readonly attempt: string
  readonly result: StoredText | null
  /** The engine ran its verify commands on what was merged. */
  readonly verified: boolean
  readonly commit: string | null
}

/**
 * Settles an item as done. What depends on it counts one dependency less, and becomes ready where that was the last.
 * @param dependents rows of the items that depend on it
 */
export function decideDone(
  item: ItemRow,
  { attempt, result, verified, commit }: Completion,
  dependents: readonly ItemRow[],
): Decided {
  const refused = notRunning(item, attempt, 'done')
  if (refused !== undefined) return { refused }
  return {
    events: [
      attemptEnded({ id: attempt, item: item.id }, 'done'),
      ...done(item, { attempt, result, verified, commit }, dependents),
    ],
  }
}

/** Settles an item that only waited for its merge; its result is kept from when it began to wait. */
export function decideMerged(
  item: ItemRow,
  { attempt, verified, commit }: Omit<Completion, 'result'>,
  dependents: readonly ItemRow[],
): Decided {
  const isWaiting = item.state === 'waiting' && item.waiting?.for === 'merge' && item.attempt === attempt
  if (!isWaiting) return { refused: invalid(item, 'done') }
  return { events: done(item, { attempt, result: null, verified, commit }, dependents) }
}

function done(
  item: ItemRow,
  { attempt, result, verified, commit }: Completion,
  dependents: readonly ItemRow[],
): NewEvent[] {
  const released = dependents.map(({ id }) => id)
  return [
    { type: 'item.done', data: { item: item.id, attempt, result, verified, commit, released } },
    ...dependents
      .filter(({ state, unmet }) => state === 'waiting' && unmet === 1)
      .map(({ id }): NewEvent => ({ type: 'item.readied', data: { item: id } })),
  ]
}

export interface Failure {
  readonly attempt: string
  readonly error: ErrorData
  readonly policy: RetryPolicy
  /** In [0, 1), for the jitter of the pause. */
  readonly random: number
  /** Profiles that try it when the worker's own tries are used up, and how every try before this one ended. */
  readonly fallback?: readonly string[]
  readonly earlier?: readonly FailedTry[]
}

/** One try that failed, and who made it. */
export interface FailedTry {
  readonly agent: string
  readonly error: ErrorData
}

/** Tries that count: those that ended because a host died do not. */
export function triesOf({ attempts, losses }: Pick<ItemRow, 'attempts' | 'losses'>): number {
  return attempts - losses
}

/** The profile that makes the next try of a ready item; undefined while the worker's own agent does. */
export function fallbackProfile(item: ItemRow, fallback: readonly string[]): string | undefined {
  return item.ownTries === null ? undefined : fallback[triesOf(item) - item.ownTries]
}

/**
 * Ends an attempt that failed: the item is tried again where its policy says so, then by each profile of its fallback, once
 * and in order, whatever the error was; then it has failed for good, with what each of them met.
 */
export function decideFailure(
  item: ItemRow,
  { attempt, error, policy, random, fallback = [], earlier = [] }: Failure,
  downstream: Downstream,
  now: number,
): Decided {
  const refused = notRunning(item, attempt, 'failed')
  if (refused !== undefined) return { refused }
  const ended = attemptEnded({ id: attempt, item: item.id }, 'failed', error)
  const tries = triesOf(item)
  const isOwn = item.ownTries === null
  const pauseMs = isOwn ? nextPauseMs(policy, tries, error, random) : undefined
  if (pauseMs === undefined) {
    if (tries - (item.ownTries ?? tries) < fallback.length) {
      const fallsBack: NewEvent = { type: 'item.fell_back', data: { item: item.id, tries } }
      const ready: NewEvent = { type: 'item.readied', data: { item: item.id } }
      return { events: [ended, ...(isOwn ? [fallsBack] : []), ready] }
    }
    const last = { agent: item.owner ?? '', error }
    const final = fallback.length === 0 ? error : allFailed(item, [...earlier, last])
    return { events: [ended, ...failed(item, final, downstream)] }
  }
  if (pauseMs === 0) return { events: [ended, { type: 'item.readied', data: { item: item.id } }] }
  return { events: [ended, deferred(item.id, { for: 'retry', at: now + pauseMs })] }
}

function allFailed({ id }: ItemRow, tries: readonly FailedTry[]): ErrorData {
  const named = tries.map(({ agent, error }) => `${agent}: ${error.message} [${error.code}]`)
  return errorData(
    'all_agents_failed',
    `Every agent failed at "${id}". ${named.join(' ')} Look at the tries, then retry it.`,
    { item: id, causes: tries.map(({ agent, error }) => ({ agent, ...error })) },
  )
}

/** Fails an item that waits or runs, without another try. */
export function decideFailed(item: ItemRow, error: ErrorData, downstream: Downstream): Decided {
  if (nextItemState(item.state, 'failed') === undefined) return { refused: invalid(item, 'failed') }
  return { events: [...endOf(item, 'failed', error), ...failed(item, error, downstream)] }
}

/**
 * Ends an attempt without a result: its host is gone (`lost`), it gave the item back (`released`), or it waits for
 * something longer than it keeps its process (`parked`). An item that waits for something is not tried again before.
 */
export function decideReturn(
  item: ItemRow,
  attempt: string,
  end:
    | { readonly outcome: 'lost' | 'released' }
    | {
        readonly outcome: 'lost' | 'released' | 'parked'
        readonly waiting: WaitingFor
        readonly result?: StoredText | null
      },
): Decided {
  const refused = notRunning(item, attempt, 'ready')
  if (refused !== undefined) return { refused }
  const ended = attemptEnded({ id: attempt, item: item.id }, end.outcome)
  if ('waiting' in end) return { events: [ended, deferred(item.id, end.waiting, end.result)] }
  return { events: [ended, { type: 'item.readied', data: { item: item.id } }] }
}

/** Cancels whatever is not done; `already_done` else. Cancelling twice has no second effect. */
export function decideCancel(item: ItemRow, reason: string, downstream: Downstream): Decided {
  if (satisfies(item.state)) return { refused: alreadyDone(item) }
  if (item.state === 'cancelled') return { events: [] }
  return {
    events: [
      ...endOf(item, 'cancelled', null),
      { type: 'item.cancelled', data: { item: item.id, reason } },
      ...consequences(downstream, standing(item, 'cancelled')),
    ],
  }
}

/** Skips an item that does not run: what depends on it goes on without its result. */
export function decideSkip(item: ItemRow, reason: string, downstream: Downstream): Decided {
  if (satisfies(item.state)) return { refused: alreadyDone(item) }
  if (nextItemState(item.state, 'skipped') === undefined) return { refused: invalid(item, 'skipped') }
  const released = [...(downstream.dependents.get(item.id) ?? [])]
  return {
    events: [
      { type: 'item.skipped', data: { item: item.id, reason, released } },
      ...consequences(downstream, standing(item, 'skipped'), released),
    ],
  }
}

/**
 * Gives a failed or cancelled item another try, which also repairs what it blocked.
 * @param causes failed items that it depends on itself, directly or through others
 */
export function decideRetry(item: ItemRow, causes: readonly string[], downstream: Downstream): Decided {
  if (item.state !== 'failed' && item.state !== 'cancelled') return { refused: invalid(item, 'ready') }
  const { id } = item
  const waiting: WaitingFor | null =
    causes.length > 0 ? { for: 'failed_dependency', causes } : item.unmet > 0 ? { for: 'dependencies' } : null
  const next: NewEvent =
    waiting === null
      ? { type: 'item.readied', data: { item: id } }
      : waiting.for === 'failed_dependency'
        ? { type: 'item.blocked', data: { item: id, causes } }
        : { type: 'item.unblocked', data: { item: id } }
  const after = new Map([
    [id, { state: waiting === null ? 'ready' : 'waiting', waiting, unmet: item.unmet } as const],
  ])
  return { events: [{ type: 'item.retried', data: { item: id } }, next, ...consequences(downstream, after)] }
}

/** What waited for something that has come: a retry whose pause is over, an answer, a budget. */
export function decideWake(item: ItemRow): Decided {
  const { waiting } = item
  if (waiting === null || waiting.for === 'dependencies' || waiting.for === 'failed_dependency')
    return { events: [] }
  return { events: [{ type: 'item.readied', data: { item: item.id } }] }
}

/** Puts a ready item aside until something passes. */
export function decideDefer(item: ItemRow, waiting: WaitingFor): Decided {
  if (item.state !== 'ready') return { refused: invalid(item, 'waiting') }
  return { events: [deferred(item.id, waiting)] }
}

function deferred(item: string, waiting: WaitingFor, result: StoredText | null = null): NewEvent {
  return { type: 'item.deferred', data: { item, waiting, result } }
}

function failed(item: ItemRow, error: ErrorData, downstream: Downstream): NewEvent[] {
  return [
    { type: 'item.failed', data: { item: item.id, error } },
    ...consequences(downstream, standing(item, 'failed')),
  ]
}

function endOf(item: ItemRow, outcome: AttemptOutcome, error: ErrorData | null): NewEvent[] {
  return item.state === 'running' && item.attempt !== null
    ? [attemptEnded({ id: item.attempt, item: item.id }, outcome, error)]
    : []
}

function standing(
  item: ItemRow,
  state: ItemRow['state'],
): Map<string, Pick<ItemRow, 'state' | 'waiting' | 'unmet'>> {
  return new Map([[item.id, { state, waiting: null, unmet: item.unmet }]])
}

function alreadyDone({ id, state }: ItemRow): ErrorData {
  return errorData(
    'already_done',
    `The item "${id}" is ${state}; that is final. Post a new item for further work.`,
    { item: id, state },
  )
}
