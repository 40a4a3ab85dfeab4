/** The commands of the board: each loads what its decision rests on, and commits what was decided. */
import {
  decideFlags,
  decideClaim,
  decidePhase,
  decideProgress,
  decideStart,
  type Claim,
} from '../board/claiming.ts'
import type { ItemPhase, ItemRow, WaitingFor } from '../board/item.ts'
import { decidePosting, type Decided, type PostItem } from '../board/posting.ts'
import {
  decideCancel,
  decideDone,
  decideFailed,
  decideFailure,
  decideMerged,
  decideReturn,
  decideRetry,
  decideSkip,
  decideWake,
  triesOf,
  type Completion,
  type FailedTry,
} from '../board/settling.ts'
import type { Downstream } from '../board/blocking.ts'
import type { ErrorData } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import type { TransactionName } from '../failpoints.ts'
import { newId, packText, randomFraction, type Blob } from '../ids.ts'
import type { Reader } from '../store.ts'
import type { TeamContext } from '../team/context.ts'
import { commitItems as commit } from './inbox.ts'
import { retriedByItsRun } from './of-run.ts'
import {
  attemptsAt,
  definitionOf,
  dependentRows,
  knownItems,
  loadCauses,
  loadDownstream,
  loadForPosting,
  unknownItem,
} from './rows.ts'

/** An item to post: its definition as text. */
export type NewItem = Omit<PostItem, 'definition'> & { readonly definition: string }

/** Posts a batch: all of it, or nothing. */
export async function postItems(
  team: TeamContext,
  batch: readonly NewItem[],
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<readonly AtelierEvent[]> {
  const packed = batch.map((item) => ({ item, text: packText(item.definition) }))
  const posted = packed.map(({ item, text }) => ({ ...item, definition: text.stored }))
  const { events } = await commit(team.store, {
    name: 'item.post',
    keys: ['board'],
    by: team.by,
    blobs: packed.flatMap(({ text }) => text.blobs),
    async load(reader) {
      const items = await loadForPosting(reader, posted, replace)
      const ids = new Set(posted.map(({ id }) => id))
      const isMissing = posted.some(({ dependsOn }) => dependsOn.some((id) => !items.has(id) && !ids.has(id)))
      return { items, known: isMissing ? await knownItems(reader) : [] }
    },
    decide: ({ items, known }) => decidePosting(posted, { items, known, replace }),
  })
  return events
}

/** Claims one item by its id, for an owner outside of every host. */
export async function claimItem(team: TeamContext, id: string, owner: string): Promise<string> {
  const claim: Claim = { attempt: newId('att'), owner, host: null, slot: null, tree: null }
  await onItem(team, 'item.claim', id, (item) => decideClaim(item, claim))
  return claim.attempt
}

/** Says that the work of a claimed item has begun. */
export async function startItem(team: TeamContext, id: string, attempt: string): Promise<void> {
  await onItem(team, 'item.report', id, (item) => decideStart(item, attempt))
}

export async function reportPhase(
  team: TeamContext,
  id: string,
  attempt: string,
  phase: ItemPhase,
): Promise<void> {
  await onItem(team, 'item.report', id, (item) => decidePhase(item, attempt, phase))
}

export async function reportProgress(
  team: TeamContext,
  id: string,
  attempt: string,
  { percent, step }: { readonly percent: number; readonly step: string },
): Promise<void> {
  await onItem(team, 'item.report', id, (item) => decideProgress(item, attempt, percent, step))
}

export async function reportFlags(
  team: TeamContext,
  id: string,
  attempt: string,
  flags: readonly string[],
): Promise<void> {
  await onItem(team, 'item.report', id, (item) => decideFlags(item, attempt, flags))
}

/** What an attempt brought: its text is packed here. */
export interface DoneInput extends Omit<Completion, 'result'> {
  readonly result: string | null
}

/** Settles an item as done, and makes ready what waited only for it. */
export async function completeItem(team: TeamContext, id: string, done: DoneInput): Promise<void> {
  const { stored, blobs } = done.result === null ? { stored: null, blobs: [] } : packText(done.result)
  await commit(team.store, {
    name: 'item.settle',
    keys: ['board'],
    by: team.by,
    blobs,
    load: async (reader) => ({
      item: await reader.get('item', id),
      dependents: await dependentRows(reader, id),
    }),
    decide: ({ item, dependents }): Decided =>
      item === undefined
        ? { refused: unknownItem(id, []) }
        : decideDone(item, { ...done, result: stored }, dependents),
  })
}

/** Ends an attempt that failed: another try, or the item has failed. */
export async function failAttempt(
  team: TeamContext,
  id: string,
  attempt: string,
  error: ErrorData,
): Promise<void> {
  const random = randomFraction()
  await withDownstream(team, 'item.settle', id, async (reader, item) => {
    const { retry: policy, fallback } = await definitionOf(reader, item)
    const earlier = fallback.length === 0 ? [] : await failedTries(reader, item)
    const failure = { attempt, error, policy, random, fallback, earlier }
    return (downstream, now) => decideFailure(item, failure, downstream, now)
  })
}

/** The tries that failed since the item was posted or retried by hand, oldest first. */
async function failedTries(reader: Reader, item: ItemRow): Promise<readonly FailedTry[]> {
  const attempts = await attemptsAt(reader, item.id)
  const failed = attempts.flatMap(({ owner: agent, state, error }) =>
    state === 'failed' && error !== null ? [{ agent, error }] : [],
  )
  const earlier = triesOf(item) - 1
  return earlier === 0 ? [] : failed.slice(-earlier)
}

/** Fails an item for good, whatever its policy says. */
export async function failItem(team: TeamContext, id: string, error: ErrorData): Promise<void> {
  await withDownstream(
    team,
    'item.settle',
    id,
    async (_reader, item) => (downstream) => decideFailed(item, error, downstream),
  )
}

/** Gives an item back without a result. */
export async function returnItem(
  team: TeamContext,
  id: string,
  attempt: string,
  outcome: 'lost' | 'released',
): Promise<void> {
  await onItem(team, 'item.settle', id, (item) => decideReturn(item, attempt, { outcome }))
}

/** What an attempt waits for, longer than it keeps its process; with its result where only that is missing. */
export interface ParkInput {
  readonly waiting: WaitingFor
  readonly result?: string
}

/** Ends an attempt that waits for somebody or something. */
export async function parkItem(
  team: TeamContext,
  id: string,
  attempt: string,
  { waiting, result }: ParkInput,
): Promise<void> {
  const { stored, blobs } = result === undefined ? { stored: null, blobs: [] } : packText(result)
  const end = { outcome: 'parked', waiting, result: stored } as const
  await onItem(team, 'item.settle', id, (item) => decideReturn(item, attempt, end), blobs)
}

/** Settles an item whose merge was held and has been made. */
export async function completeMerged(
  team: TeamContext,
  id: string,
  merged: Omit<Completion, 'result' | 'verified'>,
): Promise<void> {
  await commit(team.store, {
    name: 'item.settle',
    keys: ['board'],
    by: team.by,
    async load(reader) {
      const item = await reader.get('item', id)
      const verified = item !== undefined && (await definitionOf(reader, item)).verify.length > 0
      return { item, verified, dependents: await dependentRows(reader, id) }
    },
    decide: ({ item, verified, dependents }): Decided =>
      item === undefined
        ? { refused: unknownItem(id, []) }
        : decideMerged(item, { ...merged, verified }, dependents),
  })
}

/** Cancels an item that is not done; its attempt is ended by the host that runs it. */
export async function cancelItem(team: TeamContext, id: string, reason: string): Promise<void> {
  await withDownstream(
    team,
    'item.change',
    id,
    async (_reader, item) => (downstream) => decideCancel(item, reason, downstream),
  )
}

/** Skips an item: what depends on it goes on without it. */
export async function skipItem(team: TeamContext, id: string, reason: string): Promise<void> {
  await withDownstream(
    team,
    'item.change',
    id,
    async (_reader, item) => (downstream) => decideSkip(item, reason, downstream),
  )
}

/** Gives a failed or cancelled item another try, and repairs what it blocked; one of a run is refused. */
export async function retryItem(team: TeamContext, id: string): Promise<void> {
  await withDownstream(team, 'item.change', id, async (reader, item) => {
    const refused = await retriedByItsRun(reader, item)
    if (refused !== undefined) return () => ({ refused })
    const causes = await loadCauses(reader, item)
    return (downstream) => decideRetry(item, causes, downstream)
  })
}

/** Makes an item ready whose pause is over, or that waited for something that has come. */
export async function wakeItem(team: TeamContext, id: string): Promise<void> {
  await onItem(team, 'item.change', id, (item, now) => {
    const { waiting } = item
    // Somebody else may have woken it, and it may wait again, for longer.
    if (waiting !== null && 'at' in waiting && waiting.at > now) return { events: [] }
    return decideWake(item)
  })
}

/** A command on one item. */
async function onItem(
  team: TeamContext,
  name: TransactionName,
  id: string,
  decide: (item: ItemRow, now: number) => Decided,
  blobs: readonly Blob[] = [],
): Promise<void> {
  await commit(team.store, {
    name,
    keys: ['board'],
    by: team.by,
    blobs,
    async load(reader) {
      const item = await reader.get('item', id)
      return { item, known: item === undefined ? await knownItems(reader) : [] }
    },
    decide: ({ item, known }, now): Decided =>
      item === undefined ? { refused: unknownItem(id, known) } : decide(item, now),
  })
}

/** A command on one item that may reach what is behind it. */
async function withDownstream(
  team: TeamContext,
  name: TransactionName,
  id: string,
  prepare: (reader: Reader, item: ItemRow) => Promise<(downstream: Downstream, now: number) => Decided>,
): Promise<void> {
  await commit(team.store, {
    name,
    keys: ['board'],
    by: team.by,
    async load(reader) {
      const item = await reader.get('item', id)
      if (item === undefined) return { known: await knownItems(reader) }
      return { decide: await prepare(reader, item), downstream: await loadDownstream(reader, id) }
    },
    decide(loaded, now): Decided {
      if (loaded.decide === undefined) return { refused: unknownItem(id, loaded.known) }
      return loaded.decide(loaded.downstream, now)
    },
  })
}
