/** What is measured of a run, in the words of the sources: exactly these fields. */
import { DEFAULT_ESTIMATE_MS } from '../board/definition.ts'
import { hasEnded, isSettled } from './lifecycle.ts'
import type { Plan } from './plan.ts'
import type { RunRow, StageRow } from './run.ts'
import { criticalPathOf, type Expected } from './schedule.ts'

export interface WorkflowMetrics {
  readonly workflow_id: string
  readonly status: RunRow['state']
  readonly progress: {
    readonly total: number
    /** Done, and skipped ones: nothing more is to be done for them. */
    readonly completed: number
    readonly failed: number
    readonly in_progress: number
    /** 0 to 100; 0 for a workflow without stages. */
    readonly percentage: number
  }
  /** Agents that are at work on it. */
  readonly active_agents: number
  /** How long it will still take, ms; 0 when it has ended. It falls as time passes and as stages are settled. */
  readonly estimated_completion: number
}

/** A run as it stands. */
export interface Standing {
  readonly plan: Plan
  readonly run: RunRow
  /** Rows of its stages; those that nothing has touched have none. */
  readonly stages: readonly StageRow[]
}

export interface Measuring extends Standing {
  readonly activeAgents: number
  readonly now: number
  /** How long a stage takes, from what such stages took before. */
  readonly expected?: Expected
}

export function metricsOf(measuring: Measuring): WorkflowMetrics {
  const { run, activeAgents } = measuring
  const { total, open, failed } = run
  const completed = run.done + run.skipped
  return {
    workflow_id: run.id,
    status: run.state,
    progress: {
      total,
      completed,
      failed,
      in_progress: open,
      percentage: total === 0 ? 0 : (completed / total) * 100,
    },
    active_agents: activeAgents,
    estimated_completion: hasEnded(run.state) ? 0 : remainingMs(measuring),
  }
}

/**
 * The longest way through what is left, and never less than all that is left at full width. What a stage is expected to take does
 * not change while it runs, so that the estimate falls until something is sent back.
 */
function remainingMs({ plan, stages, now, expected = () => DEFAULT_ESTIMATE_MS }: Measuring): number {
  const rows = new Map(stages.map((row) => [row.stage, row]))
  const left: Expected = (stage) => {
    const row = rows.get(stage)
    if (row === undefined) return expected(stage)
    if (isSettled(row.state)) return 0
    return Math.max(0, expected(stage) - (row.startedAt === null ? 0 : now - row.startedAt))
  }
  const all = [...plan.stages.keys()].reduce((sum, stage) => sum + left(stage), 0)
  return Math.round(Math.max(criticalPathOf(plan, left).ms, all / plan.definition.concurrency))
}
