/** Asking for a merge, waiting for it, and letting it go on. */
import type { HoldReason, MergeRow } from '../board/merge.ts'
import { decideApprove, decideRefuse, decideRequest, type Request } from '../board/merge-queue.ts'
import type { Decided } from '../board/posting.ts'
import { AtelierError, errorData, toError, type ErrorData } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Reader } from '../store.ts'
import { commit, type TeamContext } from '../team/context.ts'

/**
 * Asks that the head of a change is brought to its target. An attempt that asks again gets the merge that it asked for
 * before, unless that was refused.
 * @returns the id of the merge
 */
export async function requestMerge(team: TeamContext, request: Omit<Request, 'id'>): Promise<string> {
  const id = newId('mrg')
  const { loaded, events } = await commit(team.store, {
    name: 'merge.request',
    keys: [`target:${request.target}`],
    by: team.by,
    load: (reader) => mergeOfAttempt(reader, request.attempt),
    decide: (earlier) => decideRequest({ ...request, id }, earlier),
  })
  return events.length === 0 && loaded !== undefined ? loaded.id : id
}

/** The merge that an attempt has asked for last. */
export async function mergeOfAttempt(reader: Reader, attempt: string): Promise<MergeRow | undefined> {
  const merges = await reader.list('merge', { where: { attempt } })
  return merges.toSorted((a, b) => b.position - a.position)[0]
}

/** How a merge stands when nothing more happens to it by itself. */
export type MergeSettlement =
  /** `ref`: the branch that has it. */
  | { readonly state: 'merged'; readonly commit: string; readonly ref: string }
  | { readonly state: 'rejected'; readonly error: ErrorData }
  | { readonly state: 'held'; readonly reason: HoldReason; readonly message: string }

/**
 * Waits until a merge is settled or held.
 * @throws AtelierError `cancelled` if the signal is aborted first; the merge goes on
 */
export async function mergeSettled(
  team: TeamContext,
  merge: string,
  signal?: AbortSignal,
): Promise<MergeSettlement> {
  let wake = Promise.withResolvers<void>()
  const unsubscribe = team.feed.subscribe((event) => {
    if ('merge' in event.data && event.data.merge === merge) wake.resolve()
  }, true)
  const abort = (): void => wake.resolve()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    for (;;) {
      const row = await team.store.read((reader) => reader.get('merge', merge))
      if (row === undefined) throw unknownMerge(merge)
      const settlement = settlementOf(row)
      if (settlement !== undefined) return settlement
      if (signal?.aborted === true)
        throw new AtelierError('cancelled', `The wait for the merge ${merge} was ended; the merge goes on.`, {
          details: { merge },
        })
      await wake.promise
      wake = Promise.withResolvers<void>()
    }
  } finally {
    unsubscribe()
    signal?.removeEventListener('abort', abort)
  }
}

/** How a merge stands; undefined while it is under way. */
function settlementOf(row: MergeRow): MergeSettlement | undefined {
  switch (row.state) {
    case 'merged':
      return { state: 'merged', commit: row.commit as string, ref: row.ref as string }
    case 'rejected':
      return { state: 'rejected', error: row.error as ErrorData }
    case 'held':
      return { state: 'held', reason: row.reason as HoldReason, message: row.message as string }
    case 'queued':
    case 'taken':
    case 'intended':
      return undefined
  }
}

/**
 * Lets a held merge go on: a person has looked at it.
 * @throws AtelierError `not_found`, or `invalid_transition` if it is not held
 */
export async function approveMerge(team: TeamContext, merge: string): Promise<void> {
  await onMerge(team, merge, decideApprove)
}

/**
 * Gives a held merge back to its owner: a person has looked at it, and says why not.
 * @throws AtelierError `not_found`, or `invalid_transition` if it is not held
 */
export async function refuseMerge(team: TeamContext, merge: string, comment: string): Promise<void> {
  await onMerge(team, merge, (row) => decideRefuse(row, comment))
}

async function onMerge(team: TeamContext, merge: string, decide: (row: MergeRow) => Decided): Promise<void> {
  await commit(team.store, {
    name: 'merge.settle',
    keys: [`merge:${merge}`],
    by: team.by,
    load: (reader) => reader.get('merge', merge),
    decide: (row): Decided => (row === undefined ? { refused: unknownMerge(merge).toJSON() } : decide(row)),
  })
}

function unknownMerge(merge: string): AtelierError {
  const message = `There is no merge "${merge}". Look at what waits for one with: board`
  return toError(errorData('not_found', message, { merge }))
}
