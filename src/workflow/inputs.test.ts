import { expect, test } from 'vitest'
import { workflow } from './builders.ts'
import { inputsOf } from './inputs.ts'
import { fits, readSchema } from './json-schema.ts'
import { filesOf } from './sources.ts'

const DEFINITION = workflow(
  'feature',
  [
    ['plan', 'planner', 'Plan', { from: ['specs/{{ inputs.name }}.md', 'AGENTS.md'] }],
    ['build', 'coder', 'Build', { from: 'plan' }],
  ],
  { inputs: { name: 'string', rounds: { type: 'integer', default: 3 } } },
)

test('a run gets its inputs with defaults, and none that does not fit', () => {
  expect(inputsOf(DEFINITION, { name: 'login' })).toEqual({ name: 'login', rounds: 3 })
  expect(inputsOf(DEFINITION, { name: 'login', rounds: 5 })).toEqual({ name: 'login', rounds: 5 })
  expect(() => inputsOf(DEFINITION, { name: null })).toThrow('cannot start with name: null does not fit')
  expect(inputsOf({ name: 'x', inputs: { a: { description: null, schema: {} } } }, { a: null })).toEqual({
    a: null,
  })
  expect(() => inputsOf(DEFINITION, {})).toThrow(
    'Workflow "feature" needs the input name, which has no default.',
  )
  expect(() => inputsOf(DEFINITION, { name: 5 })).toThrow(
    'Workflow "feature" cannot start with name: 5 does not fit: invalid input: expected string',
  )
  expect(() => inputsOf(DEFINITION, { name: 'x', round: 5 })).toThrow(
    'Workflow "feature" has no input "round". Did you mean rounds?',
  )
  expect(() => inputsOf(DEFINITION, { name: 'x', qqqqqqq: 5 })).toThrow(
    'has no input "qqqqqqq"; it has name, rounds.',
  )
  expect(() => inputsOf({ name: 'w', inputs: {} }, { a: 1 })).toThrow('has no input "a"; it has none.')
})

test('the files of a run are known before it starts, with the values of its inputs (AS-45)', () => {
  expect(filesOf(DEFINITION, { name: 'login' })).toEqual({
    ok: true,
    files: [
      { stage: 'plan', index: 0, file: 'specs/login.md' },
      { stage: 'plan', index: 1, file: 'AGENTS.md' },
    ],
  })
  expect(filesOf(DEFINITION, { name: '../../etc/passwd' })).toMatchObject({
    ok: false,
    why: expect.stringContaining(
      'Stage "plan" reads the file "specs/{{ inputs.name }}.md": "specs/../../etc/passwd.md" is not a path inside of the project',
    ) as string,
  })
  expect(filesOf(DEFINITION, { name: ['x'] })).toMatchObject({
    ok: false,
    why: expect.stringContaining('it must give a text or a number') as string,
  })
  expect(filesOf(DEFINITION, {})).toMatchObject({
    ok: false,
    why: expect.stringContaining('no such key: name') as string,
  })
})

test('a file whose path the inputs leave blank is none (AS-45)', () => {
  const optional = workflow('w', [['plan', 'planner', 'Plan', { from: { file: '{{ inputs.file }}' } }]], {
    inputs: { file: { type: 'string', default: '' } },
  })
  expect(filesOf(optional, { file: '' })).toEqual({ ok: true, files: [] })
  expect(filesOf(optional, { file: 'a.md' })).toMatchObject({ files: [{ file: 'a.md' }] })
  expect(filesOf(optional, { file: ' ' })).toMatchObject({ ok: false })
})

test.each<readonly [unknown, string]>([
  ['string', 'a JSON Schema is an object'],
  [{ type: 'object', properties: { a: 5 } }, 'properties.a must be a schema, which is an object'],
  [{ type: 'object', properties: [] }, 'properties has no value that fits it'],
  [{ anyOf: [] }, 'anyOf has no value that fits it'],
  [{ enum: 'a' }, 'enum has no value that fits it'],
  [{ properties: {} }, 'properties says something about values of type object; add type: object'],
  [
    { type: ['array', 'null'], items: { minimum: 1 } },
    'items.minimum says something about values of type number; add type: number',
  ],
  [{ anyOf: [{ type: 'string' }, { not: {} }] }, 'anyOf[1].not is not understood; known are type, enum'],
  [{ type: 'array', uniqueItems: true }, 'uniqueItems is not understood'],
  [{ default: new Date(0) }, 'default must be JSON'],
  [{ $ref: 'https://x.org/y' }, 'External $ref is not supported'],
])('%j is no schema: %s', (schema, why) => {
  expect(readSchema(schema)).toMatchObject({ ok: false, why: expect.stringContaining(why) as string })
})

test('a value fits a schema, or each field that does not is named', () => {
  const read = readSchema({
    type: 'object',
    properties: {
      a: { type: ['integer', 'null'], minimum: 1 },
      b: { type: 'array', items: { enum: ['x', 'y'] } },
    },
    patternProperties: { '^z': true },
    required: ['b'],
    description: 'What is left',
  })
  expect(read.ok).toBe(true)
  const schema = read.ok ? read.schema : {}
  expect(fits(schema, { a: 1, b: ['x'] })).toEqual({ ok: true })
  expect(fits(schema, { a: 0.5, b: ['z'] })).toMatchObject({
    ok: false,
    why: expect.stringContaining('b[0]: invalid option') as string,
  })
  expect(fits({ type: 'object' }, 'x')).toEqual({
    ok: false,
    why: 'invalid input: expected object, received string',
  })
})
