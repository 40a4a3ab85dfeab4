/** `complete` by somebody outside of every host: the work is handed over, and waited for if that is wanted. */
import type { AttemptRow, Submission } from '../board/item.ts'
import { decideSubmit } from '../board/submitting.ts'
import { AtelierError, toError } from '../errors.ts'
import { commitOf } from '../git/refs.ts'
import { isRepository } from '../git/repository.ts'
import { packText } from '../ids.ts'
import type { TeamContext } from '../team/context.ts'
import type { WaitLimit } from '../team/waiting.ts'
import { formatDuration } from '../time/duration.ts'
import { completeOutside, onClaimed } from './external.ts'

/** What is said to be finished, and by whom. */
export interface Finished {
  readonly result: string | null
  readonly agent?: string | undefined
  /** The branch or the commit that holds the work; without one, what the project folder has checked out. */
  readonly revision?: string | undefined
}

/**
 * Says that a claimed item is finished. Where there is something to verify or to merge, a host does that first.
 * @returns the attempt that is being verified; undefined if the item is done
 */
export async function finishOutside(
  team: TeamContext,
  dir: string,
  id: string,
  { result, agent, revision }: Finished,
): Promise<string | undefined> {
  if (revision === undefined && (await completeOutside(team, id, { result, agent }))) return undefined
  const head = await headOf(dir, id, revision)
  const { stored, blobs } = result === null ? { stored: null, blobs: [] } : packText(result)
  const submission: Submission = { head, result: stored }
  let submitted: AttemptRow | undefined
  await onClaimed(team, { id, agent, name: 'item.submit', to: 'done', blobs }, async () => (held) => {
    submitted = held.row
    return decideSubmit(held.item, held.row, submission)
  })
  return submitted?.id
}

/**
 * The commit that is meant; null where the project is no repository.
 * @throws AtelierError `not_found` for a revision that there is not, `unsupported` where there is no repository
 */
async function headOf(dir: string, item: string, revision: string | undefined): Promise<string | null> {
  const isThere = await isRepository(dir)
  if (isThere) {
    const commit = await commitOf({ dir }, revision ?? 'HEAD')
    if (commit !== undefined || revision === undefined) return commit ?? null
    throw new AtelierError(
      'not_found',
      `There is no branch or commit ${JSON.stringify(revision)}, so "${item}" was not completed. List the branches with: git branch`,
      { details: { item, revision } },
    )
  }
  if (revision === undefined) return null
  throw new AtelierError(
    'unsupported',
    `The project is no git repository, so there is no ${JSON.stringify(revision)} in it. Complete "${item}" without naming one.`,
    { details: { item, revision } },
  )
}

/**
 * Resolves when what was submitted is settled: the item is done, or waits for its merge.
 * @throws AtelierError with what did not hold: the claim is kept. `timeout` or `cancelled`: a host verifies it all the same
 */
export async function submissionSettled(
  team: TeamContext,
  attempt: string,
  { timeoutMs, signal }: WaitLimit = {},
): Promise<void> {
  let wake = Promise.withResolvers<void>()
  let over: 'timeout' | 'cancelled' | undefined
  const end = (why: 'timeout' | 'cancelled') => (): void => {
    over = why
    wake.resolve()
  }
  const unsubscribe = team.feed.subscribe(({ data }) => {
    if ('attempt' in data && data.attempt === attempt) wake.resolve()
  }, true)
  const cancelTimer = timeoutMs === undefined ? () => {} : team.clock.after(timeoutMs, end('timeout'))
  const aborted = end('cancelled')
  signal?.addEventListener('abort', aborted, { once: true })
  if (signal?.aborted === true) aborted()
  try {
    for (;;) {
      wake = Promise.withResolvers<void>()
      const { row, item } = await team.store.read(async (reader) => {
        const found = await reader.get('attempt', attempt)
        return { row: found, item: found && (await reader.get('item', found.item)) }
      })
      if (row === undefined || row.state !== 'running') return
      if (row.submission === null) {
        if (item?.error != null) throw toError(item.error)
        return
      }
      if (over !== undefined) throw waitError(over, row, timeoutMs)
      await wake.promise
    }
  } finally {
    unsubscribe()
    cancelTimer()
    signal?.removeEventListener('abort', aborted)
  }
}

function waitError(
  why: 'timeout' | 'cancelled',
  { item, verifier }: AttemptRow,
  timeoutMs: number | undefined,
): AtelierError {
  const who = verifier === null ? 'waits for a host that verifies it' : `is being verified by ${verifier}`
  const after = why === 'timeout' && timeoutMs !== undefined ? ` after ${formatDuration(timeoutMs)}` : ''
  return new AtelierError(
    why,
    `The wait ended${after}; "${item}" ${who}. Look at it with: work show ${item}`,
    {
      details: { item },
    },
  )
}
