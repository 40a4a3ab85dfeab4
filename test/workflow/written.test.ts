import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/workflow/builders.ts'
import { stage } from '../../src/workflow/stage.ts'
import type { AgentWork } from '../../src/workflow/definition.ts'
import { A, B, definition, stageOf } from './definitions.ts'

describe('what people write (A41)', () => {
  test("the sources' feature workflow reads the same from tuples, stages and YAML (A41, B13, B14)", () => {
    const tuples = workflow('feature', [
      ['plan', 'planner', 'Break this into tasks', { from: 'specs/feature.md' }],
      ['implement', 'impl', 'Implement it', { from: 'plan', type: 'code' }],
      ['review', 'reviewer', 'Review it', { from: ['plan', 'implement'], priority: 'high' }],
    ])
    expect(tuples.stages.map(({ id, title, needs, from }) => [id, title, needs, from])).toEqual([
      ['plan', 'Break this into tasks', [], [{ file: 'specs/feature.md' }]],
      ['implement', 'Implement it', ['plan'], [{ stage: 'plan' }]],
      ['review', 'Review it', ['plan', 'implement'], [{ stage: 'plan' }, { stage: 'implement' }]],
    ])
    const stages = workflow('feature', [
      stage('plan', { agent: 'planner', title: 'Break this into tasks', from: { file: 'specs/feature.md' } }),
      stage('implement', { agent: 'impl', title: 'Implement it', from: { stage: 'plan' }, type: 'code' }),
      { id: 'review', agent: 'reviewer', title: 'Review it', from: ['plan', 'implement'], priority: 'high' },
    ])
    expect(stages).toEqual(tuples)
  })

  test('every default of a turn is filled in', () => {
    expect(stageOf({ id: 'a', agent: 'x' })).toEqual({
      id: 'a',
      title: 'a',
      needs: [],
      from: [],
      when: null,
      arm: null,
      onFailure: 'fail',
      kind: 'work',
      work: {
        kind: 'agent',
        agent: 'x',
        profile: null,
        capability: null,
        type: null,
        priority: 'normal',
        spec: null,
        output: null,
        retry: { attempts: 3, baseMs: 1000, factor: 2, maxMs: 60_000, jitter: 0, simplifyOnLast: false },
        fallback: [],
        timeoutMs: null,
        maxCostUsd: null,
        verify: [],
        worktree: false,
        access: 'write',
        session: 'fresh',
        consult: null,
      },
    })
    const { stages: _stages, ...top } = definition([A])
    expect(top).toEqual({
      name: 'w',
      description: null,
      inputs: {},
      result: null,
      concurrency: 8,
      maxSteps: 50,
      budgetUsd: null,
      integrate: 'end',
      concurrentRuns: false,
    })
  })

  test('what stands at the top holds for every stage that does not say otherwise', () => {
    const top = {
      description: 'All of it',
      agent: 'worker',
      priority: 'high',
      retry: 0,
      timeout: '5m',
      worktree: true,
      session: 'continue',
      on_failure: 'skip',
      budget: 5,
      max_steps: 7,
      concurrent_runs: true,
      integrate: 'each',
      concurrency: 2,
      result: 'c',
      name: 'mine',
    }
    const made = definition(
      [
        { id: 'a', title: 'A' },
        {
          id: 'b',
          profile: 'coder',
          priority: 4,
          retry: 'hub',
          timeout: '1m',
          worktree: false,
          session: 'fresh',
          on_failure: 'escalate',
        },
        { id: 'c', run: 'ls' },
      ],
      top,
    )
    const works = made.stages.map((each) => (each.kind === 'work' ? (each.work as AgentWork) : undefined))
    expect(works[0]).toMatchObject({
      agent: 'worker',
      priority: 'high',
      retry: { attempts: 1 },
      timeoutMs: 300_000,
      worktree: true,
      session: 'continue',
    })
    expect(works[1]).toMatchObject({
      agent: null,
      profile: 'coder',
      priority: 4,
      timeoutMs: 60_000,
      worktree: false,
      session: 'fresh',
    })
    expect(works[2]).toMatchObject({
      kind: 'run',
      worktree: true,
      timeoutMs: 600_000,
      retry: { attempts: 1 },
    })
    expect(made.stages.map(({ onFailure }) => onFailure)).toEqual(['skip', 'escalate', 'skip'])
    expect(made).toMatchObject({
      name: 'mine',
      budgetUsd: 5,
      maxSteps: 7,
      concurrentRuns: true,
      integrate: 'each',
      result: 'c',
    })
    expect(definition([{ id: 'a', title: 'A' }], { profile: 'coder' }).stages[0]).toMatchObject({
      work: { profile: 'coder', agent: null },
    })
  })

  test('each kind of work', () => {
    const made = definition([
      {
        id: 'a',
        type: 'code',
        capability: 'sql',
        spec: 'x',
        fallback: ['old'],
        budget: 1,
        verify: ['t', { run: 'u', timeout: 5 }],
        access: 'read',
        output: { type: 'object' },
      },
      { id: 'b', run: 'ls', env: { LIST: 'stages.a.result' }, output: 'json', timeout: '1m', retry: 2 },
      { id: 'c', fn: 'hash', timeout: 10, needs: ['b'] },
      { id: 'd', workflow: 'other', inputs: { text: 'stages.c.result', number: 3 } },
      { id: 'e', workflow: { stages: [A], inputs: { x: 'string' } }, inputs: { x: '"x"' } },
      { id: 'f', consult: 'expert' },
      { id: 'g', agent: 'x', consult: 'expert' },
      { id: 'h', agent: 'x', consult: 'f' },
    ])
    expect(made.stages.map(({ needs }) => needs)).toEqual([[], ['a'], ['b'], ['c'], [], [], [], ['f']])
    expect(made.stages.map((each) => (each.kind === 'work' ? each.work : null))).toMatchObject([
      {
        type: 'code',
        agent: null,
        capability: 'sql',
        spec: 'x',
        fallback: ['old'],
        maxCostUsd: 1,
        access: 'read',
        output: { type: 'object' },
        verify: [{ run: 't' }, { run: 'u', timeoutMs: 5 }],
      },
      {
        kind: 'run',
        run: 'ls',
        env: { LIST: 'stages.a.result' },
        output: 'json',
        timeoutMs: 60_000,
        retry: { attempts: 3 },
      },
      { kind: 'fn', fn: 'hash', timeoutMs: 10, retry: { attempts: 1 } },
      { kind: 'workflow', workflow: 'other', inputs: { text: 'stages.c.result', number: '3' } },
      {
        kind: 'workflow',
        workflow: { name: 'e', inputs: { x: { schema: { type: 'string' } } } },
        inputs: { x: '"x"' },
      },
      { kind: 'agent', agent: 'expert', consult: null, access: 'read' },
      { kind: 'agent', agent: 'x', consult: 'expert' },
      { kind: 'agent', agent: 'x', consult: 'f' },
    ])
  })

  test('loops and maps repeat the work of their stage, or stages of their own', () => {
    const made = definition(
      [
        { id: 'a', agent: 'x', loop: { until: 'score >= inputs.least' }, spec: 'Again: {{ previous }}' },
        { id: 'b', agent: 'x', loop: { until: 'result.ok', max_rounds: 5, on_exhausted: 'accept_best' } },
        { id: 'c', agent: 'x', map: { over: 'stages.a.result' }, spec: '{{ index }} {{ item }}' },
        { id: 'd', run: 'x', map: { over: [1, 'a'], limit: 2, policy: { quorum: 0.5 } }, env: { X: 'item' } },
        {
          id: 'e',
          map: {
            over: '[1]',
            policy: 'fail_fast',
            stages: [
              ['one', 'x', 'One', { spec: '{{ inputs.item }} {{ inputs.least }}' }],
              { id: 'two', title: '2', from: 'one' },
            ],
          },
          inputs: { plan: 'stages.a.result' },
        },
        {
          id: 'f',
          loop: {
            until: 'true',
            stages: [{ id: 'one', title: '1', when: 'inputs.round > 1 && has(inputs.previous.x)' }],
          },
        },
      ],
      { inputs: { least: 'number' }, agent: 'y' },
    )
    expect(made.stages).toMatchObject([
      {
        kind: 'loop',
        until: 'score >= inputs.least',
        maxRounds: 3,
        onExhausted: 'fail',
        work: { agent: 'x' },
      },
      { kind: 'loop', maxRounds: 5, onExhausted: 'accept_best' },
      { kind: 'map', over: 'stages.a.result', limit: 8, policy: 'continue', needs: ['a'] },
      { kind: 'map', over: '[1,"a"]', limit: 2, policy: { quorum: 0.5 }, work: { kind: 'run' } },
      {
        kind: 'map',
        policy: 'fail_fast',
        needs: ['a'],
        work: {
          kind: 'workflow',
          inputs: { least: 'inputs["least"]', item: 'item', index: 'index', plan: 'stages.a.result' },
          workflow: {
            name: 'w.e',
            stages: [{ id: 'one' }, { id: 'two', needs: ['one'], work: { agent: 'y' } }],
          },
        },
      },
      { kind: 'loop', work: { inputs: { previous: 'previous', round: 'round' } } },
    ])
  })

  test('gates are decided by an expression, a reviewer or a person', () => {
    const made = definition([
      A,
      { id: 'b', gate: 'score >= 70', needs: 'a' },
      {
        id: 'c',
        gate: { reviewer: 'r', on_reject: 'a' },
        from: 'a',
        spec: 'Look at {{ result }}',
        timeout: '1m',
      },
      {
        id: 'd',
        gate: { pass: 'verdict == "approve"', max_rounds: 2, on_exhausted: 'escalate' },
        profile: 'reviewer',
        needs: 'c',
      },
      { id: 'e', gate: { person: 'Ship it?', timeout: '1h', on_timeout: 'reject' } },
      { id: 'f', gate: { person: true }, title: 'Ship?' },
      { id: 'g', gate: { person: true } },
      { id: 'h', wait: { approval: true }, title: 'Go on?' },
      { id: 'i', wait: { approval: 'Sure?', timeout: 5, on_timeout: 'approve' } },
    ])
    expect(made.stages.slice(1)).toMatchObject([
      {
        kind: 'gate',
        judge: { by: 'expression', pass: 'score >= 70' },
        onReject: null,
        maxRounds: 3,
        onExhausted: 'fail',
      },
      {
        judge: {
          by: 'reviewer',
          pass: 'score >= 70',
          work: { agent: 'r', access: 'read', timeoutMs: 60_000 },
        },
        onReject: 'a',
      },
      {
        judge: { by: 'reviewer', pass: 'verdict == "approve"', work: { profile: 'reviewer' } },
        maxRounds: 2,
        onExhausted: 'escalate',
      },
      { judge: { by: 'person', question: 'Ship it?', timeoutMs: 3_600_000, onTimeout: 'reject' } },
      { judge: { by: 'person', question: 'Ship?', timeoutMs: null, onTimeout: null } },
      { judge: { by: 'person', question: 'g' } },
      {
        kind: 'gate',
        judge: { by: 'person', question: 'Go on?', timeoutMs: null, onTimeout: null },
        maxRounds: 1,
      },
      { kind: 'gate', judge: { by: 'person', question: 'Sure?', timeoutMs: 5, onTimeout: 'approve' } },
    ])
  })

  test('branches, waits and joins (B16: next and from are dependencies, in whatever order they stand)', () => {
    const made = definition([
      { id: 'a', noop: true, next: ['route', 'b'] },
      {
        id: 'route',
        branch: [
          { when: 'score > 90', to: 'b' },
          { name: 'low', when: 'true', to: ['c', 'd'] },
        ],
        else: 'e',
      },
      { ...B, needs: 'c2' },
      { id: 'c', noop: true, when: 'stages["a"].status == "done"' },
      { id: 'd', wait: '5m' },
      { id: 'e', wait: { for: 100 } },
      { id: 'f', wait: { signal: 'deploy', timeout: '1h' } },
      { id: 'g', wait: { signal: 'deploy' } },
      { id: 'h', join: ['b', 'c'], from: ['d', 'notes.md'] },
      { id: 'i', join: true, needs: 'h', arm: { branch: 'route', case: 'low' } },
      { id: 'c2', noop: true },
    ])
    expect(made.stages.map(({ id, needs, arm }) => [id, needs, arm])).toEqual([
      ['a', [], null],
      ['route', ['a'], null],
      ['b', ['a', 'route', 'c2'], { branch: 'route', case: 'b' }],
      ['c', ['route', 'a'], { branch: 'route', case: 'low' }],
      ['d', ['route'], { branch: 'route', case: 'low' }],
      ['e', ['route'], { branch: 'route', case: 'else' }],
      ['f', [], null],
      ['g', [], null],
      ['h', ['d', 'b', 'c'], null],
      ['i', ['h', 'route'], { branch: 'route', case: 'low' }],
      ['c2', [], null],
    ])
    expect(made.stages.slice(1, 2)).toMatchObject([
      {
        kind: 'branch',
        otherwise: 'else',
        cases: [
          { name: 'b', when: 'score > 90' },
          { name: 'low', when: 'true' },
        ],
      },
    ])
    expect(made.stages.slice(4, 8)).toMatchObject([
      { until: { for: 'time', ms: 300_000 } },
      { until: { for: 'time', ms: 100 } },
      { until: { for: 'signal', signal: 'deploy', timeoutMs: 3_600_000 } },
      { until: { for: 'signal', signal: 'deploy', timeoutMs: null } },
    ])
    expect(
      definition([A, { id: 'b', branch: [{ when: 'true', to: 'c' }] }, { id: 'c', noop: true }]).stages[1],
    ).toMatchObject({ otherwise: null })
  })

  test('from: a text with / or . is a file, any other a stage; lists mix all forms (AS-46, A41)', () => {
    const from = [
      'a',
      'notes.md',
      'docs/x',
      { stage: 'b' },
      { file: 'LICENSE' },
      { name: 'score', value: 'stages.a.score' },
    ]
    expect(definition([A, B, { id: 'c', noop: true, from }]).stages[2]).toMatchObject({
      needs: ['a', 'b'],
      from: [
        { stage: 'a' },
        { file: 'notes.md' },
        { file: 'docs/x' },
        { stage: 'b' },
        { file: 'LICENSE' },
        { name: 'score', value: 'stages.a.score' },
      ],
    })
  })

  test('schemas of results: JSON Schema, zod, and what can say itself as one', () => {
    const output = z.object({ score: z.number() })
    const said = { type: 'object', properties: { a: { type: 'string' } } } as const
    const other = {
      '~standard': { version: 1, vendor: 'other', jsonSchema: { output: () => said } },
    } as const
    const made = workflow('w', [
      stage('a', { agent: 'x', output }),
      stage('b', { agent: 'x', output: other }),
      stage('c', { agent: 'x', output: said }),
      stage('d', { agent: 'x', output: Object.assign(() => true, other) }),
    ])
    const schemas = made.stages.map((each) =>
      each.kind === 'work' && each.work.kind === 'agent' ? each.work.output : null,
    )
    expect(schemas).toMatchObject([{ type: 'object', required: ['score'] }, said, said, said])
    expect(JSON.parse(JSON.stringify(made))).toEqual(made)
  })

  test('inputs: a type, a schema with description and default, or anything', () => {
    const inputs = {
      a: 'string',
      b: null,
      c: { type: 'integer', minimum: 1, default: 2, description: 'How many' },
      d: {},
    }
    expect(definition([A], { inputs }).inputs).toEqual({
      a: { description: null, schema: { type: 'string' } },
      b: { description: null, schema: {} },
      c: { description: 'How many', schema: { type: 'integer', minimum: 1 }, default: 2 },
      d: { description: null, schema: {} },
    })
  })
})
