/** How a run stands: what each stage waits for, what may start, and what decides when it ends. */
import { DEFAULT_ESTIMATE_MS } from '../board/definition.ts'
import { isSettled } from './lifecycle.ts'
import type { Standing } from './metrics.ts'
import type { PlannedStage } from './plan.ts'
import { untouchedStage } from './projection.ts'
import type { RunRow, StageRow } from './run.ts'
import { criticalPathOf, type CriticalPath, type Expected } from './schedule.ts'
import { ESCALATED } from './settling.ts'

/** What a stage that is not settled waits for. */
export type WaitsFor =
  | { readonly for: 'stages'; readonly stages: readonly string[] }
  /** As many work as may. */
  | { readonly for: 'turn'; readonly concurrency: number }
  | { readonly for: 'run'; readonly reason: string }
  | { readonly for: 'work'; readonly subject: string | null; readonly settled: number; readonly size: number }
  | { readonly for: 'approval'; readonly question: string }
  | { readonly for: 'decision'; readonly choices: readonly string[]; readonly message: string }
  | { readonly for: 'time'; readonly at: number }
  | { readonly for: 'signal'; readonly signal: string; readonly until: number | null }

/** What a person may say to a failure. */
const CHOICES: readonly string[] = ['retry', 'skip', 'abort']

/** The row of every stage in order of the definition, with what it waits for; null where it is settled, or its run has ended. */
export interface StageStanding {
  readonly row: StageRow
  readonly waitsFor: WaitsFor | null
}

export function standingOf(standing: Standing): StageStanding[] {
  const { plan, run } = standing
  const rows = rowsOf(standing)
  const isOver = run.state !== 'running' && run.state !== 'paused'
  return [...plan.stages.values()].map((planned) => {
    const row = rows.get(planned.id) as StageRow
    return { row, waitsFor: isOver ? null : waitsFor(run, row, planned, rows) }
  })
}

/** What a stage waits for, as a sentence without its name. */
export function sayWaits(waits: WaitsFor): string {
  switch (waits.for) {
    case 'stages':
      return `waits for ${waits.stages.join(', ')}`
    case 'turn':
      return `waits for its turn: ${waits.concurrency} work at a time`
    case 'run':
      return `is held: ${waits.reason}`
    case 'work':
      return waits.size === 1
        ? `runs as ${waits.subject}`
        : `runs: ${waits.settled} of ${waits.size} are settled`
    case 'approval':
      return `waits for an approval: ${waits.question}`
    case 'decision':
      return `has failed and waits for a decision (${waits.choices.join(', ')}): ${waits.message}`
    case 'time':
      return 'waits for its time'
    case 'signal':
      return `waits for the signal "${waits.signal}"`
  }
}

/** Stages that have not begun and of which everything that they need is settled. */
export function readyOf(standing: Standing): string[] {
  return [...rowsOf(standing).values()]
    .filter(({ state, unmet }) => state === 'queued' || (state === 'pending' && unmet === 0))
    .map(({ stage }) => stage)
}

/** The stages, of those that are not settled, that decide when a run ends. */
export function criticalLeft(
  standing: Standing,
  expected: Expected = () => DEFAULT_ESTIMATE_MS,
): CriticalPath {
  const rows = rowsOf(standing)
  return criticalPathOf(standing.plan, (stage) =>
    isSettled((rows.get(stage) as StageRow).state) ? 0 : expected(stage),
  )
}

/** A run in the words of the sources. */
export interface WorkflowState {
  readonly workflow_id: string
  readonly name: string
  readonly description: string | null
  readonly tasks: readonly {
    readonly id: string
    readonly status: StageRow['state']
    readonly dependencies: readonly string[]
  }[]
  readonly active_agents: readonly string[]
  readonly completed_tasks: readonly string[]
  readonly failed_tasks: readonly string[]
  /** `initialized` until its first stage has begun. */
  readonly workflow_status: 'initialized' | RunRow['state']
  readonly timestamps: { readonly created: number; readonly completed: number | null }
  readonly metadata: { readonly workflow: string; readonly definition: string; readonly revision: number }
}

export function workflowStateOf(standing: Standing, activeAgents: readonly string[]): WorkflowState {
  const { plan, run } = standing
  const rows = [...rowsOf(standing).values()]
  const inState = (...states: readonly StageRow['state'][]): string[] =>
    rows.filter(({ state }) => states.includes(state)).map(({ stage }) => stage)
  return {
    workflow_id: run.id,
    name: plan.definition.name,
    description: plan.definition.description,
    tasks: rows.map(({ stage, state }) => ({
      id: stage,
      status: state,
      dependencies: (plan.stages.get(stage) as PlannedStage).needs,
    })),
    active_agents: activeAgents,
    completed_tasks: inState('done', 'skipped'),
    failed_tasks: inState('failed'),
    workflow_status: run.steps === 0 && run.state === 'running' ? 'initialized' : run.state,
    timestamps: { created: run.startedAt, completed: run.settledAt },
    metadata: { workflow: run.workflow, definition: run.definition, revision: run.revision },
  }
}

/** A row for every stage in order of the definition. */
function rowsOf({ plan, run, stages }: Standing): Map<string, StageRow> {
  const made = new Map(stages.map((row) => [row.stage, row]))
  return new Map(
    [...plan.stages.values()].map(({ id, position, needs }) => [
      id,
      made.get(id) ?? untouchedStage(run.id, id, position, needs.length),
    ]),
  )
}

function waitsFor(
  run: RunRow,
  row: StageRow,
  { definition, needs }: PlannedStage,
  rows: ReadonlyMap<string, StageRow>,
): WaitsFor | null {
  if (isSettled(row.state)) return null
  if (row.state === 'pending')
    return { for: 'stages', stages: needs.filter((need) => !isSettled((rows.get(need) as StageRow).state)) }
  if (row.state === 'queued')
    return run.state === 'paused'
      ? { for: 'run', reason: sayPaused(run.reason) }
      : { for: 'turn', concurrency: run.busy }
  switch (row.waiting) {
    case 'approval': {
      const isAsked = definition.kind === 'gate' && definition.judge.by === 'person'
      return { for: 'approval', question: isAsked ? definition.judge.question : definition.title }
    }
    case 'decision':
      return { for: 'decision', choices: CHOICES, message: row.error?.message ?? '' }
    case 'time':
      return { for: 'time', at: row.wakeAt ?? run.startedAt }
    case 'signal': {
      const signal =
        definition.kind === 'wait' && definition.until.for === 'signal'
          ? definition.until.signal
          : definition.title
      return { for: 'signal', signal, until: row.wakeAt }
    }
    default: {
      const { subject, size, succeeded, failures } = row
      return { for: 'work', subject, settled: succeeded + failures, size }
    }
  }
}

function sayPaused(reason: string | null): string {
  return reason === ESCALATED ? 'a stage that failed waits for a decision' : (reason ?? 'the run is paused')
}
