/** What becomes of the attempts of a host that is gone. */
import { decideCancel } from '../agents/mailbox.ts'
import type { NewEvent } from '../events.ts'
import type { Reader } from '../store.ts'
import type { AttemptRow } from '../board/item.ts'
import { decideReturn } from '../board/settling.ts'
import type { Holding } from '../team/context.ts'
import { openMessages } from '../team/posting.ts'

/**
 * A dead host's items are ready again in the same commit, and what they had said to their agents is withdrawn: the next
 * attempt says it anew, in a workspace of its own.
 */
export const attemptsHeld: Holding = {
  async load(reader, host) {
    const attempts = await reader.list('attempt', { where: { state: 'running', host } })
    const returns: ((outcome: 'lost' | 'released') => readonly NewEvent[])[] = []
    for (const attempt of attempts) returns.push(await loadReturn(reader, attempt))
    return (reason) => returns.flatMap((events) => events(reason === 'host_stopped' ? 'released' : 'lost'))
  },
}

async function loadReturn(
  reader: Reader,
  attempt: AttemptRow,
): Promise<(outcome: 'lost' | 'released') => readonly NewEvent[]> {
  const item = await reader.get('item', attempt.item)
  const messages = (await openMessages(reader, attempt.owner)).filter(
    ({ itemAttempt }) => itemAttempt === attempt.id,
  )
  return (outcome) => {
    const withdrawn = decideCancel(messages, 'The host of its attempt is gone; the item is tried again.')
    const returned = item === undefined ? { events: [] } : decideReturn(item, attempt.id, { outcome })
    return [...withdrawn, ...('events' in returned ? returned.events : [])]
  }
}
