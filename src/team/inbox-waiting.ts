/** Waiting for the answer to a request. */
import type { RequestRow } from '../inbox/request.ts'
import { AtelierError, toError } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import type { StoreView } from '../store.ts'
import { formatDuration } from '../time/duration.ts'
import { expireDue, type InboxContext } from './inbox.ts'
import { lookUpRequest } from './inbox-rows.ts'
import type { WaitLimit } from './waiting.ts'
import { newsOf, waitFor } from './waiting-for.ts'

/**
 * Resolves when a request is settled, however that came about. Whoever waits takes the default at the deadline itself, as
 * no host may be running.
 * @param given the id, or the beginning of it
 * @throws AtelierError `not_found`; `timeout` or `cancelled` where the wait was ended: the request stays open
 */
export async function answered(
  inbox: InboxContext,
  given: string,
  limit: WaitLimit = {},
): Promise<RequestRow> {
  let row = await rowOf(inbox.team.store, given)
  const { id } = row
  return waitFor(
    newsOf(inbox.team, (event) => isSettling(event, id)),
    {
      async look() {
        row = await currentRow(inbox, id)
        return row.state === 'open' ? { again: row.deadline } : { found: row }
      },
      error: (why) => waitError(why, row, limit.timeoutMs),
    },
    limit,
  )
}

/** The request as it is once its default is taken, if that is due. */
async function currentRow(inbox: InboxContext, id: string): Promise<RequestRow> {
  const { store, clock } = inbox.team
  const row = await rowOf(store, id)
  if (row.state !== 'open' || row.deadline === null || row.deadline > clock.now()) return row
  await expireDue(inbox)
  return rowOf(store, id)
}

async function rowOf(store: StoreView, request: string): Promise<RequestRow> {
  const found = await store.read((reader) => lookUpRequest(reader, request))
  if ('refused' in found) throw toError(found.refused)
  return found.row
}

function isSettling({ type, data }: AtelierEvent, id: string): boolean {
  switch (type) {
    case 'inbox.answered':
    case 'inbox.expired':
    case 'inbox.withdrawn':
      return data.request === id
    default:
      return false
  }
}

function waitError(
  why: 'timeout' | 'cancelled',
  { id, kind }: RequestRow,
  timeoutMs: number | undefined,
): AtelierError {
  const what = `the ${kind} ${id} is not answered yet`
  if (why === 'cancelled') return toError({ code: 'cancelled', message: `The wait was ended; ${what}.` })
  const after = timeoutMs === undefined || timeoutMs === 0 ? '' : ` after ${formatDuration(timeoutMs)}`
  return new AtelierError(
    'timeout',
    `The wait ended${after}; ${what}. It stays in the inbox; wait again for it.`,
    {
      details: { request: id },
    },
  )
}
