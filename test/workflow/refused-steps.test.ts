/** What of a step file is refused, and with which words. */
import { describe, expect, it } from 'vitest'
import { file, GATE, problems, step } from './example-steps.ts'

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
