import { describe, expect, it } from 'vitest'
import { loop, work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'

describe('a loop', () => {
  const LOOP = workflow([loop('impl'), work('after', ['impl'])])

  it('B04, AS-57: with the scores 55, 65, 72 runs three times and has the third result', () => {
    const run = new RowRun(LOOP)
    for (const score of [55, 65]) {
      run.done('impl', { score, issues: [`only ${score}`] })
      expect(run.states['after']).toBe('pending')
    }
    run.done('impl', { score: 72 })
    expect(run.posted).toEqual(['impl#1.0', 'impl#2.0', 'impl#3.0', 'after#1.0'])
    expect(run.stage('impl')).toMatchObject({
      state: 'done',
      round: 3,
      scores: [55, 65, 72],
      subject: 'feature-1/impl#3',
    })
  })

  it('AS-57: with the scores 55, 65, 69 fails after 3 iterations, and says all three', () => {
    const run = new RowRun(LOOP)
    for (const score of [55, 65, 69]) run.done('impl', { score })
    expect(run.stage('impl')?.error).toEqual({
      code: 'max_iterations',
      message: 'Failed after 3 iterations, with the scores 55, 65, 69.',
      details: { rounds: 3, scores: [55, 65, 69] },
    })
    expect(run.run).toMatchObject({ state: 'failed', error: { code: 'max_iterations' } })
    expect(run.states['after']).toBe('pending')
  })

  it('AS-57: passes with 70 exactly', () => {
    const run = new RowRun(LOOP)
    run.done('impl', { quality_score: 70 })
    expect(run.states).toEqual({ impl: 'done', after: 'open' })
  })

  it('takes the best round where none was good enough, and the run is completed in part', () => {
    const run = new RowRun(workflow([loop('impl', [], { onExhausted: 'accept_best' })]))
    for (const score of [60, 69, 30]) run.done('impl', { score })
    expect(run.stage('impl')).toMatchObject({
      state: 'done',
      best: 2,
      subject: 'feature-1/impl#2',
      flawed: 1,
    })
    expect(run.run.state).toBe('partially_completed')
  })

  it('takes the last round where none has a score', () => {
    const run = new RowRun(
      workflow([loop('impl', [], { until: 'result.ok', maxRounds: 2, onExhausted: 'accept_best' })]),
    )
    run.done('impl', { ok: false })
    run.done('impl', { ok: false })
    expect(run.stage('impl')).toMatchObject({ state: 'done', best: null, subject: 'feature-1/impl#2' })
  })

  it('says nothing of scores where there are none', () => {
    const run = new RowRun(workflow([loop('impl', [], { until: 'false', maxRounds: 1 })]))
    run.done('impl', null)
    expect(run.stage('impl')?.error?.message).toBe('Failed after 1 iterations.')
  })

  it('asks a person where it is exhausted, who gives it as many rounds again', () => {
    const run = new RowRun(workflow([loop('impl', [], { maxRounds: 1, onExhausted: 'escalate' })]))
    run.done('impl', { score: 1 })
    expect(run.asked).toEqual([{ stage: 'impl', round: 1, kind: 'escalation' }])
    run.answer('impl', 'retry')
    expect(run.open).toEqual([{ stage: 'impl', round: 2, index: 0 }])
    run.done('impl', { score: 90 })
    expect(run.run.state).toBe('completed')
  })

  it('compares a round with the one before', () => {
    const run = new RowRun(
      workflow([loop('impl', [], { until: 'previous != null && result.n == previous.n' })]),
    )
    run.done('impl', { n: 1 })
    run.done('impl', { n: 2 })
    run.done('impl', { n: 2 })
    expect(run.stage('impl')).toMatchObject({ state: 'done', round: 3 })
  })

  it('fails where its rule asks for a score that the answer does not have, or cannot be worked out', () => {
    const missing = new RowRun(LOOP)
    missing.done('impl', 'No score.')
    expect(missing.stage('impl')?.error?.code).toBe('invalid_output')
    const broken = new RowRun(workflow([loop('impl', [], { until: 'result.good' })]))
    broken.done('impl', {})
    expect(broken.stage('impl')?.error).toMatchObject({ code: 'expression_failed' })
  })

  it('holds its next round while the run is paused', () => {
    const run = new RowRun(LOOP)
    run.happen({ on: 'paused', reason: 'Lunch.' })
    run.done('impl', { score: 1 })
    expect(run.stage('impl')).toMatchObject({ state: 'queued', round: 2 })
    expect(run.open).toEqual([])
    run.happen({ on: 'resumed' })
    expect(run.open).toEqual([{ stage: 'impl', round: 2, index: 0 }])
  })
})
