/** Step files of any content. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { readSteps } from '../../src/workflow/steps/read.ts'
import { file, GATE, SCORING, step } from './example-steps.ts'

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
