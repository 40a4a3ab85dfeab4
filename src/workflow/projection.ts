/** How the events of workflows become rows: `workflow`, `run` and `stage`. */
import { AtelierError } from '../errors.ts'
import type { AtelierEvent, EventOf, NewEvent } from '../events.ts'
import type { RowChange, RowLookup, RowRef } from '../tables.ts'
import { nextRunState, nextStageState, type RunStep, type StageStep } from './lifecycle.ts'
import { runId, subjectId } from './names.ts'
import { failedStage } from './failures.ts'
import type { RunRow, StageRow } from './run.ts'
import { NO_TALLY, retally } from './tally.ts'

/** The events of workflows. */
export type WorkflowEvent = Extract<
  AtelierEvent,
  { readonly type: `workflow.${string}` | `run.${string}` | `stage.${string}` }
>
type RunEvent = Extract<WorkflowEvent, { readonly type: `run.${string}` }>
export type StageEvent = Extract<WorkflowEvent, { readonly type: `stage.${string}` }>

/** The rows that an event of a workflow reads. */
export function workflowReads(event: NewEvent): RowRef[] {
  switch (event.type) {
    case 'workflow.defined':
    case 'run.started':
      return [{ table: 'workflow', key: event.data.workflow }]
    case 'run.paused':
    case 'run.resumed':
    case 'run.reopened':
    case 'run.checkpointed':
    case 'run.ended':
      return [{ table: 'run', key: event.data.run }]
    case 'stage.met':
    case 'stage.queued':
    case 'stage.opened':
    case 'stage.posted':
    case 'stage.counted':
    case 'stage.scored':
    case 'stage.escalated':
    case 'stage.done':
    case 'stage.failed':
    case 'stage.skipped':
    case 'stage.cancelled':
    case 'stage.rewound':
    case 'stage.signalled':
      return [
        { table: 'run', key: event.data.run },
        { table: 'stage', key: stageKey(event.data.run, event.data.stage) },
      ]
    default:
      return []
  }
}

/** The rows after an event of a workflow. */
export function applyWorkflow(event: WorkflowEvent, rows: RowLookup): RowChange[] {
  switch (event.type) {
    case 'workflow.defined': {
      const { workflow: name, definition } = event.data
      const shipped = event.data.shipped ? 1 : 0
      const runs = rows('workflow', name)?.runs ?? 0
      return [{ table: 'workflow', key: name, row: { name, definition, shipped, runs, definedAt: event.at } }]
    }
    case 'run.started':
      return applyStarted(event, rows)
    case 'run.paused':
      return [moved(event, rows, 'paused', () => ({ reason: event.data.reason }))]
    case 'run.resumed':
      return [moved(event, rows, 'resumed', () => ({ reason: null }))]
    case 'run.reopened':
      return [moved(event, rows, 'reopened', () => ({ error: null, settledAt: null, steps: 0 }))]
    case 'run.checkpointed':
      return [moved(event, rows, null, () => ({ checkpoints: event.data.number }))]
    case 'run.ended': {
      const { state, error } = event.data
      return [moved(event, rows, state, () => ({ error, reason: null, settledAt: event.at }))]
    }
    // It is for people and programs that watch.
    case 'run.warned':
      return []
    case 'run.removed':
      return applyRemoved(event)
    default:
      return applyStage(event, rows)
  }
}

/** The key of a stage's row. */
export function stageKey(run: string, stage: string): string {
  return subjectId(run, stage, 1)
}

/** The row of a run that has just started. */
export function startedRun({
  data,
  at,
  actor,
}: Pick<EventOf<'run.started'>, 'data' | 'at' | 'actor'>): RunRow {
  return {
    id: data.run,
    workflow: data.workflow,
    definition: data.definition,
    state: 'running',
    inputs: data.inputs,
    change: data.change,
    parentRun: data.parentRun,
    parentStage: data.parentStage,
    parentRound: data.parentRound,
    parentIndex: data.parentIndex,
    ...NO_TALLY,
    steps: 0,
    total: data.total,
    checkpoints: 0,
    reason: null,
    error: null,
    startedBy: actor,
    startedAt: at,
    settledAt: null,
    revision: 1,
  }
}

/** The row of a stage that nothing has touched. */
export function untouchedStage(run: string, stage: string, position: number, needs: number): StageRow {
  return {
    id: stageKey(run, stage),
    run,
    stage,
    state: 'pending',
    position,
    round: 1,
    tries: 0,
    unmet: needs,
    live: 0,
    broken: 0,
    ...UNOPENED,
    scores: [],
    best: null,
    feedbackStage: null,
    feedbackRound: null,
    outdated: 0,
    signal: null,
  }
}

/** What a stage has before it is opened in a round. */
const UNOPENED = {
  waiting: null,
  size: 0,
  posted: 0,
  succeeded: 0,
  failures: 0,
  subject: null,
  tree: null,
  decision: null,
  flawed: 0,
  wakeAt: null,
  error: null,
  startedAt: null,
  settledAt: null,
} as const

function applyStarted(event: EventOf<'run.started'>, rows: RowLookup): RowChange[] {
  const run = startedRun(event)
  const workflow = rows('workflow', run.workflow)
  // The body of a loop or a map has no name of its own; a child run is named after its stage, and takes no number.
  const isNumbered = workflow !== undefined && run.id === runId(run.workflow, workflow.runs + 1)
  return [
    { table: 'run', key: run.id, row: run },
    ...(isNumbered
      ? [{ table: 'workflow', key: workflow.name, row: { ...workflow, runs: workflow.runs + 1 } } as const]
      : []),
  ]
}

function applyRemoved({ data }: EventOf<'run.removed'>): RowChange[] {
  return [
    { table: 'run', key: data.run, row: null },
    ...data.stages.map((stage): RowChange => ({ table: 'stage', key: stageKey(data.run, stage), row: null })),
  ]
}

function moved(
  event: Exclude<RunEvent, EventOf<'run.started' | 'run.removed'>>,
  rows: RowLookup,
  step: RunStep | null,
  fields: () => Partial<RunRow>,
): RowChange {
  const row = rows('run', event.data.run)
  if (row === undefined) throw missing('run', event.data.run)
  const state = step === null ? row.state : nextRunState(row.state, step)
  if (state === undefined) throw notAllowed('run', row, event.type)
  return {
    table: 'run',
    key: row.id,
    row: { ...row, state, ...fields(), revision: row.revision + 1 },
  }
}

/** The step of the lifecycle that an event of a stage is. */
function stepOf(type: StageEvent['type']): StageStep {
  switch (type) {
    case 'stage.met':
      return 'met'
    case 'stage.queued':
      return 'queued'
    case 'stage.opened':
      return 'opened'
    case 'stage.posted':
    case 'stage.counted':
    case 'stage.scored':
      return 'worked'
    case 'stage.escalated':
      return 'escalated'
    case 'stage.done':
      return 'done'
    case 'stage.failed':
      return 'failed'
    case 'stage.skipped':
      return 'skipped'
    case 'stage.cancelled':
      return 'cancelled'
    case 'stage.rewound':
      return 'rewound'
    case 'stage.signalled':
      return 'signalled'
  }
}

/** Whether the lifecycle allows an event now. */
export function canHappen({ state }: StageRow, type: StageEvent['type']): boolean {
  return nextStageState(state, stepOf(type)) !== undefined
}

function applyStage(event: StageEvent, rows: RowLookup): RowChange[] {
  const { run: id, stage, position, needs } = event.data
  const run = rows('run', id)
  if (run === undefined) throw missing('run', id)
  const key = stageKey(id, stage)
  const before = rows('stage', key)
  const row = before ?? untouchedStage(id, stage, position, needs)
  const state = nextStageState(row.state, stepOf(event.type))
  if (state === undefined) throw notAllowed('stage', row, event.type)
  const waiting = state === 'open' ? row.waiting : null
  const after: StageRow = { ...row, state, waiting, ...fieldsOf(event, row) }
  const failure = event.type === 'stage.failed' && !event.data.handled ? event.data.error : null
  const tally = retally(run, before, after)
  const counted: RunRow = {
    ...run,
    ...tally,
    steps: run.steps + (event.type === 'stage.opened' ? 1 : 0),
    // A failure that is skipped or done again is none of the run any more.
    error:
      tally.unhandled === 0 ? null : (run.error ?? (failure === null ? null : failedStage(stage, failure))),
    revision: run.revision + 1,
  }
  return [
    { table: 'run', key: id, row: counted },
    { table: 'stage', key, row: after },
  ]
}

/** What an event says about its stage, beyond its state. */
function fieldsOf(event: StageEvent, row: StageRow): Partial<StageRow> {
  switch (event.type) {
    case 'stage.met': {
      const { live, broken } = event.data
      return {
        unmet: row.unmet - 1,
        live: row.live + (live ? 1 : 0),
        broken: row.broken + (broken ? 1 : 0),
      }
    }
    case 'stage.queued':
      return { round: event.data.round }
    case 'stage.opened': {
      const { round, size, waiting, subject, wakeAt } = event.data
      return { ...UNOPENED, round, size, waiting, subject, wakeAt, startedAt: event.at }
    }
    case 'stage.posted':
      return { posted: event.data.posted }
    case 'stage.counted': {
      const { succeeded, posted } = event.data
      return succeeded ? { posted, succeeded: row.succeeded + 1 } : { posted, failures: row.failures + 1 }
    }
    case 'stage.scored':
      return { ...scored(row, event.data.score), tries: row.tries + 1, decision: event.data.decision }
    case 'stage.escalated':
      return { waiting: 'decision', error: event.data.error }
    case 'stage.done': {
      const { subject, tree, decision, score, flawed } = event.data
      const scores = score === null ? {} : scored(row, score)
      return { subject, tree, decision, flawed: flawed ? 1 : 0, ...scores, settledAt: event.at, error: null }
    }
    case 'stage.failed': {
      const { error, handled } = event.data
      return { error, decision: handled ? 'handled' : null, settledAt: event.at }
    }
    case 'stage.skipped': {
      const { why, error } = event.data
      return { decision: why, error, flawed: why === 'failed' ? 1 : 0, settledAt: event.at }
    }
    case 'stage.cancelled':
      return { settledAt: event.at }
    case 'stage.rewound': {
      const { round, unmet, live, broken, tries, feedbackStage, feedbackRound, outdated } = event.data
      const best = tries === 0 ? null : row.best
      const rewound = {
        ...UNOPENED,
        round,
        unmet,
        live,
        broken,
        tries,
        best,
        feedbackStage,
        feedbackRound,
        outdated,
      }
      // What a person skipped stays skipped, unless it is this that a person wants.
      return event.data.keepsSkip ? { ...rewound, decision: row.decision } : rewound
    }
    case 'stage.signalled':
      return { signal: event.data.value }
  }
}

/** The score of the present round, in its place. */
function scored({ scores, round, tries }: StageRow, score: number | null): Partial<StageRow> {
  const before = Array.from({ length: round - 1 }, (_, index) => scores[index] ?? null)
  const all = [...before, score]
  return { scores: all, best: bestOf(all, round - tries) }
}

/** The round with the best score, from a round on; null where none has one. */
function bestOf(scores: readonly (number | null)[], from: number): number | null {
  let best: number | null = null
  for (let round = Math.max(1, from); round <= scores.length; round++) {
    const score = scores[round - 1] ?? null
    if (score !== null && (best === null || score >= (scores[best - 1] as number))) best = round
  }
  return best
}

function missing(what: string, key: string): AtelierError {
  return new AtelierError(
    'store_corrupt',
    `The log names the ${what} "${key}", which no earlier event made.`,
    {
      details: { [what]: key },
    },
  )
}

function notAllowed(
  what: string,
  { id, state }: { readonly id: string; readonly state: string },
  type: string,
): AtelierError {
  return new AtelierError(
    'invalid_transition',
    `The ${what} ${id} is ${state}; ${type} does not apply to it.`,
    {
      details: { [what]: id, from: state, event: type },
    },
  )
}
