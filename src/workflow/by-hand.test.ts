import { describe, expect, it } from 'vitest'
import { approval, branch, reviewGate, wait, work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'

describe('by hand', () => {
  it('B18, AS-72: pausing starts nothing new and lets what runs end; resuming goes on', () => {
    const run = new RowRun(workflow([work('a'), work('b', ['a'])]))
    run.happen({ on: 'paused', reason: 'Lunch.' })
    run.done('a')
    expect(run.states).toEqual({ a: 'done', b: 'queued' })
    expect(run.run).toMatchObject({ state: 'paused', reason: 'Lunch.' })
    expect(run.happen({ on: 'paused', reason: 'Tea.' })).toEqual([])
    run.happen({ on: 'resumed' })
    expect(run.states['b']).toBe('open')
    expect(run.happen({ on: 'resumed' })).toEqual([])
    run.done('b')
    expect(run.run.state).toBe('completed')
  })

  it('B18, AS-72: a stage that is skipped lets what depends on it run, whatever state it was in', () => {
    const run = new RowRun(
      workflow([work('a'), work('b', ['a']), work('c', ['b']), work('d')], { concurrency: 1 }),
    )
    run.happen({ on: 'skipped', stage: 'b' })
    expect(run.states).toMatchObject({ b: 'skipped', c: 'queued', d: 'queued' })
    run.happen({ on: 'skipped', stage: 'a' })
    expect(run.states).toMatchObject({ a: 'skipped', c: 'open' })
    run.happen({ on: 'skipped', stage: 'd' })
    expect(run.happen({ on: 'skipped', stage: 'd' })).toEqual([])
    expect(run.happen({ on: 'skipped', stage: 'nothing' })).toEqual([])
    run.done('c')
    expect(run.happen({ on: 'skipped', stage: 'c' })).toEqual([])
    expect(run.run).toMatchObject({ state: 'completed', skipped: 3, done: 1 })
  })

  it('AS-72: a failed stage that is skipped lets its run go on where it was', () => {
    const signal = { for: 'signal', signal: 'go', timeoutMs: null } as const
    const run = new RowRun(workflow([work('a'), work('b', ['a']), wait('w', [], signal)]))
    run.failed('a')
    expect(run.run.state).toBe('failed')
    run.happen({ on: 'skipped', stage: 'a' })
    expect(run.run).toMatchObject({ state: 'running', error: null, settledAt: null })
    expect(run.states).toEqual({ a: 'skipped', b: 'open', w: 'open' })
  })

  it('a failure that something takes care of is not skipped, nor does one of two bring a run back', () => {
    const handled = new RowRun(workflow([work('a'), branch('b', ['a'], {}, 'x'), work('c', ['b'])]))
    handled.failed('a')
    expect(handled.happen({ on: 'skipped', stage: 'a' })).toEqual([])
    const two = new RowRun(workflow([work('a'), work('b')]))
    two.failed('a')
    two.failed('b')
    two.happen({ on: 'skipped', stage: 'a' })
    expect(two.run.state).toBe('failed')
    two.happen({ on: 'skipped', stage: 'b' })
    expect(two.run.state).toBe('completed')
  })

  it('a stage that a person skipped stays skipped when work before it is done again', () => {
    const stages = [
      work('impl'),
      work('docs', ['impl']),
      reviewGate('review', ['impl']),
      work('ship', ['docs', 'review']),
    ]
    const run = new RowRun(workflow(stages))
    run.happen({ on: 'skipped', stage: 'docs' })
    run.done('impl')
    run.done('review', { verdict: 'reject', score: 1 })
    expect(run.states['docs']).toBe('pending')
    run.done('impl')
    expect(run.stage('docs')).toMatchObject({ state: 'skipped', decision: 'by_hand' })
    run.done('review', { verdict: 'approve', score: 90 })
    expect(run.states['ship']).toBe('open')
    run.happen({ on: 'retried', stage: 'docs' })
    expect(run.states).toMatchObject({ docs: 'open', ship: 'pending' })
  })

  it('cancelling ends everything that is open, and a retry goes on from there', () => {
    const run = new RowRun(
      workflow([work('a'), work('b', ['a']), approval('ok', []), work('c', ['b', 'ok'])]),
    )
    run.done('a')
    const commands = run.happen({ on: 'cancelled', reason: 'No longer wanted.' })
    expect(commands.filter((command) => command.do === 'cancel')).toHaveLength(2)
    expect(run.run).toMatchObject({ state: 'cancelled', cancelled: 2, error: { code: 'cancelled' } })
    expect(run.happen({ on: 'cancelled', reason: 'Again.' })).toEqual([])
    run.happen({ on: 'retried', stage: 'b' })
    expect(run.states).toEqual({ a: 'done', b: 'open', ok: 'open', c: 'pending' })
    expect(run.posted.filter((item) => item.startsWith('a'))).toEqual(['a#1.0'])
  })

  it('a retry does a stage again with all that rests on it, and nothing else', () => {
    const run = new RowRun(workflow([work('a'), work('b', ['a']), work('c', ['b']), work('d')]))
    for (const stage of ['a', 'b', 'c', 'd']) run.done(stage)
    expect(run.run.state).toBe('completed')
    run.happen({ on: 'retried', stage: 'b' })
    expect(run.run).toMatchObject({ state: 'running', steps: 1 })
    expect(run.happen({ on: 'retried', stage: 'c' })).toEqual([])
    run.done('b')
    run.done('c')
    expect(run.posted).toEqual(['a#1.0', 'd#1.0', 'b#1.0', 'c#1.0', 'b#2.0', 'c#2.0'])
    expect(run.run).toMatchObject({ state: 'completed', done: 4 })
  })

  it('a retry of a stage in a run that goes on does only that', () => {
    const run = new RowRun(workflow([work('a'), work('b')]))
    run.done('a')
    run.happen({ on: 'retried', stage: 'a' })
    expect(run.log.map(({ type }) => type)).not.toContain('run.reopened')
    expect(run.states).toEqual({ a: 'open', b: 'open' })
  })
})
