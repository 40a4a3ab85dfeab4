/**
 * The lifecycles of a stage and of a run. A test derives these tables from {@link nextStageState} and {@link nextRunState}.
 *
 * | stage     | met     | queued | opened | worked | escalated | done | failed | skipped | cancelled | rewound | signalled |
 * |-----------|---------|--------|--------|--------|-----------|------|--------|---------|-----------|---------|-----------|
 * | pending   | pending | queued | open   | -      | open      | -    | failed | skipped | -         | pending | pending   |
 * | queued    | -       | -      | open   | -      | open      | -    | failed | skipped | -         | pending | queued    |
 * | open      | -       | queued | open   | open   | open      | done | failed | skipped | cancelled | pending | open      |
 * | done      | -       | -      | -      | -      | -         | -    | -      | -       | -         | pending | -         |
 * | failed    | -       | -      | -      | -      | -         | -    | -      | skipped | -         | pending | -         |
 * | skipped   | skipped | -      | -      | -      | -         | -    | -      | -       | -         | pending | -         |
 * | cancelled | -       | -      | -      | -      | -         | -    | -      | skipped | -         | pending | -         |
 *
 * An open stage is queued or opened again by the next round of a loop. What a person skipped goes on counting what it needs, in case
 * it is wanted after all. `worked` is what happens to its items: `stage.posted`,
 * `stage.counted` and `stage.scored`.
 *
 * | run                 | paused | resumed | completed | partially_completed | failed | cancelled | reopened |
 * |---------------------|--------|---------|-----------|---------------------|--------|-----------|----------|
 * | running             | paused | -       | completed | partially_completed | failed | cancelled | -        |
 * | paused              | paused | running | completed | partially_completed | failed | cancelled | -        |
 * | completed           | -      | -       | -         | -                   | -      | -         | running  |
 * | partially_completed | -      | -       | -         | -                   | -      | -         | running  |
 * | failed              | -      | -       | -         | -                   | -      | -         | running  |
 * | cancelled           | -      | -       | -         | -                   | -      | -         | running  |
 */
import type { RunState, StageState } from './run.ts'

export type StageStep =
  | 'met'
  | 'queued'
  | 'opened'
  | 'worked'
  | 'escalated'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'cancelled'
  | 'rewound'
  | 'signalled'

const STAGE_STEPS: Readonly<Record<StageState, Partial<Record<StageStep, StageState>>>> = {
  pending: {
    met: 'pending',
    queued: 'queued',
    opened: 'open',
    escalated: 'open',
    failed: 'failed',
    skipped: 'skipped',
    rewound: 'pending',
    signalled: 'pending',
  },
  queued: {
    opened: 'open',
    escalated: 'open',
    failed: 'failed',
    skipped: 'skipped',
    rewound: 'pending',
    signalled: 'queued',
  },
  open: {
    queued: 'queued',
    opened: 'open',
    worked: 'open',
    escalated: 'open',
    done: 'done',
    failed: 'failed',
    skipped: 'skipped',
    cancelled: 'cancelled',
    rewound: 'pending',
    signalled: 'open',
  },
  done: { rewound: 'pending' },
  failed: { skipped: 'skipped', rewound: 'pending' },
  skipped: { met: 'skipped', rewound: 'pending' },
  cancelled: { skipped: 'skipped', rewound: 'pending' },
}

/** The state after a step; undefined where the step is not allowed. */
export function nextStageState(state: StageState, step: StageStep): StageState | undefined {
  return STAGE_STEPS[state][step]
}

/** True if nothing more happens to it by itself. */
export function isSettled(state: StageState): boolean {
  return state !== 'pending' && state !== 'queued' && state !== 'open'
}

export type RunEnd = Exclude<RunState, 'running' | 'paused'>
export type RunStep = 'paused' | 'resumed' | RunEnd | 'reopened'

const ENDS = {
  completed: 'completed',
  partially_completed: 'partially_completed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const

const RUN_STEPS: Readonly<Record<RunState, Partial<Record<RunStep, RunState>>>> = {
  running: { paused: 'paused', ...ENDS },
  paused: { paused: 'paused', resumed: 'running', ...ENDS },
  completed: { reopened: 'running' },
  partially_completed: { reopened: 'running' },
  failed: { reopened: 'running' },
  cancelled: { reopened: 'running' },
}

/** The state after a step; undefined where the step is not allowed. */
export function nextRunState(state: RunState, step: RunStep): RunState | undefined {
  return RUN_STEPS[state][step]
}

/** True if a run has come to its end; a person may reopen it. */
export function hasEnded(state: RunState): boolean {
  return state !== 'running' && state !== 'paused'
}
