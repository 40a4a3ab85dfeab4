/**
 * Work that does not come to its target: it conflicts, or is red there. It goes back to its owner for some rounds, which are
 * counted apart from the tries of the item; then somebody is asked whether it is to go on.
 */
import type { ErrorData } from '../errors.ts'
import { attemptEnded, invalid } from './claiming.ts'
import type { ItemRow, WaitingFor } from './item.ts'
import type { Decided } from './posting.ts'

/** The answers that somebody gives when the rounds are used up. */
export const TRY_AGAIN = 'try again'
export const GIVE_UP = 'give up'
export const REWORK_ANSWERS: readonly ReworkAnswer[] = [TRY_AGAIN, GIVE_UP]

export type ReworkAnswer = typeof TRY_AGAIN | typeof GIVE_UP

/** How often the owner reworks by itself, and how long somebody may take to say how it goes on then. */
export interface ReworkPolicy {
  readonly rounds: number
  /** Null: for as long as it takes. */
  readonly withinMs: number | null
  /** What is taken at the deadline; null fails the item. */
  readonly default: ReworkAnswer | null
}

export const DEFAULT_REWORK: ReworkPolicy = { rounds: 3, withinMs: null, default: null }

/** True where the work itself is to be changed, so that its owner can do something about it. */
export function isReworked({ code }: ErrorData): boolean {
  return code === 'merge_conflict' || code === 'verification_failed'
}

/** True where the owner has had all its rounds. */
export function isExhausted({ mergeRounds }: ItemRow, { rounds }: ReworkPolicy): boolean {
  return mergeRounds >= rounds
}

/** A merge that came back, and what the item waits for then; null where its owner goes on at once. */
export interface MergeBack {
  readonly attempt: string
  readonly error: ErrorData
  readonly waiting: WaitingFor | null
}

/**
 * Gives an item back whose merge was refused: that of a running attempt, or the one that the item waits for because it was
 * held or the host of the attempt is gone.
 */
export function decideMergeBack(item: ItemRow, { attempt, error, waiting }: MergeBack): Decided {
  const isRunning = item.state === 'running'
  const isWaiting = item.state === 'waiting' && item.waiting?.for === 'merge'
  if (!(isRunning || isWaiting) || item.attempt !== attempt) return { refused: invalid(item, 'ready') }
  return {
    events: [
      ...(isRunning ? [attemptEnded({ id: attempt, item: item.id }, 'returned', error)] : []),
      { type: 'item.merge_returned', data: { item: item.id, attempt, error } },
      waiting === null
        ? { type: 'item.readied', data: { item: item.id } }
        : { type: 'item.deferred', data: { item: item.id, waiting, result: null } },
    ],
  }
}
