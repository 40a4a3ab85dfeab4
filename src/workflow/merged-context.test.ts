import { expect, it } from 'vitest'
import { mergedContext } from './merged-context.ts'

it('B01, B41, AS-51: of {a:1}, {b:2}, {a:3} is {a:3, b:2}, and says that step 3 wrote a over step 1', () => {
  const merged = mergedContext([
    { stage: 'step1', result: { a: 1 } },
    { stage: 'step2', result: { b: 2 } },
    { stage: 'step3', result: { a: 3 } },
  ])
  expect(merged).toEqual({
    context: { a: 3, b: 2 },
    provenance: { a: { stage: 'step3', overwrote: ['step1'] }, b: { stage: 'step2', overwrote: [] } },
  })
})

it('has a text, a list and nothing under the name of their stage, and no member without a value', () => {
  const merged = mergedContext([
    { stage: 'text', result: 'Done.' },
    { stage: 'list', result: [1] },
    { stage: 'none', result: null },
    { stage: 'some', result: { a: undefined, b: 1 } },
  ])
  expect(merged.context).toEqual({ text: 'Done.', list: [1], none: null, b: 1 })
})
