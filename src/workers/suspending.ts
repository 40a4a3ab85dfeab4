/**
 * Attempts that wait longer than they keep their process: suspended, and taken up where they stopped.
 *
 * A suspended attempt needs no row of its own: what lay in its worktree is on its saved ref, its session is that of the last
 * turn that it asked for, and what it waits for is the item's.
 */
import { decideCancel } from '../agents/mailbox.ts'
import { sessionOfTurn } from '../agents/recovery.ts'
import type { AttemptRow, ItemRow, WaitingFor } from '../board/item.ts'
import type { Decided } from '../board/posting.ts'
import { decideReturn } from '../board/settling.ts'
import type { Reader } from '../store.ts'
import { commit, unpackText, type SuspendedTurn, type TeamContext } from '../team/context.ts'
import { attemptsAt, messagesOf, unknownItem } from './rows.ts'

/** Why what it had said to its agent is withdrawn. */
const WITHDRAWN = 'Its attempt waits, and says it again when it goes on.'

/** Suspends the attempt of a host that runs an item; undefined for one of somebody outside, who may wait as long as it takes. */
export async function loadSuspension(
  reader: Reader,
  item: ItemRow,
): Promise<((waiting: WaitingFor) => Decided) | undefined> {
  const attempt = item.attempt === null ? undefined : await reader.get('attempt', item.attempt)
  if (attempt === undefined || attempt.host === null) return undefined
  const messages = await messagesOf(reader, attempt.id)
  return (waiting) => {
    const parked = decideReturn(item, attempt.id, { outcome: 'parked', waiting })
    if ('refused' in parked) return parked
    return { events: [...decideCancel(messages, WITHDRAWN), ...parked.events] }
  }
}

/**
 * Suspends an attempt of this host.
 * @throws AtelierError `stale_claim` or `invalid_transition` where the item is not its own any more
 */
export async function suspendAttempt(
  team: TeamContext,
  { item: id, attempt, owner }: { readonly item: string; readonly attempt: string; readonly owner: string },
  waiting: WaitingFor,
): Promise<void> {
  await commit(team.store, {
    name: 'item.suspend',
    keys: ['board', `agent:${owner}`],
    by: team.by,
    async load(reader) {
      const item = await reader.get('item', id)
      return { item, messages: await messagesOf(reader, attempt) }
    },
    decide({ item, messages }): Decided {
      if (item === undefined) return { refused: unknownItem(id, []) }
      const parked = decideReturn(item, attempt, { outcome: 'parked', waiting })
      if ('refused' in parked) return parked
      return { events: [...decideCancel(messages, WITHDRAWN), ...parked.events] }
    },
  })
}

/** What a new attempt takes up. */
export interface Suspended {
  /** Attempts that may have left files, newest first: the first of them that did counts. */
  readonly attempts: readonly string[]
  /** The turn whose conversation goes on; undefined where none had begun. */
  readonly turn: SuspendedTurn | undefined
}

/**
 * What the attempts before this one left that were suspended, and those after them that ended without a result; undefined
 * where there is none, or where one came to an end.
 */
export async function suspendedBefore(
  reader: Reader,
  item: ItemRow,
  attempt: string,
): Promise<Suspended | undefined> {
  if (item.attempt === null) return undefined
  const earlier = (await attemptsAt(reader, item.id)).filter(({ id }) => id !== attempt).toReversed()
  const end = earlier.findIndex(({ state }) => !GOES_ON.has(state))
  const chain = end === -1 ? earlier : earlier.slice(0, end)
  if (!chain.some(({ state }) => state === 'parked')) return undefined
  const attempts: string[] = []
  let turn: SuspendedTurn | undefined
  for (const { id, state } of chain) {
    const [last] = (await messagesOf(reader, id)).toSorted((a, b) => b.position - a.position)
    // It only waited for its merge: its work is in its change, and the next attempt begins anew.
    if (last?.answer != null) break
    const ran = last?.turn == null ? undefined : await reader.get('turn', last.turn)
    // A host that died before it had made the whole place left a part of it.
    if (state === 'parked' || ran !== undefined) attempts.push(id)
    if (turn === undefined && last !== undefined && ran !== undefined && sessionOfTurn(ran) !== null)
      turn = { turn: ran, prompt: await unpackText(reader, last.prompt) }
  }
  return attempts.length === 0 ? undefined : { attempts, turn }
}

/** Ends after which the work of an attempt goes on. */
const GOES_ON: ReadonlySet<AttemptRow['state']> = new Set<AttemptRow['state']>(['parked', 'lost', 'released'])
