import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { workflow } from '../../src/workflow/builders.ts'
import { stage } from '../../src/workflow/stage.ts'
import { parseWorkflow, readWorkflow } from '../../src/workflow/definition-schema.ts'
import type { AnyStage, WorkflowOptions } from '../../src/workflow/input.ts'
import { A, B, problems, read, sentence } from './definitions.ts'

describe('what is refused', () => {
  test('duplicate ids, before anything starts (AS-54, AS-68, B15)', () => {
    expect(sentence([A, B, A])).toBe(
      'invalid_definition: Stage "a": two stages have the id "a", this one and stages[0]; ids are unique.',
    )
    expect(problems([A, B, A])[0]?.path).toEqual(['stages', 2, 'id'])
  })

  test('a cycle without a bound, with its ids; an unknown stage is not called a cycle (AS-68, AS-102, D08)', () => {
    const stages = [
      A,
      { id: 'x', noop: true, needs: ['a', 'z'] },
      { id: 'y', noop: true, from: 'x' },
      { id: 'z', noop: true, when: 'stages.y.score > 1' },
      { id: 'end', noop: true, needs: 'z' },
    ]
    const [first] = problems(stages)
    expect(first).toMatchObject({ code: 'circular_dependency', details: { cycle: ['y', 'z', 'x'] } })
    expect(first?.sentence).toContain(
      'these stages wait for each other: y → z → x → y; to do work again use a gate with on_reject, or a loop',
    )
    expect(problems([{ ...A, needs: 'a' }])[0]).toMatchObject({
      code: 'circular_dependency',
      details: { cycle: ['a'] },
    })
    expect(
      problems([
        { ...A, needs: ['a2', 'b'] },
        { ...B, needs: 'a' },
      ]).map(({ code }) => code),
    ).toEqual(['unknown_dependency', 'circular_dependency'])
    const long = Array.from({ length: 30 }, (_, index) => ({
      id: `s${index}`,
      noop: true,
      needs: `s${(index + 29) % 30}`,
    }))
    expect(sentence(long)).toContain('→ … →')
  })

  test('a gate sends back only to what lies before it', () => {
    const stages = (on_reject: string): object[] => [
      A,
      B,
      { id: 'c', noop: true, needs: 'a' },
      { id: 'g', gate: { pass: 'true', on_reject }, needs: ['c'] },
    ]
    expect(read(stages('a')).ok && read(stages('c')).ok).toBe(true)
    expect(sentence(stages('b'))).toContain('it sends back to "b", which does not lie before it')
    expect(sentence(stages('g'))).toContain('which does not lie before it')
    const diamond = [A, B, ...['c', 'd'].map((id) => ({ id, noop: true, needs: 'a' }))]
    expect(
      sentence([...diamond, { id: 'g', gate: { pass: 'true', on_reject: 'b' }, needs: ['c', 'd'] }]),
    ).toContain('which does not lie before it')
  })

  test('a stage is an arm of one case, and of one that is there', () => {
    const route = { id: 'route', branch: [{ when: 'true', to: 'a' }], else: 'b' }
    expect(sentence([route, A, { ...B, arm: { branch: 'route', case: 'a' } }])).toContain(
      'stage "b" is an arm of',
    )
    expect(sentence([route, A, B, { id: 'c', noop: true, arm: { branch: 'route', case: 'z' } }])).toContain(
      'route has no case "z". Did you mean a?',
    )
    expect(sentence([A, { ...B, arm: { branch: 'a', case: 'z' } }])).toContain('a is no branch')
    expect(sentence([{ ...route, else: 3 }, A, { ...B, arm: { branch: 'route', case: 'a' } }])).not.toContain(
      'no case',
    )
    expect(read([route, A, { ...B, arm: { branch: 'route', case: 'else' } }]).ok).toBe(true)
  })

  test('expressions that do not parse, or name what is not there, with the place (AS-67)', () => {
    const [first] = problems([A, { id: 'b', gate: { pass: 'test_coverage >= ' }, needs: 'a' }])
    expect(first).toMatchObject({
      path: ['stages', 1, 'gate', 'pass'],
      offset: 17,
      code: 'invalid_definition',
    })
    expect(sentence([A, { id: 'b', gate: 'a >', needs: 'a' }])).toContain(
      'Stage "b": "a >" is no valid expression: unexpected token: EOF (character 4)',
    )
    expect(sentence([A, { id: 'b', noop: true, when: 'stages.b.score > 1' }])).toContain(
      'reads the stage itself',
    )
    for (const asking of [
      { id: 'g', gate: { person: 'Ship {{ stages.b.result }}?' }, needs: 'a' },
      { id: 'g', wait: { approval: 'Ship {{ stages.b.result }}?' }, needs: 'a' },
    ])
      expect(sentence([A, asking])).toContain('an expression in it is not valid')
    expect(sentence([{ id: 'a', agent: 'x', spec: 'one\n{{ scor }}' }])).toContain(
      'an expression in it is not valid: there is no variable scor here',
    )
    expect(sentence([{ id: 'a', agent: 'x', from: 'specs/{{ inputs.y }}.md' }])).toContain(
      'the workflow has no input "y"',
    )
    expect(sentence([{ ...A, when: `${'x'.repeat(100)} >` }])).toContain('x…"')
  })

  test('of a text with too many problems, the first are told', () => {
    const stages = Array.from({ length: 30 }, (_, index) => ({ id: `s${index}`, noop: true, when: 'x >' }))
    expect(problems(stages)).toHaveLength(20)
    expect(sentence([{ id: 'a', agent: 'x', spec: 'one\n{{ stages.b.score' }])).toContain('is not closed by')
  })

  test('problems of the workflow itself', () => {
    expect(sentence([A], { stage: [], name: 'a b' })).toContain(
      'stage is not a known field. Did you mean stages?',
    )
    expect(sentence([A], { name: 'a b' })).toContain('name is "a b"; it must be 1 to 64 characters')
    expect(sentence([A], { result: 'b' })).toContain(
      'result is "b", and there is no such stage. Did you mean a?',
    )
    expect(sentence(undefined)).toContain('stages is missing')
    expect(sentence([A], { inputs: { x: 'strng' } })).toContain(
      'inputs.x is "strng"; it must be one of string',
    )
    expect(sentence([A], { inputs: { x: 3 } })).toContain('inputs.x is 3; it must be one of')
    expect(sentence([A], { inputs: { x: { type: 'string', default: 3 } } })).toContain(
      'the default of the input "x" does not fit its schema: invalid input',
    )
    expect(sentence([A], { inputs: { x: { required: true } } })).toContain(
      'the input "x" has no schema that works here: required says something about values of type object; add type: object',
    )
    expect(problems([A], { inputs: { x: { if: {}, description: 'X' } } })[0]).toMatchObject({
      code: 'unsupported',
    })
    expect(readWorkflow('x', { fields: 'snake' })).toMatchObject({
      ok: false,
      problems: [{ sentence: 'a workflow is "x"; it must be an object with name and stages.' }],
    })
  })

  test('a schema that is only code, as definitions are JSON', () => {
    const only = { '~standard': { version: 1, vendor: 'valibot' } } as const
    const failing = {
      '~standard': { version: 1, vendor: 'x', jsonSchema: { output: () => z.toJSONSchema(z.date()) } },
    } as const
    expect(() => workflow('w', [stage('a', { agent: 'x', output: only })])).toThrow(
      'a schema of valibot that cannot say itself as JSON Schema; definitions are JSON',
    )
    expect(() => workflow('w', [stage('a', { agent: 'x', output: failing })])).toThrow(
      'it cannot be written as JSON Schema: Date cannot',
    )
    const old = { '~standard': { version: 1, vendor: 'zod' }, ['_zod']: z.string()['_zod'] } as never
    expect(workflow('w', [stage('a', { agent: 'x', output: old })]).stages[0]).toMatchObject({
      work: { output: { type: 'string' } },
    })
  })

  test('too many stages and workflows that lie too deep', () => {
    expect(sentence(Array.from({ length: 20_001 }, () => A))).toContain(
      'there are more than 20000 stages; use a map over a list',
    )
    let deep: object = A
    for (let depth = 0; depth < 6; depth++) deep = { id: 'a', loop: { until: 'true', stages: [deep] } }
    expect(sentence([deep])).toContain('it lies more than 5 workflows deep')
    expect(sentence([{ id: 'a', workflow: { stages: [{ id: 'b', needs: 'x', noop: true }] } }])).toContain(
      'Stage "b": it needs "x"',
    )
  })

  test('a program is told all of it at once, in its own words', () => {
    const stages = Array.from({ length: 30 }, (_, index) => stage(`s${index}`, { agent: 'x', needs: 'gone' }))
    const thrown = refusal(stages)
    expect(thrown).toMatchObject({
      code: 'unknown_dependency',
      details: { stage: 's0', field: 'stages[0].needs' },
    })
    expect(thrown.message).toMatch(/^Workflow "w":\n {2}Stage "s0": it needs "gone"/u)
    expect(thrown.message).toContain('… and more.')
    expect(refusal(stages.slice(0, 7)).message).toContain('… and 2 more.')
    expect(refusal([stage('a', { agent: 'x', onFailur: 'skip' } as object)]).message).toBe(
      'Workflow "w": Stage "a": onFailur is not a known field. Did you mean onFailure?',
    )
    expect(refusal([], { name: undefined } as object).message).toContain('Workflow "w"')
    expect(() => parseWorkflow(null as never)).toThrow('The workflow: a workflow is null')
    const stolen = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('no')
        },
      },
    )
    expect(() => workflow('w', [stolen as never])).toThrow('The workflow cannot be read')
  })
})

function refusal(stages: readonly AnyStage[], options: WorkflowOptions = {}): Error {
  try {
    workflow('w', stages, options)
  } catch (thrown) {
    return thrown as Error
  }
  throw new Error('it was read')
}
