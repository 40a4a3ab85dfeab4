/** A change is a line of work that several items may extend; its head moves only when an attempt settles. */
import { errorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { Decided } from './posting.ts'

/** One line of work. */
export interface ChangeRow {
  readonly id: string
  /** The branch that it is for, as a full ref name. */
  readonly target: string
  /** The commit on which the next attempt goes on. */
  readonly head: string
  /** The hash of the head's content: what a verdict about the change is bound to. */
  readonly tree: string
  /** The commit that the attempt which made the head started from. */
  readonly base: string | null
  /** `merged` while the target holds all of it; `closed`: nobody wants it there, and nothing begins with it. The next attempt opens it again. */
  readonly state: 'open' | 'merged' | 'closed'
  /** The commit of the target that brought it there last. */
  readonly merged: string | null
  /** How often it came to its target. */
  readonly merges: number
  /** The item and the attempt that moved the head. */
  readonly item: string
  readonly attempt: string
}

/** An attempt that settles, and what it leaves. */
export interface Advance {
  readonly change: string
  readonly item: string
  readonly attempt: string
  /** The head when the attempt started; null where there was none. */
  readonly from: string | null
  readonly head: string
  readonly tree: string
  readonly base: string | null
  readonly target: string
}

/** The end of a change, as far as somebody has looked at its head. */
export interface Closing {
  readonly change: string
  readonly head: string
  /** The commit of the target that holds it; null where it is not wanted there. */
  readonly commit: string | null
}

/** Closes a change; nothing where it is not open, or has gone on meanwhile. */
export function decideClose(row: ChangeRow | undefined, closing: Closing): NewEvent[] {
  if (row?.state !== 'open' || row.head !== closing.head) return []
  return [{ type: 'change.closed', data: closing }]
}

/**
 * Moves the head of a change; `conflict` where another attempt has moved it since this one started. An attempt that
 * says the same twice changes nothing.
 */
export function decideAdvance(row: ChangeRow | undefined, advance: Advance): Decided {
  const { change, attempt, head, from } = advance
  if (row?.attempt === attempt && row.head === head) return { events: [] }
  const at = row?.head ?? null
  if (at === from) return { events: [{ type: 'change.advanced', data: advance }] }
  return {
    refused: errorData(
      'conflict',
      `The change "${change}" has moved since the attempt ${attempt} started` +
        `${row === undefined ? '' : `: ${row.item} has extended it`}. ` +
        'Its work is on its branch; try the item again, and it starts from the new head.',
      { change, attempt, from, at },
    ),
  }
}
