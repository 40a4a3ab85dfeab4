/** Waiting for the answer to a request. */
import type { RequestRow } from '../inbox/request.ts'
import { AtelierError, toError } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import type { StoreView } from '../store.ts'
import { formatDuration } from '../time/duration.ts'
import { expireDue, type InboxContext } from './inbox.ts'
import { lookUpRequest } from './inbox-rows.ts'
import { restMs } from './due-timer.ts'
import type { WaitLimit } from './waiting.ts'

/**
 * Resolves when a request is settled, however that came about. Whoever waits takes the default at the deadline itself, as
 * no host may be running.
 * @param given the id, or the beginning of it
 * @throws AtelierError `not_found`; `timeout` or `cancelled` where the wait was ended: the request stays open
 */
export async function answered(
  inbox: InboxContext,
  given: string,
  { timeoutMs, signal }: WaitLimit = {},
): Promise<RequestRow> {
  const { store, clock, feed } = inbox.team
  const { id } = await rowOf(store, given)
  let wake = Promise.withResolvers<void>()
  let over: 'timeout' | 'cancelled' | undefined = timeoutMs === 0 ? 'timeout' : undefined
  const end = (why: 'timeout' | 'cancelled') => (): void => {
    over = why
    wake.resolve()
  }
  const unsubscribe = feed.subscribe((event) => {
    if (isSettling(event, id)) wake.resolve()
  }, true)
  const cancelTimeout = timeoutMs === undefined ? () => {} : clock.after(timeoutMs, end('timeout'))
  const aborted = end('cancelled')
  signal?.addEventListener('abort', aborted, { once: true })
  if (signal?.aborted === true) aborted()
  try {
    for (;;) {
      // Made before looking: what is committed meanwhile is looked at again.
      wake = Promise.withResolvers<void>()
      const row = await currentRow(inbox, id)
      if (row.state !== 'open') return row
      if (over !== undefined) throw waitError(over, row, timeoutMs)
      const { deadline } = row
      const cancelDeadline =
        deadline === null ? () => {} : clock.after(restMs(deadline, clock.now()), () => wake.resolve())
      await wake.promise.finally(cancelDeadline)
    }
  } finally {
    unsubscribe()
    cancelTimeout()
    signal?.removeEventListener('abort', aborted)
  }
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
