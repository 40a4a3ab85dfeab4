import { expect, it } from 'vitest'
import { gate, map, work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'
import type { WorkflowDefinition } from './definition.ts'

/** Rows read by each step from the second on, for stages that are settled in this order. */
function rowsRead(definition: WorkflowDefinition, stages: readonly string[], inputs = {}): number[] {
  const run = new RowRun(definition, inputs)
  return stages.map((stage) => {
    run.done(stage, { score: 90 }, stage === 'm' ? run.open[0]?.index : 0)
    return run.rowsRead
  })
}

const SIZES = [100, 10_000] as const
const ids = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

it('a chain of 10,000 stages reads as many rows a step as one of 100', () => {
  const [small, large] = SIZES.map((size) => {
    const chain = ids('s', size).map((id, index) => work(id, index === 0 ? [] : [`s${index - 1}`]))
    return rowsRead(workflow(chain, { maxSteps: size }), ids('s', 20))
  })
  expect(large).toEqual(small)
  expect(Math.max(...(large as number[]))).toBeLessThanOrEqual(3)
})

it('a fan of 10,000 branches, each with a gate, reads as many rows a branch as one of 100', () => {
  const [small, large] = SIZES.map((size) => {
    const branches = ids('b', size).flatMap((id) => [work(id, ['root']), gate(`${id}_ok`, [id])])
    const end = work(
      'end',
      ids('b', size).map((id) => `${id}_ok`),
    )
    const definition = workflow([work('root'), ...branches, end], { concurrency: 4, maxSteps: 10 * size })
    return rowsRead(definition, ['root', ...ids('b', 20)]).slice(1)
  })
  expect(large).toEqual(small)
  expect(Math.max(...(large as number[]))).toBeLessThanOrEqual(12)
})

it('a map over 10,000 elements reads as many rows an element as one over 100', () => {
  const [small, large] = SIZES.map((size) => {
    const list = ids('e', size)
    return rowsRead(
      workflow([map('m', [], { limit: 8 })]),
      Array.from({ length: 20 }, () => 'm'),
      { list },
    )
  })
  expect(large).toEqual(small)
  expect(Math.max(...(large as number[]))).toBe(1)
})
