import { describe, expect, it } from 'vitest'
import {
  approval,
  branch,
  gate,
  loop,
  map,
  wait,
  work,
  workflow,
} from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'
import type { OnFailure } from './definition.ts'

describe('a failure', () => {
  const after = (onFailure: OnFailure): RowRun => {
    const run = new RowRun(workflow([work('a', [], { onFailure }), work('b', ['a']), work('c')]))
    run.failed('a')
    return run
  }

  it('B18, AS-71: with fail ends the run when what runs has ended', () => {
    for (const onFailure of ['fail', 'retry'] as const) {
      const run = after(onFailure)
      expect(run.run.state).toBe('running')
      run.done('c')
      expect(run.run).toMatchObject({
        state: 'failed',
        error: { message: 'The stage "a" failed: It broke.' },
      })
      expect(run.states['b']).toBe('pending')
    }
  })

  it('B18, AS-71: with skip runs what depends on it, and the run is completed in part', () => {
    const run = after('skip')
    expect(run.stage('a')).toMatchObject({
      state: 'skipped',
      decision: 'failed',
      error: { message: 'It broke.' },
    })
    run.done('b')
    run.done('c')
    expect(run.run.state).toBe('partially_completed')
  })

  it('B18, AS-71: with escalate pauses the run and asks, and each answer does what it says', () => {
    const retried = after('escalate')
    expect(retried.run).toMatchObject({ state: 'paused', reason: 'escalated' })
    expect(retried.asked).toEqual([{ stage: 'a', round: 1, kind: 'escalation' }])
    retried.answer('a', 'retry')
    expect(retried.stage('a')).toMatchObject({ state: 'open', round: 2 })
    expect(retried.run).toMatchObject({ state: 'running', reason: null })
    const skipped = after('escalate')
    skipped.answer('a', 'skip')
    expect(skipped.states).toMatchObject({ a: 'skipped', b: 'open' })
    const aborted = after('escalate')
    aborted.answer('a', 'abort')
    aborted.done('c')
    expect(aborted.run.state).toBe('failed')
    const unclear = after('escalate')
    unclear.answer('a', 'approve')
    expect(unclear.run.state).toBe('paused')
  })

  it('leaves a run paused that a person has paused, too', () => {
    const run = after('escalate')
    run.happen({ on: 'paused', reason: 'Lunch.' })
    run.answer('a', 'skip')
    expect(run.run).toMatchObject({ state: 'paused', reason: 'Lunch.' })
    expect(run.states['b']).toBe('queued')
  })

  it('in a run that has failed asks nobody', () => {
    const run = new RowRun(workflow([work('a', [], { onFailure: 'escalate' }), work('b')]))
    run.failed('b')
    run.failed('a')
    expect(run.asked).toEqual([])
    expect(run.run).toMatchObject({ state: 'failed', failed: 2, error: { details: { stage: 'b' } } })
  })

  it('ends what waits for anything else than its work', () => {
    const signal = { for: 'signal', signal: 'go', timeoutMs: null } as const
    const run = new RowRun(
      workflow([work('a'), wait('w', [], signal), work('b', [], { onFailure: 'escalate' }), loop('l')]),
    )
    run.failed('a')
    expect(run.states['w']).toBe('cancelled')
    run.done('b')
    run.done('l', { score: 1 })
    expect(run.run).toMatchObject({ state: 'failed', cancelled: 2 })
  })

  it('that a branch takes as a fact skips what needs it beside that', () => {
    const stages = [
      work('a'),
      branch('b', ['a'], { ok: 'status == "success"' }),
      work('c', ['a']),
      work('d', ['c']),
    ]
    const run = new RowRun(workflow(stages))
    run.failed('a')
    expect(run.stage('c')).toMatchObject({ state: 'skipped', decision: 'needs_failed' })
    expect(run.stage('d')).toMatchObject({ state: 'skipped', decision: 'not_taken' })
    expect(run.run.state).toBe('completed')
  })

  it('of which a gate or a branch was to take care, and that is left out, fails the run', () => {
    const run = new RowRun(
      workflow([work('a'), { ...branch('b', ['a'], { ok: 'true' }), when: 'inputs.flag' }]),
      { flag: false },
    )
    run.failed('a')
    expect(run.run).toMatchObject({ state: 'failed', error: { details: { stage: 'b' } } })
  })

  it('AS-70, B17: of the 51st step with max_steps 50 says so', () => {
    const stages = Array.from({ length: 51 }, (_, index) =>
      work(`s${index}`, index === 0 ? [] : [`s${index - 1}`]),
    )
    const run = new RowRun(workflow(stages, { maxSteps: 50 }))
    for (let index = 0; index < 50; index++) run.done(`s${index}`)
    expect(run.run).toMatchObject({
      state: 'failed',
      steps: 50,
      done: 50,
      error: { code: 'max_steps_exceeded' },
    })
    expect(run.run.error?.message).toContain('Max steps exceeded')
  })

  it('AS-70: of too many steps comes before a decision, too', () => {
    const stages = (last: Parameters<typeof workflow>[0][number]): RowRun =>
      new RowRun(workflow([work('a'), last], { maxSteps: 1 }), { list: [1] })
    const lasts = [
      branch('b', ['a'], {}, 'x'),
      gate('b', ['a'], { judge: { by: 'expression', pass: 'true' } }),
      map('b', ['a']),
      approval('b', ['a']),
      wait('b', ['a'], { for: 'time', ms: 5 }),
      wait('b', ['a'], { for: 'signal', signal: 'go', timeoutMs: null }),
    ]
    for (const last of lasts) {
      const run = stages(last)
      run.done('a')
      expect(run.run.error?.code).toBe('max_steps_exceeded')
    }
    const broken = stages(gate('b', ['a']))
    broken.failed('a')
    expect(broken.run.error?.code).toBe('max_steps_exceeded')
  })

  it('of a condition that cannot be worked out is one of its stage', () => {
    const stages = [work('a', [], { when: 'inputs.flag > 3' }), branch('b', [], { x: 'inputs.flag' })]
    const run = new RowRun(workflow(stages), { flag: 'text' })
    expect(run.stage('a')?.error?.code).toBe('expression_failed')
    const other = new RowRun(workflow([branch('b', [], { x: 'inputs.flag' })]), { flag: 'text' })
    expect(other.stage('b')?.error?.code).toBe('expression_failed')
  })
})
