import { describe, expect, it } from 'vitest'
import { approval, gate, reviewGate, work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'
import type { GateStage } from './definition.ts'

describe('a gate', () => {
  const REVIEWED = workflow([work('impl'), reviewGate('review', ['impl']), work('ship', ['review'])])

  it('D05, AS-103: sends work back with its issues, and lets the next round through', () => {
    const run = new RowRun(REVIEWED)
    run.done('impl', 'first')
    run.done('review', { approved: false, score: 40, issues: ['x'] })
    expect(run.states).toEqual({ impl: 'open', review: 'pending', ship: 'pending' })
    expect(run.stage('impl')).toMatchObject({ round: 2, feedbackStage: 'review', feedbackRound: 1 })
    run.done('impl', 'second')
    expect(run.open).toEqual([{ stage: 'review', round: 2, index: 0 }])
    run.done('review', { approved: true, score: 80 })
    expect(run.stage('review')).toMatchObject({ decision: 'approve', scores: [40, 80], best: 2 })
    expect(run.states['ship']).toBe('open')
    expect(run.posted.filter((item) => item.startsWith('impl'))).toEqual(['impl#1.0', 'impl#2.0'])
  })

  it('D05: does not let pass what has changed since it was looked at, and has it looked at again', () => {
    const run = new RowRun(REVIEWED)
    run.done('impl')
    run.done('review', { verdict: 'approve', score: 90 }, 0, 'what impl made')
    expect(run.states).toEqual({ impl: 'done', review: 'open', ship: 'pending' })
    expect(run.stage('review')).toMatchObject({ round: 2, tries: 0, outdated: 1, feedbackStage: null })
    run.done('review', { verdict: 'approve', score: 90 })
    expect(run.stage('review')).toMatchObject({ decision: 'approve', tree: 'tree of review#2' })
    expect(run.states['ship']).toBe('open')
  })

  it('D05: sends work back that it rejects also where it has changed since', () => {
    const run = new RowRun(REVIEWED)
    run.done('impl')
    run.done('review', { verdict: 'approve', score: 90 }, 0, null)
    run.done('review', { verdict: 'reject', score: 10 }, 0, null)
    expect(run.stage('impl')).toMatchObject({ round: 2, feedbackStage: 'review', feedbackRound: 2 })
    expect(run.stage('review')).toMatchObject({ state: 'pending', round: 3, tries: 1, outdated: 0 })
  })

  it('D05: says that the work does not hold still when it has changed under four verdicts in a row', () => {
    const run = new RowRun(REVIEWED)
    run.done('impl')
    for (let round = 1; round <= 4; round++)
      run.done('review', { verdict: 'approve', score: 90 }, 0, 'something else')
    expect(run.stage('review')).toMatchObject({ state: 'failed', error: { code: 'gate_rejected' } })
    expect(run.stage('review')?.error?.message).toContain('changed 4 times in a row')
    expect(run.run.state).toBe('failed')
  })

  it('D05: whose run has failed meanwhile is not asked again', () => {
    const run = new RowRun(workflow([work('impl'), reviewGate('review', ['impl']), work('other')]))
    run.done('impl')
    run.failed('other')
    run.done('review', { verdict: 'approve', score: 90 }, 0, 'something else')
    expect(run.states).toEqual({ impl: 'done', review: 'cancelled', other: 'failed' })
  })

  it('D05: asks a person again who approved what has changed since they were asked', () => {
    const run = new RowRun(workflow([work('impl'), approval('ok', ['impl'])]))
    run.done('impl')
    run.answer('ok', 'approve', null, 'what impl made')
    expect(run.asked).toMatchObject([{ stage: 'ok', round: 2 }])
    run.answer('ok', 'approve')
    expect(run.run.state).toBe('completed')
  })

  it('D05, AS-105: that rejects three times ends after exactly three rounds', () => {
    const run = new RowRun(REVIEWED)
    for (const score of [10, 20, 30]) {
      run.done('impl')
      run.done('review', { verdict: 'reject', score })
    }
    expect(run.posted.filter((item) => item.startsWith('impl'))).toHaveLength(3)
    expect(run.run).toMatchObject({ state: 'failed', error: { code: 'max_iterations' } })
    expect(run.stage('review')?.error?.message).toBe(
      'Max iterations reached without approval: 3 rounds were rejected.',
    )
  })

  it('D05, AS-105: that approves in round 2 leaves the second result of the developer', () => {
    const run = new RowRun(REVIEWED)
    run.done('impl', 'first')
    run.done('review', { verdict: 'reject', score: 0 })
    run.done('impl', 'second')
    run.done('review', { verdict: 'approve', score: 100 })
    expect(run.stage('impl')).toMatchObject({ state: 'done', subject: 'feature-1/impl#2' })
  })

  it('AS-66: takes a failure before it as a rejection, and has the work done again with it as feedback', () => {
    const run = new RowRun(workflow([work('impl'), gate('check', ['impl']), work('test', ['check'])]))
    run.failed('impl', 'It does not compile.')
    expect(run.states).toEqual({ impl: 'open', check: 'pending', test: 'pending' })
    expect(run.stage('impl')).toMatchObject({ round: 2, feedbackStage: 'impl', feedbackRound: 1 })
    run.done('impl', { score: 90 })
    expect(run.states['test']).toBe('open')
  })

  it('AS-67: with the condition test_coverage >= 70 fails at 60', () => {
    const judge = { by: 'expression', pass: 'result.test_coverage >= 70' } as const
    const run = new RowRun(workflow([work('test'), gate('cover', ['test'], { judge, onReject: null })]))
    run.done('test', { test_coverage: 60 })
    expect(run.stage('cover')).toMatchObject({ state: 'failed', error: { code: 'gate_rejected' } })
    expect(run.run.state).toBe('failed')
    const good = new RowRun(workflow([work('test'), gate('cover', ['test'], { judge, onReject: null })]))
    good.done('test', { test_coverage: 70 })
    expect(good.run.state).toBe('completed')
  })

  it('that stands before everything decides by the inputs', () => {
    const judge = { by: 'expression', pass: 'inputs.go' } as const
    const run = new RowRun(workflow([gate('check', [], { judge })]), { go: false })
    expect(run.stage('check')?.error?.message).toBe(
      'The gate "check" rejected the work: inputs.go does not hold',
    )
  })

  it('never passes a veto, and no rule that cannot be worked out', () => {
    const run = new RowRun(REVIEWED)
    run.done('impl')
    run.done('review', { verdict: 'veto', score: 100, feedback: 'Unsafe.' })
    expect(run.states).toMatchObject({ impl: 'open', ship: 'pending' })
    const judge = { by: 'expression', pass: 'result.missing' } as const
    const broken = new RowRun(workflow([work('impl'), gate('check', ['impl'], { judge })]))
    broken.done('impl', {})
    expect(broken.stage('check')?.error?.code).toBe('expression_failed')
  })

  it('fails where the reviewer gives no verdict, no score that is asked for, or fails itself', () => {
    const error = (end: (run: RowRun) => void): unknown => {
      const run = new RowRun(REVIEWED)
      run.done('impl')
      end(run)
      return run.stage('review')?.error
    }
    expect(error((run) => run.done('review', 'Looks good.'))).toMatchObject({ code: 'invalid_output' })
    expect(error((run) => run.done('review', { looks: 'good' }))).toMatchObject({ code: 'invalid_output' })
    expect(error((run) => run.done('review', { verdict: 'approve' }))).toMatchObject({
      code: 'invalid_output',
      message: expect.stringContaining('asks for a score') as string,
    })
    expect(error((run) => run.failed('review'))).toMatchObject({ code: 'turn_failed' })
  })

  it('goes on with what there is where it accepts the best, and asks where it escalates', () => {
    const exhausted = (onExhausted: GateStage['onExhausted']): RowRun => {
      const run = new RowRun(
        workflow([
          work('impl'),
          reviewGate('review', ['impl'], { maxRounds: 1, onExhausted }),
          work('ship', ['review']),
        ]),
      )
      run.done('impl')
      run.done('review', { verdict: 'reject', score: 60 })
      return run
    }
    const best = exhausted('accept_best')
    expect(best.stage('review')).toMatchObject({ decision: 'accept_best', flawed: 1, scores: [60] })
    expect(best.states['ship']).toBe('open')
    const asking = exhausted('escalate')
    expect(asking.run).toMatchObject({ state: 'paused', reason: 'escalated', escalated: 1 })
    asking.answer('review', 'retry')
    expect(asking.stage('impl')).toMatchObject({
      state: 'open',
      round: 2,
      feedbackStage: 'review',
      feedbackRound: 1,
    })
    expect(asking.run.state).toBe('running')
  })

  it('that judges by an expression hands on what it judged when a person wants one more round', () => {
    const run = new RowRun(
      workflow([work('impl'), gate('check', ['impl'], { maxRounds: 1, onExhausted: 'escalate' })]),
    )
    run.done('impl', { score: 1 })
    run.answer('check', 'retry')
    expect(run.stage('impl')).toMatchObject({ round: 2, feedbackStage: 'impl', feedbackRound: 1 })
  })

  it('by a person waits for the answer without taking the place of others', () => {
    const run = new RowRun(
      workflow(
        [work('impl'), approval('ok', ['impl'], { onReject: 'impl' }), work('other'), work('last', ['ok'])],
        { concurrency: 1 },
      ),
    )
    run.done('impl')
    expect(run.asked).toEqual([{ stage: 'ok', round: 1, kind: 'approval' }])
    expect(run.states['other']).toBe('open')
    run.answer('ok', 'reject', 'Too slow.')
    expect(run.stage('impl')).toMatchObject({
      state: 'queued',
      round: 2,
      feedbackStage: 'ok',
      feedbackRound: 1,
    })
    run.done('other')
    run.done('impl')
    run.answer('ok', 'approve')
    run.done('last')
    expect(run.run.state).toBe('completed')
  })

  it('by a person that nobody answers in time fails, and words that do not fit change nothing', () => {
    const run = new RowRun(workflow([work('impl'), approval('ok', ['impl'])]))
    run.done('impl')
    const answer = { choice: 'skip', comment: null, began: null, tree: null } as const
    expect(run.happen({ on: 'answered', stage: 'ok', round: 1, answer })).toEqual([])
    run.happen({ on: 'woken', stage: 'ok', round: 1 })
    expect(run.run).toMatchObject({ state: 'failed', error: { code: 'timeout' } })
  })

  it('by a person says why without a comment, too', () => {
    const run = new RowRun(workflow([work('impl'), approval('ok', ['impl'])]))
    run.done('impl')
    run.answer('ok', 'reject')
    expect(run.stage('ok')?.error?.message).toBe('The gate "ok" rejected the work: a person rejected it.')
  })

  it('does not ask about work that is not there', () => {
    const run = new RowRun(workflow([work('impl'), approval('ok', ['impl'])]))
    run.failed('impl')
    expect(run.asked).toEqual([])
    expect(run.run.state).toBe('failed')
  })

  it('has all that rests on its target proved again, and what runs of it cancelled', () => {
    const stages = [
      work('impl'),
      work('docs', ['impl']),
      reviewGate('tests', ['impl'], { onReject: null }),
      reviewGate('review', ['impl']),
      work('ship', ['docs', 'tests', 'review']),
    ]
    const run = new RowRun(workflow(stages))
    run.done('impl')
    run.done('tests', { verdict: 'approve', score: 90 })
    const commands = run.done('review', { verdict: 'reject', score: 1 })
    expect(commands).toContainEqual(expect.objectContaining({ do: 'cancel', stage: 'docs', round: 1 }))
    expect(run.open).toEqual([{ stage: 'impl', round: 2, index: 0 }])
    expect(run.states).toMatchObject({
      docs: 'pending',
      tests: 'pending',
      review: 'pending',
      ship: 'pending',
    })
    expect(run.stage('ship')).toMatchObject({ unmet: 3, live: 0, round: 1 })
    run.done('impl')
    expect(run.open.map(({ stage, round }) => `${stage}#${round}`)).toEqual(['docs#2', 'tests#2', 'review#2'])
  })

  it('keeps its count where another gate beside it sends work back, so that both come to an end', () => {
    const stages = [
      work('impl'),
      reviewGate('a', ['impl']),
      reviewGate('b', ['impl']),
      work('ship', ['a', 'b']),
    ]
    const run = new RowRun(workflow(stages))
    for (const rejecting of ['a', 'b', 'a', 'b', 'a']) {
      run.done('impl')
      run.done(rejecting, { verdict: 'reject', score: 1 })
    }
    expect(run.stage('a')).toMatchObject({ state: 'failed', error: { code: 'max_iterations' } })
  })

  it('counts anew after one behind it has sent work back', () => {
    const stages = [work('impl'), reviewGate('a', ['impl']), reviewGate('b', ['a'], { onReject: 'impl' })]
    const run = new RowRun(workflow(stages))
    run.done('impl')
    run.done('a', { verdict: 'reject', score: 1 })
    run.done('impl')
    run.done('a', { verdict: 'approve', score: 80 })
    expect(run.stage('a')?.tries).toBe(1)
    run.done('b', { verdict: 'reject', score: 1 })
    expect(run.stage('a')).toMatchObject({ tries: 0, round: 3, scores: [1, 80], best: null })
    expect(run.stage('b')).toMatchObject({ tries: 1, round: 2 })
  })

  it('in a run that has failed sends nothing back', () => {
    const run = new RowRun(workflow([work('impl'), reviewGate('review', ['impl']), work('other')]))
    run.done('impl')
    run.failed('other')
    run.done('review', { verdict: 'reject', score: 1 })
    expect(run.states).toMatchObject({ impl: 'done', review: 'cancelled' })
    expect(run.run.state).toBe('failed')
  })

  it('whose target does not lie before it rejects without a way back', () => {
    const run = new RowRun(
      workflow([work('impl'), work('other'), gate('check', ['impl'], { onReject: 'other' })]),
    )
    run.done('impl', { score: 1 })
    expect(run.stage('check')?.error?.code).toBe('gate_rejected')
  })
})
