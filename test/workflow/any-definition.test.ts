import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readWorkflow } from '../../src/workflow/definition-schema.ts'

const VALUES = fc.oneof(
  fc.constantFrom<unknown>(
    'a',
    'b',
    'x.md',
    'score > 1',
    'stages.a.result',
    '{{ inputs.x }}',
    '{{',
    3,
    0,
    -1,
    true,
    null,
    [],
    {},
    ['a'],
    '5m',
    '__proto__',
    'a'.repeat(200),
  ),
  fc.jsonValue({ maxDepth: 3 }),
)
const FIELDS = fc.constantFrom(
  ...[
    'id',
    'agent',
    'run',
    'needs',
    'next',
    'from',
    'when',
    'arm',
    'gate',
    'loop',
    'map',
    'branch',
    'else',
    'wait',
    'join',
    'workflow',
    'inputs',
    'noop',
  ],
  ...[
    'output',
    'retry',
    'env',
    'spec',
    'title',
    'consult',
    'on_failure',
    'until',
    'over',
    'stages',
    'pass',
    'on_reject',
    'person',
    'to',
    'toString',
    'x',
  ],
)
const { written } = fc.letrec<{ written: unknown }>((tie) => ({
  written: fc.oneof(
    { maxDepth: 4 },
    VALUES,
    fc.dictionary(FIELDS, tie('written'), { maxKeys: 6 }),
    fc.array(tie('written'), { maxLength: 4 }),
  ),
}))

test('whatever is written is read, or told to be wrong, and never thrown (B15)', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          written,
          fc.dictionary(FIELDS, written).map((fields) => ({ ...fields, id: 'a' })),
        ),
      ),
      fc.dictionary(fc.string(), written),
      (stages, top) => {
        const made = readWorkflow({ ...top, stages }, { name: 'w', fields: 'snake' })
        expect(made.ok || made.problems.length > 0).toBe(true)
        expect(made.ok ? JSON.parse(JSON.stringify(made.definition)) : null).toEqual(
          made.ok ? made.definition : null,
        )
        const said = made.ok ? [] : made.problems.map((each) => each.sentence)
        expect(said.every((each) => each.length < 2000)).toBe(true)
      },
    ),
    { numRuns: 1000 },
  )
})

/** Leaves one part of a good workflow out, or puts something else in its place. */
function mutations(value: unknown, other: unknown): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return [other]
  const entries = Object.entries(value as Record<string, unknown>)
  const isList = Array.isArray(value)
  const rebuilt = (members: readonly (readonly [string, unknown])[]): unknown =>
    isList ? members.map(([, member]) => member) : Object.fromEntries(members)
  return entries.flatMap(([key, member], at) => [
    rebuilt(entries.filter((_, index) => index !== at)),
    rebuilt([...entries, [`${key}x`, member]]),
    ...mutations(member, other).map((changed) =>
      rebuilt(entries.map((entry, index) => (index === at ? [key, changed] : entry))),
    ),
  ])
}

const GOOD = {
  name: 'feature',
  inputs: { spec: { type: 'string', default: 'specs/feature.md' } },
  stages: [
    { id: 'plan', agent: 'planner', from: 'specs/feature.md' },
    { id: 'build', type: 'code', from: 'plan', loop: { until: 'score >= 70', max_rounds: 3 } },
    { id: 'test', run: 'npm test', needs: 'build', env: { A: 'inputs.spec' } },
    { id: 'review', gate: { reviewer: 'r', on_reject: 'build' }, from: ['build', 'test'] },
    { id: 'each', map: { over: 'stages.plan.result', stages: [{ id: 'one', agent: 'x' }] } },
    { id: 'route', branch: [{ when: 'score > 1', to: 'done' }], needs: 'review' },
    { id: 'done', wait: { signal: 'go' } },
  ],
}

test('a good workflow with any one part changed is read or told to be wrong (AS-68)', () => {
  expect(readWorkflow(GOOD, { fields: 'snake' })).toMatchObject({ ok: true })
  const mutated = [undefined, null, 5, 'nobody', 'a >', [], {}, ['x', 'y'], Number.NaN, new Date(0)].flatMap(
    (other) => mutations(GOOD, other),
  )
  expect(mutated.length).toBeGreaterThan(500)
  for (const each of mutated) {
    const made = readWorkflow(each, { name: 'w', fields: 'snake' })
    const said = made.ok ? '' : made.problems.map((problem) => problem.sentence).join('')
    expect(said).not.toContain('undefined,')
  }
})
