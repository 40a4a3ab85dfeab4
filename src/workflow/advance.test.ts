import { describe, expect, it } from 'vitest'
import {
  approval,
  arm,
  branch,
  gate,
  loop,
  map,
  reviewGate,
  wait,
  work,
  workflow,
} from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'
import { advance, isNothing, newSlice, type Happening } from './advance.ts'
import type { StageDefinition } from './definition.ts'
import { subjectId } from './names.ts'
import { planOf } from './plan.ts'
import type { StageRow } from './run.ts'

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

  it('B02: run together, and are told apart whatever ends first', () => {
    const run = new RowRun(workflow([work('a'), work('b'), work('c')]))
    for (const stage of ['c', 'a', 'b']) run.done(stage)
    expect(run.stages.map(({ stage, subject }) => [stage, subject])).toEqual([
      ['a', 'feature-1/a'],
      ['b', 'feature-1/b'],
      ['c', 'feature-1/c'],
    ])
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

  it('B03, AS-55: behind a branch run by the success or the failure before it', () => {
    const stages = [
      work('start'),
      branch('check', ['start'], { ok: "status == 'success'" }, 'bad'),
      arm(work('on_success', ['check']), 'check', 'ok'),
      arm(work('on_failure', ['check']), 'check', 'bad'),
    ]
    const good = new RowRun(workflow(stages))
    good.done('start')
    expect(good.states).toMatchObject({ on_success: 'open', on_failure: 'skipped' })
    const said = new RowRun(workflow(stages))
    said.done('start', { status: 'partial' })
    expect(said.states).toMatchObject({ on_success: 'skipped', on_failure: 'open' })
    const bad = new RowRun(workflow(stages))
    bad.failed('start')
    expect(bad.states).toMatchObject({ start: 'failed', on_success: 'skipped', on_failure: 'open' })
    bad.done('on_failure')
    expect(bad.run).toMatchObject({ state: 'completed', failed: 1, unhandled: 0 })
  })

  it('AS-56: whose flag is off are skipped, and what needs them runs', () => {
    const stages = [work('a', [], { when: 'inputs.flag' }), work('b', ['a'])]
    const run = new RowRun(workflow(stages), { flag: false })
    expect(run.states).toEqual({ a: 'skipped', b: 'open' })
  })

  it('see the results of all that they name', () => {
    const stages = [
      work('a'),
      map('m', ['a'], { over: 'stages.a.result' }),
      reviewGate('r', ['m'], { onReject: null }),
      work('b', ['r'], {
        when: 'stages.m.result == ["A", "B"] && stages.r.score == 80 && stages.r.rounds == 1',
      }),
    ]
    const run = new RowRun(workflow(stages))
    run.done('a', [1, 2])
    run.done('m', 'A', 0)
    run.done('m', 'B', 1)
    run.done('r', { score: 80 })
    expect(run.states['b']).toBe('open')
  })

  it('see the result of a review and of what was reviewed in one rule', () => {
    const judge = reviewGate('r', ['a']).judge
    if (judge.by !== 'reviewer') throw new Error('It is a reviewer.')
    const pass = 'score >= 70 && stages.a.result.coverage >= 80'
    const run = new RowRun(workflow([work('a'), reviewGate('r', ['a'], { judge: { ...judge, pass } })]))
    run.done('a', { coverage: 90 })
    run.done('r', { score: 70 })
    expect(run.run.state).toBe('completed')
  })

  it('see a word from outside that is no JSON as a text', () => {
    const signal = { for: 'signal', signal: 'go', timeoutMs: null } as const
    const run = new RowRun(
      workflow([wait('w', [], signal), work('b', ['w'], { when: 'stages.w.result == "now"' })]),
    )
    run.happen({ on: 'signalled', signal: 'go', value: 'now' })
    expect(run.states['b']).toBe('open')
  })
})

describe('a step', () => {
  it('gives nothing while it does not have what it reads', () => {
    const run = new RowRun(workflow([work('a'), work('b', ['a'])]))
    const slice = newSlice(run.run, {})
    const ended = {
      on: 'settled',
      stage: 'a',
      round: 1,
      index: 0,
      outcome: { ok: true, tree: null, began: null },
    } as const
    expect(advance(run.plan, slice, ended, 0)).toEqual({
      reads: { stages: ['a', 'b'], results: [], queued: 0, states: [] },
      commands: [],
    })
  })

  it('that starts a run a second time changes nothing', () => {
    expect(new RowRun(workflow([work('a'), work('b')])).happen({ on: 'started' })).toEqual([])
  })

  it('of a stage that there is not changes nothing, and reads nothing', () => {
    const run = new RowRun(workflow([work('a')]))
    const nothing = { on: 'skipped', stage: 'b' } as const
    expect(isNothing(advance(run.plan, newSlice(run.run, {}), nothing, 0).reads)).toBe(true)
    expect(run.happen(nothing)).toEqual([])
  })

  it('starts one that waited for its turn as soon as a rejection has freed a place', () => {
    const no = { judge: { by: 'expression', pass: 'false' }, maxRounds: 2 } as const
    const stages = (b: StageDefinition): StageDefinition[] => [
      work('r', [], { when: 'false' }),
      work('z', [], { when: 'false' }),
      work('a', ['r']),
      b,
      gate('g', ['r', 'z'], { ...no, onReject: 'r', onExhausted: 'accept_best' }),
    ]
    const beside = new RowRun(workflow(stages(work('b', ['z'])), { concurrency: 1 }))
    expect(beside.posted).toEqual(['a#1.0', 'b#1.0'])
    expect(beside.states).toMatchObject({ a: 'queued', b: 'open', g: 'done' })
    const sentBack = new RowRun(workflow(stages(work('b', ['z', 'r'])), { concurrency: 1 }))
    expect(sentBack.states).toMatchObject({ a: 'open', b: 'queued', g: 'done' })
  })

  it('that is worked out without all rows does not stumble over those that contradict it', () => {
    const signal = { for: 'signal', signal: 'go', timeoutMs: null } as const
    const stages = [wait('w1', [], signal), work('x', ['w1'], { when: 'false' }), wait('w2', ['x'], signal)]
    const run = new RowRun(workflow(stages))
    // Both wait at the same time only because of this. Without the row of x, it seems that w2 has not begun.
    run.happen({ on: 'skipped', stage: 'x' })
    run.happen({ on: 'signalled', signal: 'go', value: '1' })
    expect(run.run).toMatchObject({ state: 'completed', done: 2, skipped: 1 })
    expect(run.stage('x')).toMatchObject({ unmet: 0, decision: 'by_hand' })
  })

  it('goes on after a pause where a person skipped what would not have run anyway', () => {
    const stages = [
      work('a'),
      work('x', ['a'], { when: 'false' }),
      work('b', ['x'], { when: 'false' }),
      work('c', ['b']),
    ]
    const run = new RowRun(workflow(stages))
    run.happen({ on: 'skipped', stage: 'b' })
    run.happen({ on: 'paused', reason: 'Lunch.' })
    run.done('a')
    run.happen({ on: 'resumed' })
    expect(run.states).toEqual({ a: 'done', x: 'skipped', b: 'skipped', c: 'open' })
  })
})

describe('rows that do not fit their definition', () => {
  /** What follows where the only stage has this row. */
  const after = (stage: StageDefinition, row: Partial<StageRow>, happening: Happening): readonly string[] => {
    const run = new RowRun(workflow([stage]))
    const slice = newSlice({ ...run.run, state: 'running', settledAt: null }, {})
    const before = run.stage(stage.id)
    if (before === undefined) throw new Error('It has begun.')
    slice.stages.set(stage.id, { ...before, ...row })
    slice.states.set('open', [])
    return advance(planOf(workflow([stage])), slice, happening, 0).commands.map((command) =>
      command.do === 'event' ? command.event.type : command.do,
    )
  }
  const settled = {
    on: 'settled',
    stage: 'a',
    round: 1,
    index: 0,
    outcome: { ok: true, tree: null, began: null },
  } as const
  const answered = (choice: 'approve' | 'abort'): Happening => {
    return {
      on: 'answered',
      stage: 'a',
      round: 1,
      answer: { choice, comment: null, began: null, tree: null },
    }
  }

  it('change nothing, or fail their stage', () => {
    expect(after(approval('a', []), { waiting: 'work' }, settled)).toEqual([])
    expect(after(work('a'), { waiting: 'approval' }, answered('approve'))).toEqual([])
    expect(after(work('a'), { waiting: 'decision' }, answered('abort'))).toContain('stage.failed')
  })

  it('of a gate or a branch before which something has failed that nobody knows reject all the same', () => {
    const broken = { state: 'pending', waiting: null, broken: 1, unmet: 0 } as const
    const started = { on: 'started' } as const
    expect(after(approval('a', []), broken, started)).toContain('stage.failed')
    const off = { ...branch('a', [], {}), when: 'false' }
    expect(after(off, broken, started)).toContain('stage.failed')
  })

  it('of an arm whose branch is not there run', () => {
    expect(new RowRun(workflow([arm(work('a'), 'nowhere', 'x')])).states).toEqual({ a: 'open' })
  })

  it('are asked again for a gate with a target that has rejected without one', () => {
    const lost = { state: 'open', waiting: 'decision', tries: 1 } as const
    const retry = {
      on: 'answered',
      stage: 'a',
      round: 1,
      answer: { choice: 'retry', comment: null, began: null, tree: null },
    } as const
    expect(after(gate('a', [], { onReject: 'b' }), lost, retry)).toContain('stage.rewound')
    expect(after(loop('a'), { ...lost, state: 'open' }, retry)).toContain('stage.rewound')
  })
})

it('D01: what a run is made of has ids that follow from its definition', () => {
  expect(subjectId('feature-1', 'build', 1)).toBe('feature-1/build')
  expect(subjectId('feature-1', 'build', 2)).toBe('feature-1/build#2')
  expect(subjectId('feature-1', 'build', 2, 7)).toBe('feature-1/build#2.7')
})
