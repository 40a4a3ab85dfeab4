/** How the events of the board become rows. */
import { AtelierError } from '../errors.ts'
import type { AtelierEvent, EventOf, NewEvent } from '../events.ts'
import type { RowChange, RowLookup, RowRef } from '../tables.ts'
import type { AttemptRow, ItemRow } from './item.ts'
import { nextItemState, type ItemStep } from './item-lifecycle.ts'
import { rankOf } from './rank.ts'

/** The events of the board. */
export type BoardEvent = Extract<AtelierEvent, { readonly type: `item.${string}` | `attempt.${string}` }>

/** The rows that an event of the board reads. */
export function boardReads(event: NewEvent): RowRef[] {
  switch (event.type) {
    case 'item.posted':
      return []
    case 'item.done':
    case 'item.skipped':
      return [event.data.item, ...event.data.released].map((key) => ({ table: 'item', key }))
    case 'item.claimed':
    case 'item.removed':
    case 'item.path_changed':
    case 'item.readied':
    case 'item.unblocked':
    case 'item.blocked':
    case 'item.deferred':
    case 'item.fell_back':
    case 'item.merge_returned':
    case 'item.flagged':
    case 'item.retried':
    case 'item.started':
    case 'item.phase_changed':
    case 'item.progressed':
    case 'item.failed':
    case 'item.cancelled':
      return [{ table: 'item', key: event.data.item }]
    case 'attempt.submitted':
    case 'attempt.refused':
    case 'attempt.verifying':
    case 'attempt.ended':
      return [
        { table: 'attempt', key: event.data.attempt },
        { table: 'item', key: event.data.item },
      ]
    default:
      return []
  }
}

/** The rows after an event of the board. */
export function applyBoard(event: BoardEvent, rows: RowLookup): RowChange[] {
  switch (event.type) {
    case 'item.posted':
      return applyPosted(event)
    case 'item.removed':
      return applyRemoved(event, rows)
    case 'item.path_changed':
      return [change(event, rows, null, (row) => pathFields(row, event.data.path))]
    case 'item.readied':
      return moved(event, rows, 'readied', (row) => readyFields(row, event.at))
    case 'item.unblocked':
      return moved(event, rows, 'unblocked', () => ({ waiting: { for: 'dependencies' } }))
    case 'item.blocked': {
      const { causes } = event.data
      return moved(event, rows, 'blocked', () => ({ waiting: { for: 'failed_dependency', causes } }))
    }
    case 'item.deferred': {
      const { waiting, result } = event.data
      return moved(event, rows, 'deferred', (row) => ({ waiting, result: result ?? row.result }))
    }
    case 'item.flagged':
      return moved(event, rows, 'phased', () => ({ flags: event.data.flags }))
    case 'item.fell_back': {
      const { tries } = event.data
      return [change(event, rows, null, () => ({ ownTries: tries }))]
    }
    case 'item.merge_returned': {
      const { error } = event.data
      return [change(event, rows, null, ({ mergeRounds }) => ({ mergeRounds: mergeRounds + 1, error }))]
    }
    case 'item.retried':
      // What follows in the same commit says in which state it waits for its next attempt.
      return [change(event, rows, null, retriedFields)]
    case 'item.claimed':
      return applyClaimed(event, rows)
    case 'item.started':
      return moved(event, rows, 'phased', () => ({ phase: 'executing', startedAt: event.at }))
    case 'item.phase_changed':
      return moved(event, rows, 'phased', ({ startedAt }) => ({
        phase: event.data.phase,
        startedAt: startedAt ?? event.at,
      }))
    case 'item.progressed': {
      const { percent, step } = event.data
      return moved(event, rows, 'phased', () => ({ progress: { percent, step } }))
    }
    case 'attempt.submitted': {
      const { head, result } = event.data
      const fields = { submission: { head, result }, verifier: null }
      return [attempted(event, rows, fields), ...moved(event, rows, 'phased', () => ({ phase: 'verifying' }))]
    }
    case 'attempt.verifying':
      return [attempted(event, rows, { verifier: event.data.host })]
    case 'attempt.refused': {
      const { error } = event.data
      const row = attempted(event, rows, { submission: null, verifier: null })
      return [row, ...moved(event, rows, 'phased', () => ({ phase: 'executing', error }))]
    }
    case 'attempt.ended':
      return applyAttemptEnded(event, rows)
    case 'item.done': {
      const { result, commit, verified } = event.data
      const fields = { commit, verified: verified ? 1 : 0, error: null, settledAt: event.at } as const
      // What only waited for its merge has its result already.
      const done = moved(event, rows, 'done', (row) => ({ ...fields, result: result ?? row.result }))
      return [...done, ...released(event, rows)]
    }
    case 'item.failed':
      return moved(event, rows, 'failed', () => ({ error: event.data.error, settledAt: event.at }))
    case 'item.cancelled': {
      const error = { code: 'cancelled', message: event.data.reason } as const
      return moved(event, rows, 'cancelled', () => ({ error, settledAt: event.at }))
    }
    case 'item.skipped':
      return [...moved(event, rows, 'skipped', () => ({ settledAt: event.at })), ...released(event, rows)]
  }
}

type AttemptEvent = Extract<BoardEvent, { readonly type: `attempt.${string}` }>

type ItemEvent = Exclude<BoardEvent, EventOf<'item.posted'>>

function applyPosted({ data, at, actor }: EventOf<'item.posted'>): RowChange[] {
  const { item: id, kind: type, priority, value, deadline, capability, path } = data
  const row: ItemRow = {
    id,
    title: data.title,
    type,
    state: 'waiting',
    phase: null,
    waiting: { for: 'dependencies' },
    priority,
    value,
    deadline,
    capability: capability?.name ?? null,
    minExpertise: capability?.minExpertise ?? 1,
    definition: data.definition,
    dependsOn: data.dependsOn,
    unmet: data.unmet,
    estimateMs: data.estimateMs,
    path,
    rank: rankOf({ readyAt: at, priority, value, deadline, path }),
    readyAt: null,
    touches: data.touches,
    change: data.change,
    run: data.part?.run ?? null,
    stage: data.part?.stage ?? null,
    round: data.part?.round ?? null,
    index: data.part?.index ?? null,
    attempt: null,
    attempts: 0,
    ownTries: null,
    losses: 0,
    mergeRounds: 0,
    retryCount: 0,
    owner: null,
    progress: null,
    result: null,
    error: null,
    verified: 0,
    flags: [],
    commit: null,
    revision: 1,
    postedBy: actor,
    postedAt: at,
    claimedAt: null,
    startedAt: null,
    settledAt: null,
  }
  return [
    { table: 'item', key: id, row },
    ...data.dependsOn.map((dependsOn): RowChange => {
      return { table: 'dependency', key: [dependsOn, id], row: { dependsOn, item: id } }
    }),
  ]
}

function applyRemoved({ data }: EventOf<'item.removed'>, rows: RowLookup): RowChange[] {
  const { item, dependsOn } = data
  return [
    { table: 'item', key: item, row: null },
    ...wakeRemoved(found(rows, item)),
    ...dependsOn.map((each): RowChange => ({ table: 'dependency', key: [each, item], row: null })),
  ]
}

function applyClaimed(event: EventOf<'item.claimed'>, rows: RowLookup): RowChange[] {
  const { item, attempt: id, number, owner, host, slot, tree } = event.data
  const attempt: AttemptRow = {
    id,
    item,
    number,
    owner,
    host,
    slot,
    tree,
    position: event.seq,
    state: 'running',
    startedAt: event.at,
    endedAt: null,
    error: null,
    submission: null,
    verifier: null,
  }
  const claimed = (row: ItemRow): Partial<ItemRow> => ({
    phase: 'claimed',
    attempt: id,
    attempts: row.attempts + 1,
    owner,
    progress: null,
    flags: [],
    // That of an attempt whose merge came to nothing.
    result: null,
    claimedAt: event.at,
    startedAt: null,
  })
  return [...moved(event, rows, 'claimed', claimed), { table: 'attempt', key: id, row: attempt }]
}

function applyAttemptEnded(event: EventOf<'attempt.ended'>, rows: RowLookup): RowChange[] {
  const { outcome, error } = event.data
  const ended = attempted(event, rows, { state: outcome, endedAt: event.at, error, verifier: null })
  // Only what failed uses up a try.
  const counts = ({ attempts, losses }: ItemRow): Partial<ItemRow> =>
    outcome === 'lost'
      ? { losses: losses + 1 }
      : outcome === 'released' || outcome === 'parked' || outcome === 'returned'
        ? { attempts: attempts - 1 }
        : {}
  const failure = error === null ? {} : { error }
  return [ended, change(event, rows, null, (item) => ({ ...counts(item), ...failure }))]
}

function attempted(
  { data: { attempt: id } }: AttemptEvent,
  rows: RowLookup,
  fields: Partial<AttemptRow>,
): RowChange {
  const row = rows('attempt', id)
  if (row === undefined) throw missing('attempt', id)
  return { table: 'attempt', key: id, row: { ...row, ...fields } }
}

/** What depended on a settled item counts one dependency less. */
function released(event: EventOf<'item.done' | 'item.skipped'>, rows: RowLookup): RowChange[] {
  return event.data.released.map((id) => {
    const row = found(rows, id)
    return itemChange({ ...row, unmet: row.unmet - 1, revision: row.revision + 1 })
  })
}

/** A new place in the queue; an item that a dead host gives back keeps the one that it had. */
function readyFields(row: ItemRow, at: number): Partial<ItemRow> {
  const readyAt = row.state === 'running' && row.readyAt !== null ? row.readyAt : at
  return { readyAt, rank: rankOf({ ...row, readyAt }) }
}

function pathFields(row: ItemRow, path: number): Partial<ItemRow> {
  const { readyAt } = row
  return readyAt === null ? { path } : { path, rank: rankOf({ ...row, readyAt, path }) }
}

function retriedFields(row: ItemRow): Partial<ItemRow> {
  return {
    retryCount: row.retryCount + 1,
    attempts: 0,
    ownTries: null,
    losses: 0,
    mergeRounds: 0,
    progress: null,
    error: null,
    result: null,
    settledAt: null,
    readyAt: null,
  }
}

/** An item in the state to which a step leads, and what goes with every move. */
function moved(
  event: ItemEvent,
  rows: RowLookup,
  step: ItemStep,
  fields: (row: ItemRow) => Partial<ItemRow>,
): RowChange[] {
  const before = found(rows, event.data.item)
  const row = change(event, rows, step, fields)
  const after = row.row as ItemRow
  const wake: RowChange[] =
    after.waiting !== null && 'at' in after.waiting
      ? [{ table: 'wake', key: after.id, row: { item: after.id, at: after.waiting.at } }]
      : wakeRemoved(before)
  return [row, ...wake]
}

function wakeRemoved(row: ItemRow): RowChange[] {
  return row.waiting !== null && 'at' in row.waiting ? [{ table: 'wake', key: row.id, row: null }] : []
}

function change(
  event: ItemEvent,
  rows: RowLookup,
  step: ItemStep | null,
  fields: (row: ItemRow) => Partial<ItemRow>,
): RowChange {
  const row = found(rows, event.data.item)
  const state = step === null ? row.state : nextItemState(row.state, step)
  if (state === undefined) {
    throw new AtelierError(
      'invalid_transition',
      `The item ${row.id} is ${row.state}; ${event.type} does not apply to it.`,
      {
        details: { item: row.id, from: row.state, step },
      },
    )
  }
  // Phase belongs to running items, and what is waited for to waiting ones.
  const cleared = {
    ...(state === 'running' ? {} : { phase: null }),
    ...(state === 'waiting' ? {} : { waiting: null }),
  }
  return itemChange({ ...row, ...cleared, state, ...fields(row), revision: row.revision + 1 })
}

function itemChange(row: ItemRow): RowChange {
  return { table: 'item', key: row.id, row }
}

function found(rows: RowLookup, item: string): ItemRow {
  const row = rows('item', item)
  if (row === undefined) throw missing('item', item)
  return row
}

function missing(what: string, key: string): AtelierError {
  return new AtelierError('store_corrupt', `The log names ${what} "${key}", which no earlier event made.`, {
    details: { [what]: key },
  })
}
