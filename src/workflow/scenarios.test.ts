/** The scenarios of the specification, each by its number. */
import { describe, expect, it } from 'vitest'
import {
  approval,
  arm,
  branch,
  gate,
  join,
  loop,
  map,
  reviewGate,
  wait,
  work,
  workflow,
} from '../../test/workflow/definitions.ts'
import { RowRun } from '../../test/workflow/row-run.ts'
import type { GateStage, OnFailure } from './definition.ts'

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
    const answer = { choice: 'skip', comment: null } as const
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

describe('a run', () => {
  it('without stages is completed at once', () => {
    expect(new RowRun(workflow([])).run).toMatchObject({ state: 'completed', total: 0 })
  })

  it('never has more at work than its concurrency, and starts in the order of the definition', () => {
    const ids = ['a', 'b', 'c', 'd', 'e']
    const run = new RowRun(
      workflow(
        ids.map((id) => work(id)),
        { concurrency: 2 },
      ),
    )
    expect(run.run).toMatchObject({ busy: 2, queued: 3 })
    run.done('b')
    run.done('c')
    expect(run.open.map(({ stage }) => stage)).toEqual(['a', 'd'])
  })

  it('that has nothing left to start is told to be blocked instead of waiting for ever', () => {
    // No checked definition is like this: it is what a cycle would be.
    const run = new RowRun(workflow([work('a', ['b']), work('b', ['a'])]))
    expect(run.run).toMatchObject({ state: 'failed', error: { code: 'invalid_stage' } })
    expect(run.run.error?.message).toContain('Workflow blocked')
  })

  it('C23: has a checkpoint after each wave, whose checksum is that of its settled stages', () => {
    const run = new RowRun(workflow([work('a'), work('b', ['a']), work('c', ['a']), work('d', ['b', 'c'])]))
    run.done('a')
    run.done('b')
    expect(run.run.checkpoints).toBe(1)
    run.done('c')
    run.done('d')
    const checkpoints = run.log.filter(({ type }) => type === 'run.checkpointed')
    expect(checkpoints.map(({ data }) => data)).toEqual([
      { run: 'feature-1', number: 1, checksum: expect.stringMatching(/^[0-9a-f]{16}$/u) as string },
      { run: 'feature-1', number: 2, checksum: expect.any(String) as string },
      { run: 'feature-1', number: 3, checksum: run.run.checksum },
    ])
    const other = new RowRun(run.plan.definition)
    for (const stage of ['a', 'c', 'b', 'd']) other.done(stage)
    expect(other.run.checksum).toBe(run.run.checksum)
  })
})
