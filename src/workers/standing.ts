/** Where an item stands, in the words of the board, and why it does not run. */
import { displayState } from '../board/display.ts'
import type { ItemRow } from '../board/item.ts'
import { overlap } from '../board/touches.ts'
import { formatDuration } from '../time/duration.ts'
import type { BoardColumn, BoardStatus } from './view-types.ts'

/** What the standing of an item follows from beside its own row. */
export interface StandingFacts {
  readonly now: number
  readonly item: (id: string) => ItemRow | undefined
  readonly running: readonly ItemRow[]
  /** Types for which a worker runs. */
  readonly staffed: ReadonlySet<string>
  /** Ready items of runs, of no such type, that name who does them: the agent, or null for the engine. A host does them. */
  readonly doers: ReadonlyMap<string, string | null>
  /** Whether any host runs. */
  readonly isHosted: boolean
  /** When a claim from outside runs out; null for what is not claimed so. */
  readonly claimEnd: (id: string) => number | null
}

/** Every status, in the order of an item's way. */
export const BOARD_STATUSES: readonly BoardStatus[] = [
  'new',
  'ready',
  'claimed',
  'in_progress',
  'done',
  'failed',
  'blocked',
  'cancelled',
]

export function statusOfItem(row: ItemRow): BoardStatus {
  return displayState(row, 'board') as BoardStatus
}

export function columnOf({ state, phase, waiting }: ItemRow): BoardColumn {
  switch (state) {
    case 'running':
      return phase === 'verifying' ? 'in_review' : phase === 'merging' ? 'ready_to_merge' : 'working'
    case 'failed':
      return 'needs_you'
    case 'ready':
      return 'waiting'
    case 'done':
    case 'skipped':
    case 'cancelled':
      return 'done'
    case 'waiting':
      return columnOfWaiting(waiting)
  }
}

function columnOfWaiting(waiting: ItemRow['waiting']): BoardColumn {
  switch (waiting?.for) {
    case 'approval':
    case 'answer':
    case 'permission':
    case 'budget':
      return 'needs_you'
    case 'merge':
      return 'ready_to_merge'
    case undefined:
    case 'dependencies':
    case 'failed_dependency':
    case 'retry':
    case 'quota':
    case 'run':
      return 'waiting'
  }
}

/** Why an item does not run, or why it ended as it did; null where nothing holds it up. */
export function reasonOf(row: ItemRow, facts: StandingFacts): string | null {
  switch (row.state) {
    case 'ready':
      return reasonOfReady(row, facts)
    case 'waiting':
      return reasonOfWaiting(row, facts)
    case 'running':
      return reasonOfRunning(row, facts)
    case 'failed':
    case 'cancelled':
      return row.error?.message ?? null
    case 'done':
    case 'skipped':
      return row.state === 'skipped' ? 'skipped' : null
  }
}

function reasonOfReady(
  { id, type, touches }: ItemRow,
  { running, staffed, doers, isHosted }: StandingFacts,
): string {
  const beside = running.find((other) => overlap(touches, other.touches))
  if (beside !== undefined) return `waits until ${beside.id} has ended: both change the same files`
  const doer = staffed.has(type) ? undefined : doers.get(id)
  if (doer !== undefined) {
    if (!isHosted) return 'is ready, and no host runs'
    return doer === null ? 'waits for the host' : `waits for ${doer}`
  }
  return staffed.has(type) ? `waits for a free worker of type ${type}` : `no worker for type ${type} yet`
}

function reasonOfRunning({ id, owner }: ItemRow, { now, claimEnd }: StandingFacts): string | null {
  const end = claimEnd(id)
  if (end === null || end >= now) return null
  return `the claim of ${owner} ran out ${formatDuration(now - end)} ago; it can be claimed again`
}

function reasonOfWaiting({ dependsOn, waiting }: ItemRow, facts: StandingFacts): string {
  switch (waiting?.for) {
    case undefined:
    case 'dependencies':
      return `waits for ${dependsOn.filter((id) => !isMet(facts.item(id))).join(', ')}`
    case 'failed_dependency':
      return `blocked by ${waiting.causes.map((id) => `${id} (${facts.item(id)?.state ?? 'removed'})`).join(', ')}`
    case 'retry':
      return waiting.at > facts.now
        ? `tries again in ${formatDuration(waiting.at - facts.now)}`
        : 'tries again as soon as a host runs'
    case 'quota':
      return waiting.at > facts.now
        ? `waits for the quota of ${waiting.account}, ${formatDuration(waiting.at - facts.now)} more`
        : `waits for the quota of ${waiting.account} and a host`
    case 'budget':
      return `waits for the budget of ${waiting.scope}`
    case 'approval':
    case 'answer':
    case 'permission':
      return `waits for your ${waiting.for}: ${waiting.id}`
    case 'merge':
      return `waits to be merged: ${waiting.reason}`
    case 'run':
      return `waits for the run ${waiting.id}, which is paused`
  }
}

/** True for what is ready and only a worker of its type could take, of which none runs. */
export function needsWorker({ id, type, state }: ItemRow, { staffed, doers }: StandingFacts): boolean {
  return state === 'ready' && !staffed.has(type) && !doers.has(id)
}

function isMet(row: ItemRow | undefined): boolean {
  return row === undefined || row.state === 'done' || row.state === 'skipped'
}
