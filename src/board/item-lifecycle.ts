/**
 * The lifecycle of an item. A test derives this table from {@link nextItemState}:
 *
 * | from      | readied | unblocked | blocked | deferred | claimed | phased  | done | failed | cancelled | skipped |
 * |-----------|---------|-----------|---------|----------|---------|---------|------|--------|-----------|---------|
 * | waiting   | ready   | waiting   | waiting | waiting  | -       | -       | done | failed | cancelled | skipped |
 * | ready     | -       | -         | waiting | waiting  | running | -       | -    | failed | cancelled | skipped |
 * | running   | ready   | -         | -       | waiting  | -       | running | done | failed | cancelled | -       |
 * | done      | -       | -         | -       | -        | -       | -       | -    | -      | -         | -       |
 * | failed    | ready   | waiting   | waiting | -        | -       | -       | -    | -      | cancelled | skipped |
 * | cancelled | ready   | waiting   | waiting | -        | -       | -       | -    | -      | -         | skipped |
 * | skipped   | -       | -         | -       | -        | -       | -       | -    | -      | -         | -       |
 *
 * A failed or cancelled item leaves its state by a retry by hand, or because it is skipped. `phased` is every step of a
 * running attempt: started, its phase changed, progress. A waiting item is done when the merge that it waits for is made.
 */
import type { ItemState } from './item.ts'

export type ItemStep =
  | 'readied'
  | 'unblocked'
  | 'blocked'
  | 'deferred'
  | 'claimed'
  | 'phased'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'skipped'

const RETRIED = { readied: 'ready', unblocked: 'waiting', blocked: 'waiting', skipped: 'skipped' } as const

const STEPS: Readonly<Record<ItemState, Partial<Record<ItemStep, ItemState>>>> = {
  waiting: {
    readied: 'ready',
    unblocked: 'waiting',
    blocked: 'waiting',
    deferred: 'waiting',
    done: 'done',
    failed: 'failed',
    cancelled: 'cancelled',
    skipped: 'skipped',
  },
  ready: {
    blocked: 'waiting',
    deferred: 'waiting',
    claimed: 'running',
    failed: 'failed',
    cancelled: 'cancelled',
    skipped: 'skipped',
  },
  running: {
    readied: 'ready',
    deferred: 'waiting',
    phased: 'running',
    done: 'done',
    failed: 'failed',
    cancelled: 'cancelled',
  },
  done: {},
  failed: { ...RETRIED, cancelled: 'cancelled' },
  cancelled: RETRIED,
  skipped: {},
}

/** The state after a step; undefined where the step is not allowed. */
export function nextItemState(state: ItemState, step: ItemStep): ItemState | undefined {
  return STEPS[state][step]
}

/** True for the states in which what depends on the item may go on. */
export function satisfies(state: ItemState): boolean {
  return state === 'done' || state === 'skipped'
}

/** True for the states that block what depends on the item. */
export function blocks(state: ItemState): boolean {
  return state === 'failed' || state === 'cancelled'
}

/** True once nothing will happen to the item by itself. */
export function isSettled(state: ItemState): boolean {
  return satisfies(state) || blocks(state)
}
