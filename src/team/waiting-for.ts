/** Waits for something that any process may bring about: it is looked at now, and again with whatever may have changed it. */
import type { AtelierEvent } from '../events.ts'
import type { Clock } from '../time/clock.ts'
import type { TeamContext } from './context.ts'
import { restMs } from './due-timer.ts'
import type { WaitLimit } from './waiting.ts'

/** What is waited for. */
export interface Awaited<Found> {
  /**
   * It, or when to look again without any news, ms since the epoch; null: only with news.
   * @param isLast the wait is over, and what is missing will be said
   */
  look(isLast: boolean): Promise<{ readonly found: Found } | { readonly again: number | null }>
  /** What is thrown where the wait is over before. */
  error(why: 'timeout' | 'cancelled'): Error
}

/** Where the news come from after which it is looked at again. */
export interface News {
  readonly clock: Clock
  /** Calls after each; gives what ends that. */
  readonly listen: (wake: () => void) => () => void
}

/** The events of a team after which something may be there. */
export function newsOf(
  { feed, clock }: Pick<TeamContext, 'feed' | 'clock'>,
  isNews: (event: AtelierEvent) => boolean,
): News {
  return {
    clock,
    listen: (wake) =>
      feed.subscribe((event) => {
        if (isNews(event)) wake()
      }, true),
  }
}

/** Resolves with what is waited for; a time limit of 0 looks once. */
export async function waitFor<Found>(
  { listen, clock }: News,
  awaited: Awaited<Found>,
  { timeoutMs, signal }: WaitLimit,
): Promise<Found> {
  let wake = Promise.withResolvers<void>()
  let over: 'timeout' | 'cancelled' | undefined = timeoutMs === 0 ? 'timeout' : undefined
  const end = (why: 'timeout' | 'cancelled') => (): void => {
    over = why
    wake.resolve()
  }
  const stopListening = listen(() => wake.resolve())
  const cancelTimeout = timeoutMs === undefined ? () => {} : clock.after(timeoutMs, end('timeout'))
  const aborted = end('cancelled')
  signal?.addEventListener('abort', aborted, { once: true })
  if (signal?.aborted === true) aborted()
  try {
    for (;;) {
      // Made before looking: what is committed meanwhile is looked at again.
      wake = Promise.withResolvers<void>()
      const last = over
      const looked = await awaited.look(last !== undefined)
      if ('found' in looked) return looked.found
      if (last !== undefined) throw awaited.error(last)
      const { again } = looked
      const cancelLook =
        again === null ? () => {} : clock.after(restMs(again, clock.now()), () => wake.resolve())
      await wake.promise.finally(cancelLook)
    }
  } finally {
    stopListening()
    cancelTimeout()
    signal?.removeEventListener('abort', aborted)
  }
}
