/**
 * Decides about merges. A target belongs to one integrator at a time: whoever has merges of it `taken` or `intended`.
 */
import { errorData, type ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { ItemRow } from './item.ts'
import { isSettled } from './item-lifecycle.ts'
import type { HoldReason, MergeRow, ReturnReason } from './merge.ts'
import { isLive, nextMergeState, type MergeStep } from './merge-lifecycle.ts'
import type { Decided } from './posting.ts'

/** Merges that are stacked and verified together: bisecting them takes three further runs. */
export const BATCH = 8
/** A merge goes back to its owner when the target was moved under it, or git failed, this often. */
export const MAX_ROUNDS = 10

/** A merge with the item that wants it; undefined where there is no such item any more. */
export interface Wanted {
  readonly merge: MergeRow
  readonly item: ItemRow | undefined
}

/** What an attempt asks for. */
export type Request = Pick<
  MergeRow,
  'id' | 'item' | 'attempt' | 'change' | 'target' | 'mode' | 'head' | 'title'
> & {
  readonly verified: boolean
}

/**
 * Puts a merge in the queue; one that a person has to approve is held at once.
 * @param earlier the merge that the attempt has asked for last
 */
export function decideRequest(request: Request, earlier: MergeRow | undefined): Decided {
  // Whoever keeps an item whose merge was refused may ask for another one.
  if (earlier !== undefined && earlier.state !== 'rejected') return { events: [] }
  const { id: merge, item, mode } = request
  const { attempt, change, target, head, title, verified } = request
  const requested: NewEvent = {
    type: 'merge.requested',
    data: { merge, item, attempt, change, target, mode, head, title, verified },
  }
  if (mode !== 'manual') return { events: [requested] }
  const message = `Look at the work on ${headName(head)}, then approve the merge of "${item}".`
  return { events: [requested, held(request, { reason: 'manual', ref: null, tip: null, message })] }
}

/**
 * Takes the next merges of a target, or none while an integrator has some of it. A merge that its item does not want
 * any more is rejected.
 * @param queue of one target, in order
 * @param live what integrators have of that target
 */
export function decideTake(queue: readonly Wanted[], live: readonly MergeRow[], host: string): NewEvent[] {
  if (live.some(({ state }) => isLive(state))) return []
  const unwanted = queue.filter((one) => !isWanted(one))
  const rejected = unwanted.map(({ merge }) => rejectedEvent(merge, unwantedError(merge)))
  const taken = queue.filter(isWanted).slice(0, BATCH)
  const [first] = taken
  if (first === undefined) return rejected
  const merges = taken.map(({ merge }) => merge.id)
  return [...rejected, { type: 'merge.taken', data: { merges, target: first.merge.target, host } }]
}

/**
 * Takes over the intents of hosts that are gone; what they only had in hand goes back to the queue.
 * @param live what integrators have of one target
 * @param hosts those that there are
 */
export function decideAdopt(live: readonly MergeRow[], hosts: ReadonlySet<string>, host: string): NewEvent[] {
  const orphans = live.filter((row) => !hosts.has(row.host as string))
  const back = orphans.filter(({ state }) => state === 'taken').map((row) => returned(row, 'host_lost'))
  const intents = orphans.filter(({ state }) => state === 'intended')
  const [first] = intents
  if (first === undefined) return back
  const merges = intents.map(({ id }) => id)
  return [...back, { type: 'merge.adopted', data: { merges, target: first.target, host } }]
}

export interface Intent {
  readonly host: string
  readonly ref: string
  readonly old: string | null
  readonly new: string
  /** The commit of each merge by its id. */
  readonly commits: ReadonlyMap<string, string>
}

/**
 * Commits to moving a ref. Where an item was cancelled meanwhile, its merge is rejected and nothing is intended: the
 * others are built anew without it.
 */
export function decideIntend(batch: readonly Wanted[], intent: Intent): Decided {
  const rows = batch.map(({ merge }) => merge)
  const refused = notHeldBy(rows, intent.host, 'intended')
  if (refused !== undefined) return { refused }
  const unwanted = batch.filter((one) => !isWanted(one))
  if (unwanted.length > 0)
    return { events: unwanted.map(({ merge }) => rejectedEvent(merge, unwantedError(merge))) }
  const { ref, old, commits } = intent
  const merges = rows.map(({ id }) => ({ merge: id, commit: commits.get(id) ?? intent.new }))
  const target = rows[0]?.target ?? ref
  return { events: [{ type: 'merge.intended', data: { merges, target, ref, old, new: intent.new } }] }
}

/** What became of a merge. */
export type Outcome =
  | { readonly is: 'completed'; readonly ref: string; readonly commit: string }
  | { readonly is: 'rejected'; readonly error: ErrorData }
  | {
      readonly is: 'held'
      readonly reason: HoldReason
      readonly ref: string | null
      readonly tip: string | null
      readonly message: string
    }
  | { readonly is: 'returned'; readonly reason: ReturnReason; readonly error?: ErrorData }

export interface Settled {
  readonly merge: MergeRow
  readonly outcome: Outcome
}

const STEP_OF: Readonly<Record<Outcome['is'], MergeStep>> = {
  completed: 'completed',
  rejected: 'rejected',
  held: 'held',
  returned: 'returned',
}

/** Says what became of merges that this integrator has, or that are held; `stale_claim` where it has lost one. */
export function decideSettle(settled: readonly Settled[], host: string): Decided {
  for (const { merge, outcome } of settled) {
    const refused = notHeldBy([merge], host, STEP_OF[outcome.is])
    if (refused !== undefined) return { refused }
  }
  return { events: settled.map(eventOf) }
}

/** Puts a held merge back into the queue because a person says so. */
export function decideApprove(merge: MergeRow): Decided {
  return merge.state === 'held'
    ? { events: [returned(merge, 'approved')] }
    : { refused: notHeld(merge, 'approved') }
}

/** Gives a held merge back to its owner because a person says so, with what they say. */
export function decideRefuse(merge: MergeRow, comment: string): Decided {
  if (merge.state !== 'held') return { refused: notHeld(merge, 'refused') }
  const { id, item } = merge
  const message = `The merge of "${item}" was refused: ${comment}`
  return { events: [rejectedEvent(merge, errorData('gate_rejected', message, { merge: id, item, comment }))] }
}

/**
 * What becomes of the merges of a host that is gone: what it only had in hand goes back to the queue. Its intents stay
 * as they are, for only the refs say whether they have happened; the next integrator adopts them.
 */
export function loseMerges(rows: readonly MergeRow[], host: string): NewEvent[] {
  return rows
    .filter((row) => row.state === 'taken' && row.host === host)
    .map((row) => returned(row, 'host_lost'))
}

/** True while the item still wants the merge: it is not settled, and no later attempt has begun. */
export function isWanted({ merge, item }: Wanted): boolean {
  return item !== undefined && item.attempt === merge.attempt && !isSettled(item.state)
}

function eventOf({ merge, outcome }: Settled): NewEvent {
  switch (outcome.is) {
    case 'completed': {
      const { id, item, attempt, change } = merge
      const { ref: target, commit } = outcome
      return { type: 'merge.completed', data: { merge: id, item, attempt, change, target, commit } }
    }
    case 'rejected':
      return rejectedEvent(merge, outcome.error)
    case 'held':
      return held(merge, outcome)
    case 'returned':
      return usesUp(outcome.reason) && merge.round + 1 >= MAX_ROUNDS
        ? rejectedEvent(merge, outcome.error ?? movedTooOften(merge))
        : returned(merge, outcome.reason)
  }
}

/** True for the reasons that use up one of the {@link MAX_ROUNDS}. */
export function usesUp(reason: ReturnReason): boolean {
  return reason === 'moved' || reason === 'failed'
}

function held(
  { id, item }: Pick<MergeRow, 'id' | 'item'>,
  { reason, ref, tip, message }: Omit<Extract<Outcome, { readonly is: 'held' }>, 'is'>,
): NewEvent {
  return { type: 'merge.held', data: { merge: id, item, reason, ref, tip, message } }
}

function returned({ id, item }: MergeRow, reason: ReturnReason): NewEvent {
  return { type: 'merge.returned', data: { merge: id, item, reason } }
}

function rejectedEvent({ id, item }: MergeRow, error: ErrorData): NewEvent {
  return { type: 'merge.rejected', data: { merge: id, item, error } }
}

function notHeld({ id, item, state }: MergeRow, to: 'approved' | 'refused'): ErrorData {
  return errorData(
    'invalid_transition',
    `The merge of "${item}" is ${state}; only one that is held can be ${to}. Look at it with: work show ${item}`,
    { merge: id, item, from: state, to },
  )
}

/** The refusal of a step that the lifecycle does not have, or that another integrator would have to make. */
function notHeldBy(rows: readonly MergeRow[], host: string, step: MergeStep): ErrorData | undefined {
  const lost = rows.find(
    (row) => nextMergeState(row.state, step) === undefined || (isLive(row.state) && row.host !== host),
  )
  if (lost === undefined) return undefined
  return errorData(
    'stale_claim',
    `The merge ${lost.id} of "${lost.item}" is ${lost.state}${lost.host === null ? '' : ` at ${lost.host}`}: this integrator does not have it any more.`,
    { merge: lost.id, item: lost.item, host },
  )
}

function unwantedError({ item, attempt }: MergeRow): ErrorData {
  return errorData(
    'stale_claim',
    `The attempt ${attempt} is not the one that "${item}" waits for any more, so its work was not merged. It is on its branch.`,
    { item, attempt },
  )
}

function movedTooOften({ item, target, head }: MergeRow): ErrorData {
  return errorData(
    'conflict',
    `${target} was moved ${MAX_ROUNDS} times while the work of "${item}" was being merged, so it was given up. ` +
      `The work is on ${headName(head)}; retry the item when the branch is quieter.`,
    { item, target, head, rounds: MAX_ROUNDS },
  )
}

function headName(head: string): string {
  return head.slice(0, 10)
}
