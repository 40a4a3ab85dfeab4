import { describe, expect, it } from 'vitest'
import { work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'
import {
  budgetCall,
  budgetRose,
  CHECKPOINT_PRIORITIES,
  checkpointName,
  checkpointOf,
  isOfUse,
  type CheckpointType,
} from './checkpoint.ts'
import type { RunState } from './run.ts'

describe('a checkpoint', () => {
  it('C24: is named after what is saved, its milestone and a detail', () => {
    expect(checkpointName('review', 'phase 2 complete', '3/4 Agents')).toBe(
      'review-phase-2-complete-3-4-agents',
    )
    expect(checkpointName('review', 'complete')).toBe('review-complete')
    expect(checkpointName('review', '!', null)).toBe('review')
  })

  it('C23, C24: holds how the stages stand, where results are and what comes next', () => {
    const run = new RowRun(
      workflow([work('a'), work('b', ['a']), work('c', ['a']), work('d', ['b'])], { concurrency: 1 }),
    )
    run.done('a')
    const { plan, run: row, stages } = run
    const contents = (type: CheckpointType): ReturnType<typeof checkpointOf> =>
      checkpointOf({ plan, run: row, stages, type, at: 5000, agents: ['impl'] })
    expect(contents('phase-complete')).toEqual({
      name: 'feature-phase-1-complete',
      priority: 'high',
      metadata: { type: 'phase-complete', phase: 1, at: 5000, agents: ['impl'], checksum: row.checksum },
      tasks: { dispatched: ['b'], completed: ['a'], pending: ['c', 'd'], failed: [] },
      results: { a: 'feature-1/a' },
      nextActions: ['start c', 'b runs as feature-1/b'],
      summary: '1/4 complete; 1 running',
    })
    run.failed('b')
    const failed = checkpointOf({
      plan,
      run: run.run,
      stages: run.stages,
      type: 'complete',
      at: 1,
      agents: [],
    })
    expect(failed).toMatchObject({ name: 'feature-complete', summary: '1/4 complete; 1 failed' })
    expect(failed.nextActions).toContain('retry b, or skip it')
  })

  it('C23: is as urgent as what would be lost', () => {
    expect(CHECKPOINT_PRIORITIES).toMatchObject({
      'dispatch-complete': 'medium',
      'phase-complete': 'high',
      'budget-warning': 'high',
      'pre-synthesis': 'critical',
      complete: 'high',
    })
  })

  it('C27: is of use for a week at the end, else until its phase, its run or its success', () => {
    const at = 1_000_000
    const week = 7 * 24 * 60 * 60_000
    const kept = (type: CheckpointType, run: RunState, now = at, later = 1): boolean =>
      isOfUse({ type, at, later }, run, now)
    expect([kept('complete', 'completed', at + week - 1), kept('complete', 'completed', at + week)]).toEqual([
      true,
      false,
    ])
    const states = ['running', 'paused', 'failed', 'partially_completed', 'cancelled', 'completed'] as const
    const keptIn = (type: CheckpointType, later?: number): readonly RunState[] =>
      states.filter((state) => kept(type, state, at + 2 * week, later))
    expect(keptIn('phase-complete')).toEqual(['running', 'paused', 'failed'])
    expect(keptIn('budget-warning')).toEqual(states.slice(0, -1))
    expect(keptIn('pre-synthesis')).toEqual(states.slice(0, -1))
    expect(keptIn('dispatch-complete', 0)).toEqual(['running', 'paused', 'failed'])
    expect(keptIn('dispatch-complete', 1)).toEqual([])
    expect(keptIn('manual')).toEqual([])
  })
})

describe('a budget', () => {
  it('C26, AS-99: warns at 70 %, wants a checkpoint at 80 % and a pause at 90 %', () => {
    expect([69, 70, 79, 80, 89, 90, 200].map((spent) => budgetCall(spent, 100))).toEqual([
      ...['none', 'warn', 'warn', 'checkpoint', 'checkpoint', 'pause', 'pause'],
    ])
    expect(budgetCall(1_000_000, null)).toBe('none')
  })

  it('C26: calls for the same only once', () => {
    expect(budgetRose(60, 75, 100)).toBe('warn')
    expect(budgetRose(72, 75, 100)).toBe('none')
    expect(budgetRose(75, 95, 100)).toBe('pause')
  })
})
