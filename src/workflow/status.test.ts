import { describe, expect, it } from 'vitest'
import { approval, map, reviewGate, wait, work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'
import type { Standing } from './metrics.ts'
import { criticalLeft, readyOf, sayWaits, standingOf, workflowStateOf } from './status.ts'

const of = ({ plan, run, stages }: RowRun): Standing => ({ plan, run, stages })

/** What each stage waits for, in words. */
function waits(run: RowRun): Record<string, string | null> {
  return Object.fromEntries(
    standingOf(of(run)).map(({ row, waitsFor }) => [
      row.stage,
      waitsFor === null ? null : sayWaits(waitsFor),
    ]),
  )
}

describe('the status of a run', () => {
  it('B17: says of each stage what it waits for', () => {
    const signal = { for: 'signal', signal: 'go', timeoutMs: 100 } as const
    const stages = [
      work('a'),
      work('b', ['a']),
      map('m'),
      work('later'),
      approval('ok', []),
      wait('time', [], { for: 'time', ms: 10 }),
      wait('signal', [], signal),
    ]
    const run = new RowRun(workflow(stages, { concurrency: 2 }), { list: [1, 2, 3] })
    expect(waits(run)).toEqual({
      a: 'runs as feature-1/a',
      b: 'waits for a',
      m: 'runs: 0 of 3 are settled',
      later: 'waits for its turn: 2 work at a time',
      ok: 'waits for an approval: Ship it?',
      time: 'waits for its time',
      signal: 'waits for the signal "go"',
    })
    expect(standingOf(of(run)).map(({ waitsFor }) => waitsFor)).toContainEqual({ for: 'time', at: 1020 })
    run.happen({ on: 'paused', reason: 'Lunch.' })
    expect(waits(run)['later']).toBe('is held: Lunch.')
  })

  it('AS-71: says that a failed stage waits for a person, with what may be said', () => {
    const run = new RowRun(
      workflow([work('a', [], { onFailure: 'escalate' }), work('b')], { concurrency: 1 }),
    )
    run.failed('a')
    expect(waits(run)).toEqual({
      a: 'has failed and waits for a decision (retry, skip, abort): It broke.',
      b: 'is held: a stage that failed waits for a decision',
    })
  })

  it('names nothing of a run that has ended, nor of what is settled', () => {
    const run = new RowRun(workflow([work('a'), work('b', ['a'])]))
    run.failed('a')
    expect(waits(run)).toEqual({ a: null, b: null })
    const going = new RowRun(workflow([work('a'), work('b', ['a'])]))
    going.done('a')
    expect(waits(going)).toEqual({ a: null, b: 'runs as feature-1/b' })
  })

  it('D24: names what is ready and the critical path of what is left', () => {
    const run = new RowRun(
      workflow([work('a'), work('b', ['a']), work('c'), work('d', ['b', 'c'])], { concurrency: 1 }),
    )
    expect(readyOf(of(run))).toEqual(['c'])
    expect(criticalLeft(of(run)).stages).toEqual(['a', 'b', 'd'])
    run.done('a')
    expect(criticalLeft(of(run), () => 10)).toEqual({ stages: ['b', 'd'], ms: 20 })
  })

  it('D24: is told in the words of the sources', () => {
    const run = new RowRun(workflow([work('a'), work('b', ['a'])]))
    run.done('a')
    expect(workflowStateOf(of(run), ['impl'])).toEqual({
      workflow_id: 'feature-1',
      name: 'feature',
      description: null,
      tasks: [
        { id: 'a', status: 'done', dependencies: [] },
        { id: 'b', status: 'open', dependencies: ['a'] },
      ],
      active_agents: ['impl'],
      completed_tasks: ['a'],
      failed_tasks: [],
      workflow_status: 'running',
      timestamps: { created: 1000, completed: null },
      metadata: { workflow: 'feature', definition: 'd'.repeat(64), revision: run.run.revision },
    })
    const fresh = { ...of(run), run: { ...run.run, steps: 0 } }
    expect(workflowStateOf(fresh, []).workflow_status).toBe('initialized')
  })

  it('tells of rows that do not fit their definition what it can', () => {
    const run = new RowRun(workflow([reviewGate('a', []), wait('w', [], { for: 'time', ms: 1 })]))
    const [first, second] = run.stages
    if (first === undefined || second === undefined) throw new Error('Two stages have begun.')
    const standing = {
      ...of(run),
      run: { ...run.run, state: 'paused' as const },
      stages: [
        { ...first, waiting: 'approval' as const },
        { ...second, waiting: 'signal' as const },
      ],
    }
    expect(standingOf(standing).map(({ waitsFor }) => waitsFor)).toEqual([
      { for: 'approval', question: 'a' },
      { for: 'signal', signal: 'w', until: second.wakeAt },
    ])
    const bare = [
      { ...first, waiting: 'decision' as const },
      { ...second, wakeAt: null },
    ]
    expect(standingOf({ ...standing, stages: bare }).map(({ waitsFor }) => waitsFor)).toEqual([
      { for: 'decision', choices: ['retry', 'skip', 'abort'], message: '' },
      { for: 'time', at: 1000 },
    ])
    const held = bare.map((row) => ({ ...row, state: 'queued' as const }))
    expect(standingOf({ ...standing, stages: held })[0]?.waitsFor).toEqual({
      for: 'run',
      reason: 'the run is paused',
    })
  })
})
