/** What becomes of the attempts of a host that is gone. */
import { decideCancel } from '../agents/mailbox.ts'
import type { NewEvent } from '../events.ts'
import type { Reader } from '../store.ts'
import { INTERRUPTED, type AttemptRow, type WaitingFor } from '../board/item.ts'
import { decideReturn } from '../board/settling.ts'
import { loseVerifying } from '../board/submitting.ts'
import { mergeOfAttempt } from '../integration/requests.ts'
import type { StoredText } from '../json.ts'
import type { Holding } from '../team/context.ts'
import { messagesOf } from './rows.ts'

/**
 * A dead host's items are ready again in the same commit, and what they had said to their agents is withdrawn: the next
 * attempt says it anew, in a workspace of its own. An item of which only the merge is missing waits for that.
 */
export const attemptsHeld: Holding = {
  async load(reader, host) {
    const attempts = await reader.list('attempt', { where: { state: 'running', host } })
    const verifying = (await reader.list('attempt', { where: { state: 'running' } })).filter(
      ({ verifier }) => verifier === host,
    )
    const returns: ((outcome: 'lost' | 'released') => readonly NewEvent[])[] = []
    for (const attempt of attempts) returns.push(await loadReturn(reader, attempt))
    return (reason) => [
      ...returns.flatMap((events) => events(reason === 'host_stopped' ? 'released' : 'lost')),
      ...loseVerifying(verifying),
    ]
  },
}

async function loadReturn(
  reader: Reader,
  attempt: AttemptRow,
): Promise<(outcome: 'lost' | 'released') => readonly NewEvent[]> {
  const item = await reader.get('item', attempt.item)
  const merging = await loadMerging(reader, attempt)
  const messages = await messagesOf(reader, attempt.id)
  return (outcome) => {
    const withdrawn = decideCancel(messages, 'The host of its attempt is gone; the item is tried again.')
    const returned =
      item === undefined ? { events: [] } : decideReturn(item, attempt.id, { outcome, ...merging })
    return [...withdrawn, ...('events' in returned ? returned.events : [])]
  }
}

/**
 * What an item waits for whose attempt had asked for its merge: that may have come to the target already, and another
 * attempt would do the same work once more.
 */
async function loadMerging(
  reader: Reader,
  { id }: AttemptRow,
): Promise<{ readonly waiting: WaitingFor; readonly result: StoredText | null } | undefined> {
  const merge = await mergeOfAttempt(reader, id)
  if (merge === undefined || merge.state === 'rejected') return undefined
  const messages = await messagesOf(reader, id)
  const [answered] = messages
    .filter(({ answer }) => answer !== null)
    .toSorted((a, b) => b.position - a.position)
  const reason = merge.state === 'held' && merge.reason !== null ? merge.reason : INTERRUPTED
  return { waiting: { for: 'merge', reason }, result: answered?.answer ?? null }
}
