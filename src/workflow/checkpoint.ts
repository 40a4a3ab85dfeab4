/** What a checkpoint says, when one is due, and what a budget has to do with it. */
import { isSettled } from './lifecycle.ts'
import type { Standing } from './metrics.ts'
import type { RunState } from './run.ts'
import { readyOf, sayWaits, standingOf } from './status.ts'

export type CheckpointType =
  | 'dispatch-complete'
  | 'phase-complete'
  | 'budget-warning'
  | 'pre-synthesis'
  | 'complete'
  | 'manual'

/** How much is lost without it. */
export const CHECKPOINT_PRIORITIES: Readonly<Record<CheckpointType, 'medium' | 'high' | 'critical'>> = {
  'dispatch-complete': 'medium',
  'phase-complete': 'high',
  'budget-warning': 'high',
  'pre-synthesis': 'critical',
  complete: 'high',
  manual: 'medium',
}

/** How long a checkpoint is of use: for a time, or until its run has come so far. */
export type Retention = { readonly forMs: number } | { readonly until: 'phase' | 'end' | 'success' }

const DAY_MS = 24 * 60 * 60_000

const CHECKPOINT_RETENTIONS: Readonly<Record<CheckpointType, Retention>> = {
  'dispatch-complete': { until: 'phase' },
  'phase-complete': { until: 'end' },
  'budget-warning': { until: 'success' },
  'pre-synthesis': { until: 'success' },
  complete: { forMs: 7 * DAY_MS },
  manual: { forMs: 7 * DAY_MS },
}

/**
 * False for a checkpoint that is of no more use. A run that has failed has not come to its end here: a retry goes on with it.
 * @param checkpoint.later checkpoints that its run has made since
 */
export function isOfUse(
  { type, at, later }: { readonly type: CheckpointType; readonly at: number; readonly later: number },
  run: RunState,
  now: number,
): boolean {
  const retention = CHECKPOINT_RETENTIONS[type]
  if ('forMs' in retention) return now < at + retention.forMs
  const isOver = run === 'completed' || run === 'partially_completed' || run === 'cancelled'
  switch (retention.until) {
    case 'phase':
      return !isOver && later === 0
    case 'end':
      return !isOver
    case 'success':
      return run !== 'completed'
  }
}

/** `feature-phase-2-complete`: what is saved, at which milestone, and a detail. Only what may stand in a file name. */
export function checkpointName(type: string, milestone: string, detail: string | null = null): string {
  return [type, milestone, ...(detail === null ? [] : [detail])]
    .map((part) =>
      part
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/gu, '-')
        .replaceAll(/^-+|-+$/gu, ''),
    )
    .filter((part) => part !== '')
    .join('-')
}

export interface CheckpointContents {
  readonly name: string
  readonly priority: 'medium' | 'high' | 'critical'
  readonly metadata: {
    readonly type: CheckpointType
    /** How many checkpoints there were before it, and this one. */
    readonly phase: number
    readonly at: number
    readonly agents: readonly string[]
    readonly checksum: string
  }
  readonly tasks: {
    readonly dispatched: readonly string[]
    readonly completed: readonly string[]
    readonly pending: readonly string[]
    readonly failed: readonly string[]
  }
  /** Where the results so far are. */
  readonly results: Readonly<Record<string, string>>
  readonly nextActions: readonly string[]
  /** Such as `3/4 complete; 1 running`. */
  readonly summary: string
}

export interface Checkpointing extends Standing {
  readonly type: CheckpointType
  readonly at: number
  readonly agents: readonly string[]
}

/** Everything that somebody needs who goes on with a run. */
export function checkpointOf(checkpointing: Checkpointing): CheckpointContents {
  const { run, type, at, agents } = checkpointing
  const standings = standingOf(checkpointing)
  const ids = (test: (state: string) => boolean): string[] =>
    standings.filter(({ row }) => test(row.state)).map(({ row }) => row.stage)
  const tasks = {
    dispatched: ids((state) => state === 'open'),
    completed: ids((state) => state === 'done' || state === 'skipped'),
    pending: ids((state) => state === 'pending' || state === 'queued'),
    failed: ids((state) => state === 'failed' || state === 'cancelled'),
  }
  const phase = run.checkpoints
  const milestone = type === 'phase-complete' ? `phase-${phase}-complete` : type
  return {
    name: checkpointName(run.workflow, milestone),
    priority: CHECKPOINT_PRIORITIES[type],
    metadata: { type, phase, at, agents, checksum: run.checksum },
    tasks,
    results: Object.fromEntries(
      standings.flatMap(({ row }) =>
        isSettled(row.state) && row.subject !== null ? [[row.stage, row.subject]] : [],
      ),
    ),
    nextActions: [
      ...readyOf(checkpointing).map((stage) => `start ${stage}`),
      ...standings.flatMap(({ row, waitsFor }) =>
        row.state === 'open' && waitsFor !== null ? [`${row.stage} ${sayWaits(waitsFor)}`] : [],
      ),
      ...tasks.failed.map((stage) => `retry ${stage}, or skip it`),
    ],
    summary: [
      `${tasks.completed.length}/${run.total} complete`,
      ...counted(tasks.dispatched.length, 'running'),
      ...counted(tasks.failed.length, 'failed'),
    ].join('; '),
  }
}

function counted(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}`]
}

/** What spending calls for: from 70 % of the limit a warning, from 80 % a checkpoint, from 90 % a checkpoint and a pause. */
export type BudgetCall = 'none' | 'warn' | 'checkpoint' | 'pause'

const CALLS: readonly { readonly share: number; readonly call: BudgetCall }[] = [
  { share: 0.9, call: 'pause' },
  { share: 0.8, call: 'checkpoint' },
  { share: 0.7, call: 'warn' },
]

/** What it has come to; without a limit, nothing. */
export function budgetCall(spent: number, limit: number | null): BudgetCall {
  if (limit === null) return 'none'
  return CALLS.find(({ share }) => spent >= share * limit)?.call ?? 'none'
}

/** What has to be done now that spending has risen; `none` where the same was called for before. */
export function budgetRose(before: number, after: number, limit: number | null): BudgetCall {
  const call = budgetCall(after, limit)
  return call === budgetCall(before, limit) ? 'none' : call
}
