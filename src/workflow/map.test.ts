import { describe, expect, it } from 'vitest'
import { map, work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'

describe('a map', () => {
  const LIST = { list: ['a', 'b', 'c'] }

  it('AS-53: with two of three done keeps their results, and counts the failure', () => {
    const run = new RowRun(
      workflow([map('m', [], { limit: 8 }), work('after', ['m'], { when: 'size(stages.m.result) == 3' })]),
      LIST,
    )
    run.done('m', 'A', 0)
    run.failed('m', 'It broke.', 1)
    run.done('m', 'C', 2)
    expect(run.stage('m')).toMatchObject({ state: 'done', succeeded: 2, failures: 1, flawed: 1 })
    expect(run.states['after']).toBe('open')
    run.done('after')
    expect(run.run.state).toBe('partially_completed')
  })

  it('AS-53: with fail_fast cancels the others', () => {
    const run = new RowRun(workflow([map('m', [], { policy: 'fail_fast', limit: 8 })]), LIST)
    const commands = run.failed('m', 'It broke.', 1)
    expect(commands).toContainEqual(expect.objectContaining({ do: 'cancel', stage: 'm', round: 1 }))
    expect(run.open).toEqual([])
    expect(run.stage('m')?.error?.message).toBe('Element 1 failed: It broke.')
    expect(run.run.state).toBe('failed')
  })

  it('with a quorum survives as many failures as that leaves', () => {
    const half = workflow([map('m', [], { policy: { quorum: 0.5 }, limit: 8 })])
    const good = new RowRun(half, LIST)
    good.failed('m', 'It broke.', 0)
    good.done('m', null, 1)
    good.done('m', null, 2)
    expect(good.run.state).toBe('partially_completed')
    const bad = new RowRun(half, LIST)
    bad.failed('m', 'It broke.', 0)
    bad.failed('m', 'It broke.', 1)
    expect(bad.stage('m')?.error).toMatchObject({
      code: 'all_agents_failed',
      message: '2 of 3 elements failed, and 2 must succeed.',
    })
  })

  it('B02: never has more than its limit at a time, and posts the next as one ends', () => {
    const run = new RowRun(workflow([map('m')]), { list: [1, 2, 3, 4, 5] })
    expect(run.open.map(({ index }) => index)).toEqual([0, 1])
    run.done('m', null, 1)
    expect(run.open.map(({ index }) => index)).toEqual([0, 2])
  })

  it('of an empty list is done at once', () => {
    expect(new RowRun(workflow([map('m')]), { list: [] }).run.state).toBe('completed')
  })

  it('fails where "over" is no list, or cannot be worked out', () => {
    const text = new RowRun(workflow([map('m')]), { list: 'a' })
    expect(text.stage('m')?.error?.message).toBe('"over" of the stage "m" gives no list.')
    expect(new RowRun(workflow([map('m')])).stage('m')?.error?.code).toBe('expression_failed')
  })

  it('posts nothing while the run is paused, and fills up when it goes on', () => {
    const run = new RowRun(workflow([map('m'), work('b')]), { list: [1, 2, 3, 4] })
    run.happen({ on: 'paused', reason: 'Lunch.' })
    run.done('m', null, 0)
    expect(run.open.filter(({ stage }) => stage === 'm')).toHaveLength(1)
    run.happen({ on: 'resumed' })
    expect(run.open.filter(({ stage }) => stage === 'm')).toHaveLength(2)
  })

  it('posts nothing more once the run has failed, and ends with what it has begun', () => {
    const run = new RowRun(workflow([map('m'), work('b')]), { list: [1, 2, 3, 4] })
    run.failed('b')
    run.done('m', null, 0)
    expect(run.run.state).toBe('running')
    run.done('m', null, 1)
    expect(run.run).toMatchObject({ state: 'failed', cancelled: 1 })
  })

  it('ends with a run that fails while nothing of it is posted', () => {
    const run = new RowRun(workflow([map('m', [], { limit: 1 }), work('b')]), { list: [1, 2] })
    run.happen({ on: 'paused', reason: 'Lunch.' })
    run.done('m', null, 0)
    run.failed('b')
    expect(run.run).toMatchObject({ state: 'failed', cancelled: 1 })
  })
})
