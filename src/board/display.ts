/** What each of the common vocabularies calls the state of an item: one function, so that no surface has its own. */
import type { ItemRow } from './item.ts'

/**
 * - `board`: new, ready, claimed, in_progress, done, failed, blocked, cancelled: the words of Atelier's own board.
 * - `workflow`: pending, ready, running, gate, loopback, retry, paused, completed, failed, blocked, cancelled, skipped.
 * - `queue`: queued, dispatched, running, review, re-review, attempt n, paused, complete, failed, blocked, cancelled, skipped.
 * - `task`: pending, assigned, in_progress, retrying, completed, failed, paused, blocked, cancelled.
 * - `subtask`: PENDING, PLANNING, IN_PROGRESS, REVIEW, REVISION, COMPLETED, FAILED.
 */
export type StateWords = 'board' | 'workflow' | 'queue' | 'task' | 'subtask'

/** What the names follow from. */
export interface ItemStanding extends Pick<ItemRow, 'state' | 'phase' | 'waiting' | 'attempts'> {
  /** A gate decides about what it made. */
  readonly gateOpen?: boolean
  /** Its next round was posted with feedback and has not begun. */
  readonly revised?: boolean
}

type Situation =
  | 'new'
  | 'ready'
  | 'claimed'
  | 'planning'
  | 'executing'
  | 'review'
  | 'revision'
  | 'retry'
  | 'paused'
  | 'blocked'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'skipped'

const WORDS: Readonly<Record<Situation, readonly [string, string, string, string, string]>> = {
  new: ['new', 'pending', 'queued', 'pending', 'PENDING'],
  ready: ['ready', 'ready', 'queued', 'pending', 'PENDING'],
  claimed: ['claimed', 'running', 'dispatched', 'assigned', 'PENDING'],
  planning: ['in_progress', 'running', 'running', 'in_progress', 'PLANNING'],
  executing: ['in_progress', 'running', 'running', 'in_progress', 'IN_PROGRESS'],
  review: ['in_progress', 'gate', 'review', 'in_progress', 'REVIEW'],
  revision: ['in_progress', 'loopback', 're-review', 'retrying', 'REVISION'],
  retry: ['in_progress', 'retry', 'attempt', 'retrying', 'IN_PROGRESS'],
  paused: ['in_progress', 'paused', 'paused', 'in_progress', 'IN_PROGRESS'],
  blocked: ['blocked', 'blocked', 'blocked', 'blocked', 'PENDING'],
  done: ['done', 'completed', 'complete', 'completed', 'COMPLETED'],
  failed: ['failed', 'failed', 'failed', 'failed', 'FAILED'],
  cancelled: ['cancelled', 'cancelled', 'cancelled', 'cancelled', 'FAILED'],
  skipped: ['done', 'skipped', 'skipped', 'completed', 'COMPLETED'],
}

const COLUMNS: Readonly<Record<StateWords, 0 | 1 | 2 | 3 | 4>> = {
  board: 0,
  workflow: 1,
  queue: 2,
  task: 3,
  subtask: 4,
}

/** The name of an item's state in one of the vocabularies. */
export function displayState(item: ItemStanding, words: StateWords = 'board'): string {
  const situation = situationOf(item)
  const word = WORDS[situation][COLUMNS[words]]
  return situation === 'retry' && words === 'queue' ? `${word} ${item.attempts + 1}` : word
}

function situationOf({ state, phase, waiting, gateOpen, revised }: ItemStanding): Situation {
  if (revised === true) return 'revision'
  if (gateOpen === true && (state === 'done' || state === 'running')) return 'review'
  switch (state) {
    case 'waiting':
      return situationOfWaiting(waiting)
    case 'running':
      return phase === 'verifying' || phase === 'merging' ? 'review' : (phase ?? 'executing')
    case 'ready':
    case 'done':
    case 'failed':
    case 'cancelled':
    case 'skipped':
      return state
  }
}

function situationOfWaiting(waiting: ItemRow['waiting']): Situation {
  switch (waiting?.for) {
    case undefined:
    case 'dependencies':
      return 'new'
    case 'failed_dependency':
      return 'blocked'
    case 'retry':
      return 'retry'
    case 'merge':
      return 'review'
    case 'approval':
    case 'answer':
    case 'permission':
    case 'budget':
    case 'quota':
    case 'run':
      return 'paused'
  }
}
