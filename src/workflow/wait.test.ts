import { describe, expect, it } from 'vitest'
import { wait, work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'

describe('waiting', () => {
  it('for a time ends when it has come', () => {
    const run = new RowRun(workflow([wait('w', [], { for: 'time', ms: 500 })]))
    const row = run.stage('w')
    expect(row).toMatchObject({ waiting: 'time', wakeAt: 1510 })
    run.happen({ on: 'woken', stage: 'w', round: 1 })
    expect(run.run.state).toBe('completed')
  })

  it('for a signal ends with it, whether it comes during or before', () => {
    const signal = { for: 'signal', signal: 'go', timeoutMs: 100 } as const
    const during = new RowRun(
      workflow([wait('w', [], signal), work('b', ['w'], { when: 'stages.w.result == 7' })]),
    )
    during.happen({ on: 'signalled', signal: 'go', value: '7' })
    expect(during.states).toEqual({ w: 'done', b: 'open' })
    const before = new RowRun(workflow([work('a'), wait('w', ['a'], signal)]))
    before.happen({ on: 'signalled', signal: 'go', value: '7' })
    expect(before.states['w']).toBe('pending')
    before.done('a')
    expect(before.run.state).toBe('completed')
    expect(before.happen({ on: 'signalled', signal: 'go', value: '8' })).toEqual([])
    expect(before.happen({ on: 'signalled', signal: 'other', value: '8' })).toEqual([])
  })

  it('for a signal that comes after the end changes nothing', () => {
    const signal = { for: 'signal', signal: 'go', timeoutMs: 100 } as const
    const run = new RowRun(workflow([wait('w', [], signal), work('b')]))
    run.happen({ on: 'signalled', signal: 'go', value: '7' })
    expect(run.happen({ on: 'signalled', signal: 'go', value: '8' })).toEqual([])
  })

  it('for a signal fails when its time is over', () => {
    const run = new RowRun(workflow([wait('w', [], { for: 'signal', signal: 'go', timeoutMs: 100 })]))
    run.happen({ on: 'woken', stage: 'w', round: 1 })
    expect(run.run.error).toMatchObject({ code: 'timeout' })
  })
})
