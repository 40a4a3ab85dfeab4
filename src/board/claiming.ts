/** Decides about claims and about what a running attempt reports. */
import { errorData, type ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { AttemptOutcome, AttemptRow, ItemPhase, ItemRow } from './item.ts'
import { nextItemState } from './item-lifecycle.ts'
import type { Decided } from './posting.ts'

export interface Claim {
  readonly attempt: string
  readonly owner: string
  /** Null for an external claim. */
  readonly host: string | null
  /** See `AttemptRow.slot`. */
  readonly slot: number | null
  /** See `AttemptRow.tree`. */
  readonly tree: string | null
}

/** The smallest number that no running attempt has. */
export function freeSlot(running: readonly AttemptRow['slot'][]): number {
  const taken = new Set(running)
  for (let slot = 0; ; slot++) if (!taken.has(slot)) return slot
}

/** Gives a ready item to one owner; `invalid_transition` where it is not ready. */
export function decideClaim(item: ItemRow, { attempt, owner, host, slot, tree }: Claim): Decided {
  if (nextItemState(item.state, 'claimed') === undefined) return { refused: invalid(item, 'claimed') }
  return {
    events: [
      {
        type: 'item.claimed',
        data: { item: item.id, attempt, number: item.attempts + 1, owner, host, slot, tree },
      },
    ],
  }
}

/** Says that work has begun. Only from `claimed`. */
export function decideStart(item: ItemRow, attempt: string): Decided {
  const refused = notRunning(item, attempt, 'in_progress')
  if (refused !== undefined) return { refused }
  if (item.phase !== 'claimed') return { refused: invalid(item, 'in_progress') }
  return { events: [{ type: 'item.started', data: { item: item.id, attempt } }] }
}

/** Lets an attempt ask its agent: with its first question work begins, a further one is part of it. */
export function decidePrompt(item: ItemRow, attempt: string): Decided {
  const refused = notRunning(item, attempt, 'in_progress')
  if (refused !== undefined) return { refused }
  return item.phase === 'claimed' ? decideStart(item, attempt) : { events: [] }
}

/** Says what the attempt is at; the same again is nothing new. There is no way back to `claimed`. */
export function decidePhase(item: ItemRow, attempt: string, phase: ItemPhase): Decided {
  const refused = notRunning(item, attempt, phase)
  if (refused !== undefined) return { refused }
  if (phase === 'claimed' && item.phase !== phase) return { refused: invalid(item, phase) }
  if (item.phase === phase) return { events: [] }
  return { events: [{ type: 'item.phase_changed', data: { item: item.id, attempt, phase } }] }
}

/** Notes progress; the same again is nothing new. */
export function decideProgress(item: ItemRow, attempt: string, percent: number, step: string): Decided {
  const refused = notRunning(item, attempt, 'in_progress')
  if (refused !== undefined) return { refused }
  const bounded = Math.min(100, Math.max(0, Math.round(percent)))
  if (item.progress?.percent === bounded && item.progress.step === step) return { events: [] }
  return { events: [{ type: 'item.progressed', data: { item: item.id, attempt, percent: bounded, step } }] }
}

/** Notes what the attempt changed of what its verify commands run. */
export function decideFlags(item: ItemRow, attempt: string, flags: readonly string[]): Decided {
  const refused = notRunning(item, attempt, 'in_progress')
  if (refused !== undefined) return { refused }
  if (flags.length === 0 && item.flags.length === 0) return { events: [] }
  return { events: [{ type: 'item.flagged', data: { item: item.id, attempt, flags } }] }
}

/** The attempt's right to change its item; a later attempt, or a settled item, makes it stale. */
export function notRunning(item: ItemRow, attempt: string, to: string): ErrorData | undefined {
  if (item.state !== 'running') return item.attempt === attempt ? stale(item, attempt) : invalid(item, to)
  return item.attempt === attempt ? undefined : stale(item, attempt)
}

/** The refusal of a step that the lifecycle does not have. */
export function invalid({ id, state, phase }: ItemRow, to: string): ErrorData {
  const from = phase ?? state
  return errorData(
    'invalid_transition',
    `The item "${id}" is ${from}, so it cannot become ${to}. Look at it with: work show ${id}`,
    { item: id, from, to },
  )
}

function stale({ id, state, owner }: ItemRow, attempt: string): ErrorData {
  const now = state === 'running' ? `${owner} runs it in another attempt` : `it is ${state}`
  return errorData(
    'stale_claim',
    `The attempt ${attempt} at "${id}" is over: ${now}. What it reports is not accepted.`,
    { item: id, attempt },
  )
}

/** Ends an attempt in the log; what becomes of its item follows it. */
export function attemptEnded(
  attempt: Pick<AttemptRow, 'id' | 'item'>,
  outcome: AttemptOutcome,
  error: ErrorData | null = null,
): NewEvent {
  return { type: 'attempt.ended', data: { attempt: attempt.id, item: attempt.item, outcome, error } }
}
