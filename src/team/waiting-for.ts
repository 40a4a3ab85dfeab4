/** Waits for something that any process may bring about: it is looked at now, and again with whatever may have changed it. */
import type { AtelierEvent } from '../events.ts'
import type { TeamContext } from './context.ts'
import { restMs } from './due-timer.ts'
import type { WaitLimit } from './waiting.ts'

/** What is waited for. */
export interface Awaited<Found> {
  /** True for an event after which it may be there. */
  isNews(event: AtelierEvent): boolean
  /** It, or when to look again without any news, ms since the epoch; null: only with news. */
  look(): Promise<{ readonly found: Found } | { readonly again: number | null }>
  /** What is thrown where the wait is over before. */
  error(why: 'timeout' | 'cancelled'): Error
}

/** Resolves with what is waited for; a time limit of 0 looks once. */
export async function waitFor<Found>(
  { feed, clock }: TeamContext,
  awaited: Awaited<Found>,
  { timeoutMs, signal }: WaitLimit,
): Promise<Found> {
  let wake = Promise.withResolvers<void>()
  let over: 'timeout' | 'cancelled' | undefined = timeoutMs === 0 ? 'timeout' : undefined
  const end = (why: 'timeout' | 'cancelled') => (): void => {
    over = why
    wake.resolve()
  }
  const unsubscribe = feed.subscribe((event) => {
    if (awaited.isNews(event)) wake.resolve()
  }, true)
  const cancelTimeout = timeoutMs === undefined ? () => {} : clock.after(timeoutMs, end('timeout'))
  const aborted = end('cancelled')
  signal?.addEventListener('abort', aborted, { once: true })
  if (signal?.aborted === true) aborted()
  try {
    for (;;) {
      // Made before looking: what is committed meanwhile is looked at again.
      wake = Promise.withResolvers<void>()
      const looked = await awaited.look()
      if ('found' in looked) return looked.found
      if (over !== undefined) throw awaited.error(over)
      const { again } = looked
      const cancelLook =
        again === null ? () => {} : clock.after(restMs(again, clock.now()), () => wake.resolve())
      await wake.promise.finally(cancelLook)
    }
  } finally {
    unsubscribe()
    cancelTimeout()
    signal?.removeEventListener('abort', aborted)
  }
}
