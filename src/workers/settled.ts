/** Waiting until nothing happens on the board by itself any more. */
import { AtelierError, toError } from '../errors.ts'
import { mergeOfAttempt } from '../integration/requests.ts'
import type { Reader } from '../store.ts'
import type { WaitLimit } from '../team/waiting.ts'
import { waitFor } from '../team/waiting-for.ts'
import { formatDuration } from '../time/duration.ts'
import type { SettledBoard } from './view-types.ts'
import { readBoard, type BoardSource } from './views.ts'

/** Items named in the error about a wait that ended too early. */
const NAMED = 5

/**
 * Resolves when no item is ready, runs or is being merged, and none waits for a time: what is left then waits for somebody.
 * @throws AtelierError `timeout` or `cancelled`; the work goes on
 */
export async function boardSettled(
  { store, clock }: BoardSource,
  limit: WaitLimit = {},
): Promise<SettledBoard> {
  let active: readonly string[] = []
  return waitFor(
    { clock, listen: (wake) => store.onCommit(wake, { urgent: true }) },
    {
      async look(isLast) {
        const look = await store.read((reader) => lookAt(reader, clock.now(), isLast ? Infinity : 1))
        if ('settled' in look) return { found: look.settled }
        active = look.active
        return { again: null }
      },
      error: (why) => waitError(why, active, limit.timeoutMs),
    },
    limit,
  )
}

/**
 * Items that go on by themselves: running, ready, or waiting for a time. This is asked after each commit, so that no more is
 * looked at than is wanted; while a board is busy that is one entry of an index.
 */
async function activeItems(reader: Reader, wanted: number): Promise<readonly string[]> {
  const limit = Math.min(wanted, NAMED + 1)
  const active = [
    ...(await reader.values('attempt', 'item', {
      where: { state: 'running' },
      ...(wanted === Infinity ? {} : { limit }),
    })),
  ]
  if (active.length < wanted)
    active.push(...(await reader.values('item', 'id', { where: { state: 'ready' }, orderBy: 'rank', limit })))
  if (active.length < wanted) active.push(...(await reader.values('wake', 'item', { limit })))
  return active
}

/** What is under way, or how the board has come to rest: both from one state of the store. */
async function lookAt(
  reader: Reader,
  now: number,
  wanted: number,
): Promise<{ readonly active: readonly string[] } | { readonly settled: SettledBoard }> {
  const active = await activeItems(reader, wanted)
  if (active.length > 0) return { active }
  const { items, summary, costUsd } = await readBoard(reader, now)
  const merging = await mergingItems(
    reader,
    items.filter(({ waiting }) => waiting?.for === 'merge').map(({ id }) => id),
  )
  if (merging.length > 0) return { active: merging }
  const failed = items.filter(({ status }) => status === 'failed').map(({ id, error }) => ({ id, error }))
  const waiting = items
    .filter(({ state }) => state === 'waiting')
    .map(({ id, status, why }) => ({ id, status, why: why ?? '' }))
  return { settled: { summary, failed, waiting, costUsd } }
}

/** Those that wait for a merge which goes on by itself, or which is over and not noted on the item yet. */
async function mergingItems(reader: Reader, ids: readonly string[]): Promise<readonly string[]> {
  const merging: string[] = []
  for (const id of ids) {
    const attempt = (await reader.get('item', id))?.attempt ?? null
    const merge = attempt === null ? undefined : await mergeOfAttempt(reader, attempt)
    if (merge !== undefined && merge.state !== 'held') merging.push(id)
  }
  return merging
}

function waitError(
  why: 'timeout' | 'cancelled',
  active: readonly string[],
  timeoutMs: number | undefined,
): AtelierError {
  const named = active.slice(0, NAMED).join(', ')
  const what = active.length > NAMED ? `${named} and more are not done` : `not done yet: ${named}`
  if (why === 'cancelled') return toError({ code: 'cancelled', message: `The wait was ended; ${what}.` })
  const after = timeoutMs === undefined || timeoutMs === 0 ? '' : ` after ${formatDuration(timeoutMs)}`
  return new AtelierError('timeout', `The wait ended${after}; ${what}. Look at them with: board`, {
    details: { active },
  })
}
