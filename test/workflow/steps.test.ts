/** Step files, the form in which another system writes workflows: what they are translated to, and what of them is refused. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fieldName } from '../../src/agents/shown-values.ts'
import type { StageDefinition } from '../../src/workflow/definition.ts'
import { graphOf } from '../../src/workflow/graph.ts'
import { planOf } from '../../src/workflow/plan.ts'
import { isStepFile, readSteps } from '../../src/workflow/steps/read.ts'

type Read = Extract<ReturnType<typeof readSteps>, { readonly ok: true }>
type Fields = Readonly<Record<string, unknown>>

/** A step; its agent and action are those of any. */
function step(id: string, fields: Fields = {}): Fields {
  return { id, agent: 'worker', action: 'do_it', ...fields }
}

function file(steps: unknown, top: Fields = {}): unknown {
  return { workflow: { id: 'w', ...top, steps } }
}

function read(steps: unknown, top: Fields = {}): Read {
  const made = readSteps(file(steps, top))
  if (!made.ok) throw new Error(made.problems.map(({ sentence }) => sentence).join('\n'))
  return made
}

function stagesOf(steps: unknown, top: Fields = {}): ReadonlyMap<string, StageDefinition> {
  return new Map(read(steps, top).definition.stages.map((stage) => [stage.id, stage]))
}

/** What each stage needs, by its id. */
function needs(steps: unknown, top: Fields = {}): Fields {
  return Object.fromEntries([...stagesOf(steps, top)].map(([id, stage]) => [id, stage.needs.toSorted()]))
}

function work(stage: StageDefinition | undefined): Fields {
  if (stage?.kind !== 'work') throw new Error('it is no work')
  return stage.work as unknown as Fields
}

function problems(
  written: unknown,
): readonly { code: string; field: unknown; stage: unknown; said: string; offset: number | null }[] {
  const made = readSteps(written)
  if (made.ok) throw new Error('it was read')
  return made.problems.map(({ code, details, sentence, path, offset }) => {
    expect(details['field']).toBe(fieldName(path))
    return { code, field: details['field'], stage: details['stage'], said: sentence, offset }
  })
}

const GATE = { condition: 'scoring.passed == true' }
const SCORING = { enabled: true, thresholds: { overall_min: 70, security_min: 7 } }

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

describe('what is refused of a step file', () => {
  it.each<readonly [string, unknown, object]>([
    [
      'a field beside workflow',
      { name: 'x', workflow: { id: 'w', steps: [step('a')] } },
      { field: 'name', said: 'name is not a known field beside workflow.' },
    ],
    [
      'no id',
      { workflow: { steps: [step('a')] } },
      { field: 'workflow.id', said: 'id is missing; it must be 1 to 64' },
    ],
    [
      'no steps',
      { workflow: { id: 'w' } },
      { field: 'workflow.steps', said: 'steps is missing; it must be a list of steps with at least one.' },
    ],
    ['an empty list of steps', file([]), { field: 'workflow.steps' }],
    [
      'an unknown field',
      file([step('a')], { stages: [] }),
      { field: 'workflow.stages', said: 'Did you mean steps?' },
    ],
    [
      'an unknown type',
      file([step('a')], { type: 'yellow' }),
      { field: 'workflow.type', said: 'it must be one of greenfield, brownfield, hybrid.' },
    ],
    [
      'another version of the schema',
      file([step('a')], { schema_version: '3.0' }),
      { field: 'workflow.schema_version', said: 'one of 1.0, 2.0' },
    ],
    [
      'an unknown setting',
      file([step('a')], { settings: { gates: true } }),
      { field: 'workflow.settings.gates' },
    ],
    [
      'no object',
      file(['a']),
      { field: 'workflow.steps[0]', said: 'the value is "a"; it must be a plain object.' },
    ],
    [
      'a step without an id',
      file([{ agent: 'x', action: 'y' }]),
      { field: 'workflow.steps[0].id', said: 'id is missing' },
    ],
    ['an id with a dot', file([step('a.b')]), { field: 'workflow.steps[0].id', stage: 'a.b' }],
    [
      'an unknown field of a step',
      file([step('a', { requirs: [] })]),
      {
        field: 'workflow.steps[0].requirs',
        stage: 'a',
        said: 'Stage "a": requirs is not a known field. Did you mean requires?',
      },
    ],
    [
      'no list',
      file([step('a', { creates: 'x.md' })]),
      { field: 'workflow.steps[0].creates', said: 'a list of texts' },
    ],
    [
      'an unknown condition',
      file([step('a', { condition: 'mandatory' })]),
      { field: 'workflow.steps[0].condition', said: 'one of required, optional, conditional' },
    ],
    [
      'a tier',
      file([step('a', { context_tier: 'deep' })]),
      { field: 'workflow.steps[0].context_tier', said: 'or a text such as TIER2' },
    ],
    ['no tier', file([step('a', { context_tier: true })]), { field: 'workflow.steps[0].context_tier' }],
    [
      'an unknown field of a gate',
      file([step('a', { gate: { on_error: 'a' } })]),
      { field: 'workflow.steps[0].gate.on_error', said: 'gate.on_error is not a known field' },
    ],
    [
      'a threshold that is none',
      file([step('a', { scoring: { thresholds: { security: 7 } } })]),
      { field: 'workflow.steps[0].scoring.thresholds.security', said: 'with _min or _max' },
    ],
    [
      'a threshold that is no number',
      file([step('a', { scoring: { thresholds: { overall_min: 170 } } })]),
      { said: 'a number from 0 to 100' },
    ],
    [
      'metadata',
      file([step('a', { metadata: 'x' })]),
      { field: 'workflow.steps[0].metadata', said: 'an object' },
    ],
    [
      'a retry',
      file([step('a', { metadata: { retry: { attempts: 3 } } })]),
      { field: 'workflow.steps[0].metadata.retry.attempts', stage: 'a' },
    ],
    [
      'a duplicate id',
      file([step('a'), step('b'), step('a')]),
      {
        field: 'workflow.steps[2].id',
        stage: 'a',
        said: 'two steps have the id "a", this one and workflow.steps[0]; ids are unique',
      },
    ],
    [
      'an unknown next',
      file([step('one', { next: 'tow' }), step('two')]),
      {
        code: 'unknown_dependency',
        field: 'workflow.steps[0].next',
        stage: 'one',
        said: 'it leads to "tow", and there is no such step. Did you mean two?',
      },
    ],
    [
      'an unknown on_pass',
      file([step('a', { gate: { on_pass: 'zzzz' } })]),
      { field: 'workflow.steps[0].gate.on_pass', said: 'there are next, a' },
    ],
    [
      'a word that is none there',
      file([step('a', { gate: { on_pass: 'retry' } })]),
      { field: 'workflow.steps[0].gate.on_pass' },
    ],
    [
      'an unknown on_fail',
      file([step('a', { gate: { on_fail: 'zzzz' } })]),
      { field: 'workflow.steps[0].gate.on_fail', said: 'there are next, retry, a' },
    ],
    [
      'an unknown optional step',
      file([step('a', { optional_steps: ['a', 'zzzz'] })]),
      { field: 'workflow.steps[0].optional_steps[1]' },
    ],
    [
      'what nobody creates and is no file',
      file([step('a', { creates: ['plan.md'] }), step('b', { requires: ['x.md', 'pla'] })]),
      {
        code: 'unknown_dependency',
        field: 'workflow.steps[1].requires[1]',
        stage: 'b',
        said: 'it requires "pla", which no other step creates',
      },
    ],
    [
      'a file outside of the project',
      file([step('a', { requires: ['/etc/passwd'] })]),
      { field: 'workflow.steps[0].requires[0]', stage: 'a', said: 'a path inside of the project' },
    ],
    [
      'one of several files',
      file([step('a', { requires: ['b', '../x.md'] }), step('b')]),
      { field: 'workflow.steps[0].requires[1]' },
    ],
    [
      'experts whom nobody names',
      file([step('a', { consults: ['expert-*'] })]),
      { code: 'unsupported', field: 'workflow.steps[0].consults[0]', said: 'name each agent' },
    ],
    [
      'repeats without an end',
      file([step('a', { repeats: true })]),
      {
        code: 'unsupported',
        field: 'workflow.steps[0].repeats',
        said: 'give the step a gate with on_fail: retry',
      },
    ],
    [
      'conditional without a condition',
      file([step('a', { condition: 'conditional' })]),
      { code: 'unsupported', field: 'workflow.steps[0].condition', said: 'nothing says when it holds' },
    ],
    [
      'two ways on',
      file([step('a', { next: 'b', gate: { on_pass: 'c' } }), step('b'), step('c')]),
      { field: 'workflow.steps[0].gate.on_pass', said: 'only one way leads on' },
    ],
    [
      'a gate that decides nothing',
      file([step('a', { next: 'b', gate: { on_fail: 'next' } }), step('b')]),
      { field: 'workflow.steps[0].gate.on_fail', said: 'the gate decides nothing' },
    ],
    [
      'a condition',
      file([step('a', { gate: { condition: 'tests.green' } })]),
      {
        field: 'workflow.steps[0].gate.condition',
        stage: 'a',
        said: 'Stage "a": the condition "tests.green" cannot be decided: there is no tests.green here; there are scoring.passed',
      },
    ],
    [
      'a gate without scores',
      file([step('a', { scoring: { enabled: false }, gate: {} })]),
      {
        field: 'workflow.steps[0].gate',
        said: 'a gate without a condition asks for scoring.passed, and scoring.passed is never known',
      },
    ],
    [
      'a detour without gates',
      file([step('a', { gate: { on_fail: 'b' } }), step('b')], { settings: { quality_gates: false } }),
      { code: 'unsupported', field: 'workflow.steps[0].gate.on_fail' },
    ],
    [
      'a cycle without a bound',
      file([step('a', { next: 'b' }), step('b', { next: 'a' })]),
      {
        code: 'circular_dependency',
        field: 'workflow.steps[1]',
        stage: 'b',
        said: 'these stages wait for each other',
      },
    ],
    [
      'a cycle of two ways',
      file([
        step('a', { gate: { on_pass: 'b', on_fail: 'c' } }),
        step('b', { next: 'c' }),
        step('c', { next: 'b' }),
      ]),
      { code: 'circular_dependency' },
    ],
    [
      'an arm of two gates',
      file([step('a', { gate: { on_fail: 'c' } }), step('b', { gate: { on_fail: 'c' } }), step('c')]),
      { field: 'workflow.steps[1].gate', stage: 'b', said: 'is an arm of a-gate' },
    ],
    [
      'a metric that is a word of CEL',
      file([step('a', { scoring: { thresholds: { in_min: 3 } }, gate: GATE })]),
      { field: 'workflow.steps[0].gate.condition', offset: null },
    ],
    ['a name that is too long', file([step('a')], { id: 'x'.repeat(65) }), { field: 'workflow.id' }],
  ])('%s, with file, step and field (B15, AS-68, AS-54)', (_name, written, details) => {
    const [first] = problems(written)
    const { said = '', ...rest } = details as { said?: string }
    expect(first).toMatchObject(rest)
    expect(first?.said).toContain(said)
  })

  it('all of it at once, but nothing that follows from something else', () => {
    const steps = [
      step('a', { creates: 'x' }),
      step('b', { requires: ['x'] }),
      step('c', { next: 'd', repeats: 1 }),
    ]
    expect(problems(file(steps)).map(({ field }) => field)).toEqual([
      'workflow.steps[0].creates',
      'workflow.steps[2].repeats',
    ])
    expect(problems(file(Array.from({ length: 30 }, () => 1)))).toHaveLength(20)
    expect(problems('x').map(({ field }) => field)).toEqual(['workflow'])
    expect(problems(file(3)).map(({ field }) => field)).toEqual(['workflow.steps'])
    const many = Array.from({ length: 20_001 }, (_, index) => step(`s${index}`))
    expect(problems(file(many))).toMatchObject([
      { field: 'workflow', said: expect.stringContaining('more than 20000') as unknown },
    ])
  })
})

const VALUES = fc.oneof(
  fc.constantFrom<unknown>(
    'a',
    'b',
    'x.md',
    'src/',
    'retry',
    'scoring.passed',
    'optional',
    3,
    true,
    null,
    [],
    {},
  ),
  fc.constantFrom<unknown>(
    ['a'],
    ['b', 'x.md'],
    GATE,
    { on_fail: 'a' },
    { on_pass: 'b' },
    SCORING,
    '__proto__',
  ),
  fc.jsonValue({ maxDepth: 3 }),
)
const FIELDS = fc.constantFrom(
  ...[
    'id',
    'agent',
    'action',
    'creates',
    'requires',
    'consults',
    'condition',
    'next',
    'gate',
    'optional_steps',
  ],
  ...['notes', 'repeats', 'scoring', 'metadata', 'context_tier', 'toString', 'x'],
)

/** Steps that lead on to later ones and back to earlier ones, of which most things are right. */
const STEPS = fc
  .array(
    fc.record({
      to: fc.option(fc.nat(2)),
      back: fc.option(fc.nat(4)),
      gate: fc.option(fc.constantFrom({}, GATE, { condition: 'security >= 7' })),
      fields: fc.record(
        {
          creates: fc.subarray(['x.md', 'src/']),
          consults: fc.subarray(['p', 'q']),
          condition: fc.constantFrom('required', 'optional'),
          scoring: fc.constantFrom(SCORING, {}),
          requires: fc.constantFrom([], [], ['y.md'], ['lib/'], ['s0'], ['src/']),
        },
        { requiredKeys: [] },
      ),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((all) =>
    all.map(({ to, back, gate, fields }, index) => {
      const next = to === null || index + 1 + to >= all.length ? {} : { next: `s${index + 1 + to}` }
      const fail =
        back === null ? {} : { on_fail: `s${Math.min(Math.max(0, index + 2 - back), all.length - 1)}` }
      return step(`s${index}`, {
        ...fields,
        ...next,
        ...(gate === null ? {} : { gate: { ...gate, ...fail } }),
      })
    }),
  )

it('whatever is written in a step file is read, or told to be wrong, and never thrown as something else (B15, AS-68)', () => {
  const steps = fc.oneof(
    STEPS,
    fc.array(
      fc.oneof(
        VALUES,
        fc.dictionary(FIELDS, VALUES).map((fields) => step('a', fields)),
      ),
    ),
  )
  let good = 0
  fc.assert(
    fc.property(
      steps,
      fc.dictionary(fc.constantFrom('settings', 'name', 'metadata', 'x'), VALUES, { maxKeys: 1 }),
      (written, top) => {
        const made = readSteps(file(written, top))
        good += Number(made.ok)
        const definition = made.ok ? made.definition : null
        expect(JSON.parse(JSON.stringify(definition))).toEqual(definition)
        const found = made.ok ? [] : made.problems
        expect(made.ok || found.length > 0).toBe(true)
        const said = found.map(({ sentence }) => sentence)
        expect(said.filter((each) => each.length > 2000 || each.includes('undefined'))).toEqual([])
        expect(found.every(({ path }) => path[0] === 'workflow')).toBe(true)
      },
    ),
    { numRuns: 2000 },
  )
  expect(good).toBeGreaterThan(200)
})
