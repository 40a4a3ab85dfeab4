import { expect, test } from 'vitest'
import { FUNCTIONS } from './functions.ts'

test('merged-context puts results together, later ones over earlier, and says who wrote what (B01, B41, AS-51)', () => {
  const merge = FUNCTIONS.get('merged-context')
  expect(merge?.({ inputs: { one: '{"a": 1}', two: { b: 2 }, three: ' {"a": 3}' } })).toEqual({
    context: { a: 3, b: 2 },
    provenance: { a: { stage: 'three', overwrote: ['one'] }, b: { stage: 'two', overwrote: [] } },
  })
  expect(merge?.({ inputs: { text: 'Done.', brace: '{ no JSON' } })).toMatchObject({
    context: { text: 'Done.', brace: '{ no JSON' },
  })
})
