import { describe, expect, it } from 'vitest'
import { arm, branch, join, work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'

describe('branches', () => {
  it('B03, AS-55: take the first case that holds, and none where nothing does', () => {
    const stages = [
      branch('b', [], { one: 'inputs.n == 1', small: 'inputs.n < 5' }),
      arm(work('one', ['b']), 'b', 'one'),
      arm(work('small', ['b']), 'b', 'small'),
      work('after', ['one', 'small']),
    ]
    const states = (n: number): unknown => new RowRun(workflow(stages), { n }).states
    expect(states(1)).toMatchObject({ one: 'open', small: 'skipped' })
    expect(states(2)).toMatchObject({ one: 'skipped', small: 'open' })
    expect(states(9)).toMatchObject({ one: 'skipped', small: 'skipped', after: 'skipped' })
  })

  it('come together where one arm was taken', () => {
    const stages = [
      branch('b', [], { x: 'true' }),
      arm(work('x', ['b']), 'b', 'x'),
      arm(work('y', ['b']), 'b', 'y'),
      join('j', ['x', 'y']),
    ]
    const run = new RowRun(workflow(stages))
    run.done('x')
    expect(run.states).toMatchObject({ y: 'skipped', j: 'open' })
    run.done('j')
    expect(run.run).toMatchObject({ state: 'completed', skipped: 1 })
  })

  it('B03, AS-55: are given the failure before them, with its message as an issue', () => {
    const failure = 'status == "failed" && issues[0] == "It broke."'
    const run = new RowRun(workflow([work('a'), work('last'), branch('b', ['a', 'last'], { bad: failure })]))
    run.failed('a')
    run.done('last')
    expect(run.stage('b')?.decision).toBe('bad')
  })

  it('B03, AS-55: hand the failure on to the arm that they chose, which may read it', () => {
    const stages = [
      work('a'),
      branch('b', ['a'], { good: 'status == "success"' }, 'bad'),
      arm(work('ship', ['a', 'b']), 'b', 'good'),
      arm(work('repair', ['a', 'b'], { when: 'stages.a.issues == ["It broke."]' }), 'b', 'bad'),
      work('other', ['a']),
      work('end', ['repair', 'ship']),
    ]
    const run = new RowRun(workflow(stages))
    run.failed('a')
    expect(run.states).toMatchObject({ b: 'done', ship: 'skipped', repair: 'open', other: 'skipped' })
    expect([run.stage('ship')?.decision, run.stage('other')?.decision]).toEqual(['not_taken', 'needs_failed'])
    run.done('repair')
    run.done('end')
    expect(run.run).toMatchObject({ state: 'completed', unhandled: 0 })
  })
})
