/** An account's quota as a state: who waits for it, and until when. */
import type { EventOf, NewEvent } from '../events.ts'
import type { AccountRow, RowChange } from '../tables.ts'
import type { TurnFailure } from './failures.ts'

/** When to try again where the provider does not say: long enough to waste few starts, short enough to notice. */
export const UNKNOWN_RESET_MS = 900_000

/** True if a failure says that the account's quota is used up: its message waits instead of failing. */
export function isQuotaFailure(failure: TurnFailure | null): failure is TurnFailure {
  if (failure === null) return false
  // A rate limit without a time passes within seconds; the backend has retried it already.
  return failure.kind === 'usage_limit' || (failure.kind === 'rate_limit' && failure.resetsAt !== undefined)
}

/** Stops every start on the account until its quota is reset. */
export function limitAccount(account: string, turn: string, failure: TurnFailure, now: number): NewEvent {
  const until = Math.max(failure.resetsAt ?? now + UNKNOWN_RESET_MS, now + 1)
  return { type: 'account.limited', data: { account, until, reason: failure.message, turn } }
}

/** When a limited account may be used again; null if it may be used now. */
export function limitedUntil(account: AccountRow | undefined, now: number): number | null {
  return account !== undefined && account.limitedUntil > now ? account.limitedUntil : null
}

export function applyAccountLimited({ data, at }: EventOf<'account.limited'>): RowChange[] {
  const { account, until, reason } = data
  return [{ table: 'account', key: account, row: { account, limitedUntil: until, reason, since: at } }]
}
