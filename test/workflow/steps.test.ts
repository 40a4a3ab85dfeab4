/** Step files, the form in which another system writes workflows: what they are translated to. */
import { describe, expect, it } from 'vitest'
import { graphOf } from '../../src/workflow/graph.ts'
import { planOf } from '../../src/workflow/plan.ts'
import { isStepFile } from '../../src/workflow/steps/read.ts'
import { file, GATE, needs, read, SCORING, stagesOf, step, work, type Fields } from './example-steps.ts'

describe('a step file', () => {
  it('is told by its form: ours has no workflow at the top (B13)', () => {
    expect([file([]), { workflow: {} }].map(isStepFile)).toEqual([true, true])
    const ours = [
      { stages: [] },
      { stages: [], workflow: {} },
      { workflow: 'x' },
      { workflow: [] },
      null,
      'x',
    ]
    expect(ours.map(isStepFile)).toEqual(ours.map(() => false))
  })

  it('is a workflow of our own: its id is the name, and its words the description (B13)', () => {
    const { definition } = read([step('a')], {
      ...{ name: 'Feature', description: 'All of it', version: '1.0', type: 'greenfield' },
      ...{ schema_version: '2.0', settings: { quality_gates: true, code_scoring: true } },
    })
    expect(definition).toMatchObject({
      ...{ name: 'w', description: 'Feature (1.0, greenfield): All of it', concurrency: 8, maxSteps: 50 },
    })
    expect(read([step('a')], { version: '2' }).definition.description).toBe('(2)')
    expect(read([step('a')], { name: null, settings: null, metadata: null }).definition.description).toBe(
      null,
    )
  })

  it('does a step once, in at most an hour, and again as its metadata says: after 1 s, 2 s … 60 s (B16)', () => {
    const stages = stagesOf([
      step('a', { action: 'gather_requirements', agent: 'analyst', notes: 'Ask {{ nobody }}.' }),
      step('b', { metadata: { retry: { max_attempts: 3 } } }),
      step('c', {
        metadata: {
          retry: {
            max_attempts: 2,
            initial_backoff_seconds: 0.5,
            max_backoff_seconds: 5,
            backoff_multiplier: 3,
          },
        },
      }),
      step('d', { metadata: { retry: {} } }),
    ])
    expect(stages.get('a')).toMatchObject({
      title: 'Gather requirements',
      needs: [],
      onFailure: 'fail',
      work: {
        ...{ agent: 'analyst', timeoutMs: 3_600_000, output: null, spec: 'Ask {{ "{{" }} nobody }}.' },
        retry: { attempts: 1 },
      },
    })
    expect(work(stages.get('b'))['retry']).toMatchObject({
      attempts: 3,
      baseMs: 1000,
      factor: 2,
      maxMs: 60_000,
    })
    expect(work(stages.get('c'))['retry']).toMatchObject({ attempts: 2, baseMs: 500, factor: 3, maxMs: 5000 })
    expect(work(stages.get('d'))).toMatchObject({ spec: null, retry: { attempts: 1 } })
    expect(stagesOf([step('a', { action: '__' })]).get('a')?.title).toBe('__')
    expect(stagesOf([step('a', { action: '{{' })]).get('a')?.title).toBe('{ {')
  })

  it('orders steps by what they create and require and by next; the others run at once (B16, AS-65)', () => {
    const roots = 'abcdefg'.split('').map((id) => step(id, { creates: [`out/${id}.json`] }))
    const all = roots.map(({ creates }) => (creates as readonly string[])[0])
    const { definition } = read([step('sum', { requires: all }), ...roots])
    expect(graphOf(planOf(definition)).waves).toEqual([['a', 'b', 'c', 'd', 'e', 'f', 'g'], ['sum']])
    expect(
      needs([
        step('plan', { creates: ['stories/'], next: 'build' }),
        step('build', { requires: ['./stories'], creates: ['src/'] }),
        step('more', { requires: ['src/'], creates: ['src/'] }),
        step('test', { requires: ['src/', 'build'] }),
      ]),
    ).toEqual({ plan: [], build: ['plan'], more: ['build'], test: ['build', 'more'] })
  })

  it('gives a step the results of those that make what it requires, and says what is to be made (B14, B16)', () => {
    const stages = stagesOf([
      step('plan', { creates: ['stories/', 'plan.md'], notes: 'Be short.' }),
      step('build', {
        requires: ['stories/', 'plan', 'plan.md', 'lib/', './docs/guide.md'],
        creates: ['src/'],
      }),
      step('own', { requires: ['own.md'], creates: ['own.md'] }),
    ])
    expect(stages.get('build')?.from).toEqual([{ stage: 'plan' }, { file: 'docs/guide.md' }])
    expect(work(stages.get('plan'))['spec']).toBe(
      'Be short.\n\nYou create: stories/, plan.md. Say in your answer what is in it: who builds on it is given your answer.',
    )
    expect(work(stages.get('build'))['spec']).toContain(
      'You build on: stories/, made by plan; what plan did; plan.md, made by plan.\n\nYou work on what the project has in lib/.',
    )
    expect(stages.get('own')?.from).toEqual([{ file: 'own.md' }])
    expect(stagesOf([step('x', { requires: ['{{.md'] })]).get('x')?.from).toEqual([{ file: '{{ "{{" }}.md' }])
  })

  it('lets the failure of an optional step be none of the run (B14)', () => {
    const stages = stagesOf([
      step('a', { condition: 'optional', scoring: SCORING, gate: GATE }),
      step('b', { metadata: { skip_on_fail: true } }),
      step('c', { condition: 'required', optional_steps: ['d'], next: 'e' }),
      step('d'),
      step('e'),
    ])
    expect([...stages].map(([id, { onFailure }]) => [id, onFailure])).toEqual([
      ...[
        ['a', 'skip'],
        ['a-gate', 'skip'],
        ['b', 'skip'],
        ['c', 'fail'],
        ['d', 'skip'],
        ['e', 'fail'],
      ],
    ])
    expect([stages.get('d')?.needs, stages.get('e')?.needs]).toEqual([['c'], ['c']])
  })

  it('asks an expert before a step, and several each in a stage of its own (B14)', () => {
    const stages = stagesOf([
      step('plan', { creates: ['plan.md'], scoring: SCORING, gate: GATE }),
      step('one', { consults: ['expert-x'] }),
      step('many', { requires: ['plan.md'], consults: ['expert-x', 'a/b', 'a/b'], creates: ['x/'] }),
      step('many-expert-x'),
    ])
    expect(work(stages.get('one'))).toMatchObject({ agent: 'worker', consult: 'expert-x' })
    expect(stages.get('many')?.from).toEqual([
      { stage: 'plan' },
      { stage: 'many-expert-x-2' },
      { stage: 'many-a-b' },
    ])
    expect(stages.get('many-expert-x-2')).toMatchObject({
      title: 'Advise on: Do it',
      needs: ['plan-gate', 'plan'],
      work: { agent: 'expert-x', access: 'read', spec: 'You build on: plan.md, made by plan.' },
    })
  })
})

describe('a gate of a step file', () => {
  const LOOP = [
    step('build', { creates: ['src/'] }),
    step('review', {
      ...{ requires: ['src/'], creates: ['review.md'], scoring: SCORING, next: 'test' },
      gate: { ...GATE, on_pass: 'test', on_fail: 'build' },
    }),
    step('test', { requires: ['src/'] }),
    step('report', { requires: ['review.md'] }),
  ]

  it('sends back to the step before it, at most 3 times, and is waited for by what follows (B14, B16, AS-66)', () => {
    const stages = stagesOf(LOOP)
    expect(stages.get('review-gate')).toMatchObject({
      ...{ kind: 'gate', needs: ['review'], onReject: 'build', maxRounds: 3, onExhausted: 'fail' },
      judge: { by: 'expression', pass: 'score >= 70 && result.security >= 7 && verdict != "veto"' },
    })
    expect(needs(LOOP)).toMatchObject({
      ...{ review: ['build'], test: ['build', 'review-gate'], report: ['review', 'review-gate'] },
    })
    expect(work(stages.get('review'))).toMatchObject({
      spec: expect.stringContaining(
        'Rate it: score from 0 to 100, security from 0 to 10. What has to be different stands in issues.',
      ) as unknown,
      output: {
        required: ['score', 'security'],
        properties: { score: { maximum: 100 }, security: { type: 'number', minimum: 0, maximum: 10 } },
      },
    })
  })

  it('may send a step back to itself, or fail the run (B14)', () => {
    const gateOf = (gate: Fields, more: Fields = {}): unknown =>
      stagesOf([step('a', { gate, ...more }), step('b')]).get('a-gate')
    expect(gateOf({ on_fail: 'retry' })).toMatchObject({
      onReject: 'a',
      judge: { pass: 'score >= 70 && verdict != "veto"' },
    })
    expect(gateOf({ on_fail: 'a', on_pass: 'next' }, { next: 'b' })).toMatchObject({ onReject: 'a' })
    expect(gateOf({ condition: 'verdict == "ok"' })).toMatchObject({
      onReject: null,
      judge: { pass: 'verdict == "approve"' },
    })
    const verdict = stagesOf([step('a', { gate: { condition: 'verdict == "ok"' } })]).get('a')
    expect(work(verdict)).toMatchObject({
      spec: 'Give a verdict: approve or request_changes. What has to be different stands in issues.',
      output: { required: ['verdict'], properties: { verdict: { type: 'string' } } },
    })
    const free = stagesOf([step('a', { gate: { condition: 'status == "success"' } })]).get('a')
    expect(work(free)).toMatchObject({ output: null, spec: null })
  })

  it('asks for scores of 100 where they are compared with more than 10, and says which are better low (B14, B20)', () => {
    const scoring = { thresholds: { complexity_max: 5, coverage_min: 80 } }
    const stages = stagesOf([step('a', { scoring, gate: { condition: 'passed or devex > 50' } })])
    expect(work(stages.get('a'))).toMatchObject({
      spec: expect.stringContaining(
        'Rate it: score from 0 to 100, complexity from 0 to 10, coverage from 0 to 100, devex from 0 to 100. Of complexity, less is better.',
      ) as unknown,
    })
  })

  it('leads on to one of two steps where the other way lies before none of them (B03, B14)', () => {
    const steps = (pass: Fields, fail: Fields): unknown => [
      step('check', { gate: { ...GATE, on_pass: 'ship', on_fail: 'mend' } }),
      step('ship', pass),
      step('mend', { condition: 'conditional', ...fail }),
      step('end'),
    ]
    const when = 'status != "failed" && score >= 70 && verdict != "veto"'
    const both = stagesOf(steps({ next: 'end' }, { next: 'end', consults: ['x', 'y'] }))
    expect(both.get('check-gate')).toMatchObject({
      ...{ kind: 'branch', cases: [{ name: 'pass', when }], otherwise: 'else' },
    })
    expect([...both].map(([id, { arm }]) => [id, arm?.case])).toEqual([
      ...[
        ['check', undefined],
        ['check-gate', undefined],
        ['ship', 'pass'],
      ],
      ...[
        ['mend-x', 'else'],
        ['mend-y', 'else'],
        ['mend', 'else'],
        ['end', undefined],
      ],
    ])
    const detour = stagesOf(steps({}, { next: 'ship' }))
    expect(detour.get('check-gate')).toMatchObject({
      cases: [{ name: 'fail', when: `!(${when})` }],
      otherwise: null,
    })
    expect([
      detour.get('mend')?.arm?.case,
      detour.get('ship')?.arm,
      detour.get('ship')?.needs.toSorted(),
    ]).toEqual([...['fail', null, ['check-gate', 'mend']]])
    const ahead = stagesOf(steps({ next: 'mend' }, { condition: 'required' }))
    expect([ahead.get('ship')?.arm?.case, ahead.get('mend')?.arm]).toEqual(['pass', null])
    expect(ahead.get('mend')?.needs.toSorted()).toEqual(['check-gate', 'ship'])
    const only = stagesOf([
      step('a', { gate: { condition: 'passed or score > 90', on_fail: 'b' } }),
      step('b'),
    ])
    expect(only.get('a-gate')).toMatchObject({
      cases: [{ when: '!(status != "failed" && (score >= 70 && verdict != "veto" || score > 90))' }],
    })
  })

  it('is left out where the settings say so, and scores are asked for where they say so (B13)', () => {
    const settings = { quality_gates: false }
    expect(needs(LOOP, { settings })).toMatchObject({ test: ['build', 'review'], report: ['review'] })
    expect(work(stagesOf(LOOP, { settings }).get('review'))['output']).not.toBeNull()
    const scored = [step('a', { scoring: SCORING })]
    expect(work(stagesOf(scored).get('a'))['output']).not.toBeNull()
    expect(work(stagesOf(scored, { settings: { code_scoring: false } }).get('a'))['output']).toBeNull()
    const off = [step('a', { scoring: { ...SCORING, enabled: false } })]
    expect(work(stagesOf(off).get('a'))['output']).toBeNull()
  })

  it('has an id that no step has, however long those are', () => {
    const long = 'a'.repeat(64)
    const ids = [...stagesOf([step(long, { gate: GATE }), step('b', { gate: GATE }), step('b-gate')]).keys()]
    expect(ids).toEqual([long, `${'a'.repeat(53)}-gate`, 'b', 'b-gate-2', 'b-gate'])
  })
})

describe('what has no effect here', () => {
  it('is told once for each field, with its place (B13, B14)', () => {
    const { notes } = read(
      [
        step('a', {
          context_tier: 'TIER2',
          metadata: { owner: 'me', retry: { max_attempts: 1 } },
          scoring: SCORING,
        }),
        step('b', { context_tier: 3, scoring: { enabled: false, thresholds: {} } }),
        step('c', { scoring: {}, gate: GATE }),
      ],
      {
        ...{ auto_detect: true, metadata: { author: 'me' } },
        settings: { auto_detect: false, context_tier_default: 2 },
      },
    )
    expect(notes.map(({ field, stage }) => [field, stage])).toEqual([
      ['workflow.auto_detect', null],
      ['workflow.settings.context_tier_default', null],
      ['workflow.metadata', null],
      ['workflow.steps[0].context_tier', 'a'],
      ['workflow.steps[0].metadata.owner', 'a'],
      ['workflow.steps[0].scoring.thresholds', 'a'],
    ])
    expect(notes[0]?.sentence).toBe(
      'auto_detect has no effect here: a workflow is run by its name, and never chosen by what a project looks like.',
    )
    expect(read([step('a')], { settings: { auto_detect: true }, metadata: {} }).notes).toMatchObject([
      { path: ['workflow', 'settings', 'auto_detect'] },
    ])
  })
})
