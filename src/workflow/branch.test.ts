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
})
