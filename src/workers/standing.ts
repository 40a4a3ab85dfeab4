/** Where an item stands, in the words of the board, and why it does not run. */
import { displayState } from '../board/display.ts'
import type { ItemRow } from '../board/item.ts'
import { overlap } from '../board/touches.ts'
import { formatDuration } from '../time/duration.ts'
import type { Staff } from './staff.ts'
import type { BoardColumn, BoardStatus } from './view-types.ts'

/** What the standing of an item follows from beside its own row. */
export interface StandingFacts {
  readonly now: number
  readonly item: (id: string) => ItemRow | undefined
  readonly running: readonly ItemRow[]
  readonly staff: Staff
  /** Ready items of runs, of no such type, that name who does them: the agent, or null for the engine. A host does them. */
  readonly doers: ReadonlyMap<string, string | null>
  /** Whether any host runs. */
  readonly isHosted: boolean
  /** When a claim from outside runs out; null for what is not claimed so. */
  readonly claimEnd: (id: string) => number | null
  /** True for what somebody outside has finished and no host verifies yet. */
  readonly isUnverified: (id: string) => boolean
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

function reasonOfReady(row: ItemRow, { running, staff, doers, isHosted }: StandingFacts): string {
  const { id, type, touches } = row
  const beside = running.find((other) => overlap(touches, other.touches))
  if (beside !== undefined) return `waits until ${beside.id} has ended: both change the same files`
  const lacking = staff.lacks(row)
  if (lacking === null) return `waits for a free worker of type ${type}`
  const doer = doers.get(id)
  if (doer === undefined) return `no worker for ${lacking} yet`
  if (!isHosted) return 'is ready, and no host runs'
  return doer === null ? 'waits for the host' : `waits for ${doer}`
}

function reasonOfRunning(
  { id, owner }: ItemRow,
  { now, claimEnd, isUnverified }: StandingFacts,
): string | null {
  if (isUnverified(id)) return `${owner} has finished it; waits for a host that verifies and merges it`
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

/** True for what is ready and only a worker could take, of which none runs that can do it. */
export function needsWorker(row: ItemRow, { staff, doers }: StandingFacts): boolean {
  return row.state === 'ready' && staff.lacks(row) !== null && !doers.has(row.id)
}

function isMet(row: ItemRow | undefined): boolean {
  return row === undefined || row.state === 'done' || row.state === 'skipped'
}
