import { describe, expect, it } from 'vitest'
import { loop, work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'
import { metricsOf, type WorkflowMetrics } from './metrics.ts'

const MINUTE_MS = 60_000

function measured(run: RowRun, now = run.now): WorkflowMetrics {
  return metricsOf({
    plan: run.plan,
    run: run.run,
    stages: run.stages,
    activeAgents: 3,
    now,
    expected: () => MINUTE_MS,
  })
}

describe('the metrics of a run', () => {
  it('D16, AS-112: of no stages are 0 %', () => {
    expect(measured(new RowRun(workflow([])))).toEqual({
      workflow_id: 'feature-1',
      status: 'completed',
      progress: { total: 0, completed: 0, failed: 0, in_progress: 0, percentage: 0 },
      active_agents: 3,
      estimated_completion: 0,
    })
  })

  it('D16, AS-112: of 8 stages of which 2 are done, 1 has failed and 3 run are 25 %', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const run = new RowRun(
      workflow(
        ids.map((id) => work(id)),
        { concurrency: 6 },
      ),
    )
    run.failed('a')
    // Those that were running go on; nothing new begins after a failure.
    run.done('b')
    run.done('c')
    expect(measured(run).progress).toEqual({
      total: 8,
      completed: 2,
      failed: 1,
      in_progress: 3,
      percentage: 25,
    })
  })

  it('D16, AS-112: have an estimate that falls with time and with every stage', () => {
    const run = new RowRun(
      workflow([work('a'), work('b', ['a']), work('c'), loop('d', ['b', 'c'])], { concurrency: 2 }),
    )
    const estimates = [
      measured(run).estimated_completion,
      measured(run, run.now + 20_000).estimated_completion,
    ]
    for (const stage of ['a', 'b', 'c']) {
      run.done(stage)
      estimates.push(measured(run, run.now + 20_000).estimated_completion)
    }
    run.done('d', { score: 80 })
    estimates.push(measured(run).estimated_completion)
    expect(estimates).toEqual([180_000, 160_000, 100_000, 99_980, 40_000, 0])
    expect(estimates).toEqual([...new Set(estimates)].toSorted((a, b) => b - a))
  })

  it('D16: never estimate less than what is left at full width', () => {
    const run = new RowRun(
      workflow(
        ['a', 'b', 'c', 'd'].map((id) => work(id)),
        { concurrency: 2 },
      ),
    )
    expect(measured(run).estimated_completion).toBe(2 * MINUTE_MS)
    expect(measured(run, run.now + 10 * MINUTE_MS).estimated_completion).toBe(MINUTE_MS)
    const standing = { plan: run.plan, run: run.run, stages: run.stages, activeAgents: 0, now: run.now }
    expect(metricsOf(standing).estimated_completion).toBe(10 * MINUTE_MS)
  })
})
