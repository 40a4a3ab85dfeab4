import { describe, expect, it } from 'vitest'
import { arm, branch, work, workflow } from '../../test/workflow/definitions.ts'
import { RowRun } from '../../test/workflow/row-run.ts'

describe('stages', () => {
  it('D01: run one after the other where each needs the one before', () => {
    const run = new RowRun(workflow([work('a'), work('b', ['a']), work('c', ['b'])]))
    expect(run.open).toEqual([{ stage: 'a', round: 1, index: 0 }])
    run.done('a')
    run.done('b')
    expect(run.states).toEqual({ a: 'done', b: 'done', c: 'open' })
    run.done('c')
    expect(run.run).toMatchObject({ state: 'completed', done: 3, steps: 3, open: 0, checkpoints: 3 })
  })

  it('D02, AS-65: fan out, and the merge point starts when all are done', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const run = new RowRun(workflow([...ids.map((id) => work(id)), work('all', ids)], { concurrency: 7 }))
    expect(run.open).toHaveLength(7)
    for (const id of ids) {
      expect(run.states['all']).toBe('pending')
      run.done(id)
    }
    expect(run.states['all']).toBe('open')
    run.done('all')
    expect(run.run).toMatchObject({ state: 'completed', checkpoints: 2 })
  })

  it('AS-55, B03: a branch takes the failure before it as a fact', () => {
    const stages = [
      work('start'),
      branch('check', ['start'], { ok: "status == 'success'" }, 'bad'),
      arm(work('on_success', ['check']), 'check', 'ok'),
      arm(work('on_failure', ['check']), 'check', 'bad'),
    ]
    const good = new RowRun(workflow(stages))
    good.done('start')
    expect(good.states).toMatchObject({ on_success: 'open', on_failure: 'skipped' })
    const bad = new RowRun(workflow(stages))
    bad.failed('start')
    expect(bad.states).toMatchObject({ start: 'failed', on_success: 'skipped', on_failure: 'open' })
    bad.done('on_failure')
    expect(bad.run).toMatchObject({ state: 'completed', failed: 1, unhandled: 0 })
  })

  it('AS-56: a stage whose flag is off is skipped, and what needs it runs', () => {
    const stages = [work('a', [], { when: 'inputs.flag' }), work('b', ['a'])]
    const run = new RowRun(workflow(stages), { flag: false })
    expect(run.states).toEqual({ a: 'skipped', b: 'open' })
  })
})
