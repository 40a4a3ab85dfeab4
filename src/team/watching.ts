/** Following the log, in this process or beside the one that writes it. */
import type { AtelierEvent, EventType } from '../events.ts'
import type { StoreView } from '../store.ts'

export interface WatchFilter {
  /** Begin after this event; default: now. */
  readonly after?: number
  readonly types?: readonly EventType[]
  readonly agent?: string
  readonly signal?: AbortSignal
}

const PAGE = 200

/**
 * Events as they are committed. It reads the log at its own speed, so that a slow reader holds up nobody.
 */
export function watchEvents(store: StoreView, filter: WatchFilter = {}): AsyncIterableIterator<AtelierEvent> {
  // Asked now, not when the first event is awaited: what happens in between is part of the watch.
  const start = filter.after === undefined ? store.lastSeq() : Promise.resolve(filter.after)
  start.catch(() => {})
  return follow(store, start, filter)
}

async function* follow(
  store: StoreView,
  start: Promise<number>,
  filter: WatchFilter,
): AsyncIterableIterator<AtelierEvent> {
  const { signal } = filter
  let wake = Promise.withResolvers<void>()
  const stopListening = store.onCommit(() => wake.resolve(), { urgent: true })
  const abort = (): void => wake.resolve()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    let cursor = await start
    while (!isAborted(signal)) {
      wake = Promise.withResolvers<void>()
      const page = await store.events({ after: cursor, limit: PAGE })
      for (const event of page) {
        cursor = event.seq
        if (!isAborted(signal) && matches(event, filter)) yield event
      }
      if (page.length < PAGE) await wake.promise
    }
  } finally {
    stopListening()
    signal?.removeEventListener('abort', abort)
  }
}

function matches(event: AtelierEvent, { types, agent }: WatchFilter): boolean {
  if (types !== undefined && !types.includes(event.type)) return false
  return agent === undefined || ('agent' in event.data && event.data.agent === agent)
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
