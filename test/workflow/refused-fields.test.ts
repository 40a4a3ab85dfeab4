import { describe, expect, test } from 'vitest'
import { B, A, problems, sentence } from './definitions.ts'

describe('what is refused', () => {
  test.each<readonly [string, unknown, string]>([
    [
      'a tuple without a title',
      [
        ['a', 'x', 'A'],
        ['b', 'x'],
      ],
      'invalid_stage: stage 1 is ["b", "x"]; it must be [id, agent, title], [id, agent, title, options], or an object with an id.',
    ],
    ['a tuple with something else', [['a', 'x', 'A', 'plan']], 'stage 0 is ["a", "x", "A", "plan"]'],
    [
      'a tuple that names the agent twice',
      [['a', 'x', 'A', { agent: 'y' }]],
      'stage 0 is ["a", "x", "A", an object]',
    ],
    ['an empty tuple', [[]], 'stage 0 is an empty list'],
    ['something else', [A, 'b'], 'stage 1 is "b"'],
    ['an object without id', [{ agent: 'x' }], 'stage 0 has no id; it must be 1 to 64 characters'],
    ['an id of other characters', [{ id: 'a.b' }], 'the id of stage 0 is "a.b"; it must be 1 to 64'],
    [
      'a stage without work',
      [{ id: 'a' }],
      'Stage "a": it does not say who does it or what it is; give it agent, profile, capability, type, or one of gate',
    ],
    [
      'a stage of two kinds',
      [{ id: 'a', run: 'x', noop: true }],
      'Stage "a": it has both run and noop; make two stages of it',
    ],
    [
      'a loop that is a map',
      [{ id: 'a', run: 'x', loop: { until: 'true' }, map: { over: '[]' } }],
      'it has both',
    ],
    [
      'a gate that is a loop',
      [A, { id: 'b', needs: 'a', gate: 'true', loop: { until: 'true' } }],
      'it has both gate and loop',
    ],
  ])('a malformed stage with its index: %s (AS-50)', (_name, stages, said) => {
    expect(sentence(stages)).toContain(said)
    const [first] = problems(stages)
    expect(first?.code).toBe('invalid_stage')
    expect(first?.details['index']).toBe((stages as unknown[]).length - 1)
  })

  test.each<readonly [string, unknown, string]>([
    [
      'an unknown field',
      { id: 'a', agnt: 'x', agent: 'x' },
      'Stage "a": agnt is not a known field. Did you mean agent?',
    ],
    [
      'an unknown field like nothing',
      { id: 'a', noop: true, xyzxyzxyz: 1 },
      'xyzxyzxyz is not a known field; known are id, title, needs, next, from, when, arm, on_failure, noop.',
    ],
    [
      'a field of another kind',
      { id: 'a', run: 'x', spec: 'y' },
      'spec does not belong to a stage with run; known are',
    ],
    [
      'a field of a body',
      { id: 'a', loop: { until: 'true', stages: [A] }, agent: 'x' },
      'agent does not belong to a stage with loop',
    ],
    [
      'an unknown field within',
      { id: 'a', agent: 'x', loop: { until: 'true', max_round: 3 } },
      'loop.max_round is not a known field. Did you mean max_rounds?',
    ],
    [
      'a field in both ways',
      { id: 'a', agent: 'x', on_failure: 'skip', onFailure: 'skip' },
      'on_failure is not a known field',
    ],
    [
      'a value that does not fit',
      { id: 'a', agent: 'x', on_failure: 'stop' },
      'Stage "a": on_failure is "stop"; it must be one of fail, retry, skip, escalate.',
    ],
    ['a missing field', { id: 'a', agent: 'x', loop: {} }, 'loop.until is missing; it must be an expression'],
    ['a bad duration', { id: 'a', wait: 'soon' }, 'wait is "soon"; it must be a duration'],
    [
      'a bad variable',
      { id: 'a', run: 'x', env: { 'A=B': '1' } },
      'env["…"] is not a valid name; a name must be without "="',
    ],
    [
      'a bad priority',
      { id: 'a', agent: 'x', priority: 9 },
      'priority is 9; it must be 1 (most urgent) to 5',
    ],
    [
      'ids that are none',
      { id: 'a', agent: 'x', needs: 5 },
      'needs is 5; it must be the id of a stage, or a list of these',
    ],
    [
      'a bad source',
      { id: 'a', agent: 'x', from: { path: 'x' } },
      'from is an object; it must be a stage, a file',
    ],
    ['a source without text', { id: 'a', agent: 'x', from: [3] }, 'from is 3; it must be'],
    [
      'a file outside',
      { id: 'a', agent: 'x', from: '../x.md' },
      'the file is "../x.md"; it must be a path inside of the project',
    ],
    ['an absolute file', { id: 'a', agent: 'x', from: { file: '/etc/passwd' } }, 'the file is "/etc/passwd"'],
    [
      'a list that is none',
      { id: 'a', agent: 'x', map: { over: 3 } },
      'map.over is a number; it must be a list',
    ],
    [
      'a bad policy',
      { id: 'a', agent: 'x', map: { over: '[]', policy: 'all' } },
      'map.policy is "all"; it must be one of continue, fail_fast',
    ],
    [
      'a bad quorum',
      { id: 'a', agent: 'x', map: { over: '[]', policy: { quorum: 2 } } },
      'map.policy.quorum is 2; it must be a share from 0 to 1',
    ],
    [
      'a question that is none',
      { id: 'a', gate: { person: 5 } },
      'gate.person is 5; it must be a question, or true',
    ],
    ['an agent of a tuple', ['a', 'x y', 'A'], 'agent is "x y"; it must be the name of an agent'],
    ['an option of a tuple', ['a', 'x', 'A', { on_failure: 3 }], 'on_failure is 3; it must be one of'],
    ['values in a title', { id: 'a', agent: 'x', title: 'Do {{ x }}' }, 'title takes no {{ }}'],
    [
      'values in a command',
      { id: 'a', run: 'echo {{ inputs.x }}' },
      'run takes no {{ }}, because a value could be a command itself; name it in env',
    ],
    ['a case without stages', { id: 'a', branch: [{ when: 'true', to: [] }] }, 'a case leads to a stage'],
    [
      'two cases of a name',
      {
        id: 'a',
        branch: [
          { name: 'x', when: 'true', to: 'b' },
          { name: 'x', when: 'true', to: 'b' },
        ],
      },
      'two cases have the name "x"',
    ],
    [
      'a gate without a judge',
      { id: 'a', gate: {}, needs: 'b' },
      'gate says neither when it holds nor who decides; give it pass, reviewer or person',
    ],
    [
      'a gate of two judges',
      { id: 'a', gate: { person: true, reviewer: 'x' } },
      'a gate is decided by a person, by a reviewer, or by an expression',
    ],
    [
      'a gate of two reviewers',
      { id: 'a', gate: { reviewer: 'x' }, agent: 'y', needs: 'b' },
      'gate.reviewer and agent both name the reviewer',
    ],
    [
      'a review without a reviewer',
      { id: 'a', gate: 'true', spec: 'x', needs: 'b' },
      'spec is for a reviewer, and this gate has none',
    ],
    [
      'a person who is none',
      { id: 'a', gate: { pass: 'true', timeout: '5m' }, needs: 'b' },
      'gate.timeout is for a person',
    ],
    [
      'a gate that judges nothing',
      { id: 'a', gate: 'true' },
      'this gate needs no stage, so that it has nothing to judge',
    ],
    [
      'a schema that is none',
      { id: 'a', agent: 'x', output: { type: 'strng' } },
      'output is no schema that works here: Unsupported type: strng',
    ],
    [
      'an output of a command',
      { id: 'a', run: 'x', output: 'xml' },
      'output is "xml"; it must be one of text, json',
    ],
    [
      'a workflow that is none',
      { id: 'a', workflow: 3 },
      'a workflow is 3; it must be an object with name and stages',
    ],
    [
      'a workflow without stages',
      { id: 'a', workflow: { stages: [] } },
      'stages is a list; it must be a list of stages with at least one',
    ],
    [
      'a problem within a body',
      { id: 'a', loop: { until: 'true', stages: [{ id: 'in', run: 'x', typ: 'y' }] } },
      'Stage "in": typ is not a known field',
    ],
  ])('%s (AS-68, B15)', (_name, written, said) => {
    expect(sentence([written, B])).toContain(said)
    expect(problems([written, B])[0]?.code).toBe('invalid_definition')
    expect(problems([written, B])[0]?.path.slice(0, 2)).toEqual(['stages', 0])
  })

  test.each<readonly [string, object, string, string]>([
    [
      'needs',
      { needs: 'plann' },
      'unknown_dependency',
      'it needs "plann", and there is no such stage. Did you mean plan?',
    ],
    ['from', { from: ['plann', 'x.md'] }, 'unknown_dependency', 'it needs "plann"'],
    ['next', { next: 'plann' }, 'unknown_dependency', 'it leads to "plann"'],
    [
      'on_reject',
      { noop: undefined, gate: { pass: 'true', on_reject: 'plann' }, needs: 'plan' },
      'invalid_definition',
      'it sends back to "plann"',
    ],
    ['arm', { arm: { branch: 'plann', case: 'x' } }, 'invalid_definition', 'it is an arm of "plann"'],
    [
      'to',
      { noop: undefined, branch: [{ when: 'true', to: 'plann' }] },
      'unknown_dependency',
      'it leads to "plann"',
    ],
    ['join', { noop: undefined, join: ['plann'] }, 'unknown_dependency', 'it needs "plann"'],
    [
      'an expression',
      { when: 'stages.plann.score > 1' },
      'invalid_definition',
      'there is no stage "plann" (character 8). Did you mean plan?',
    ],
    [
      'a text',
      { noop: undefined, agent: 'x', spec: 'see {{ stages.plann.result }}' },
      'invalid_definition',
      'there is no stage "plann" (character 15). Did you mean plan?',
    ],
    [
      'something like nothing',
      { needs: 'qqqqqqqq' },
      'unknown_dependency',
      'and there is no such stage; there are plan, b.',
    ],
  ])('an unknown target of %s (AS-46, AS-68, AS-102, B15)', (_name, fields, code, said) => {
    const [first, second] = problems(
      [
        { id: 'plan', noop: true },
        { ...B, ...fields },
      ].map((each) => JSON.parse(JSON.stringify(each)) as object),
    )
    expect(first).toMatchObject({
      code,
      sentence: expect.stringContaining(`Stage "b": `) as string,
      details: { stage: 'b' },
    })
    expect(first?.sentence).toContain(said)
    expect(second).toBeUndefined()
  })
})
