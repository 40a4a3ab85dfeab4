import { expect, it } from 'vitest'
import { openBoard } from '../workers/board.ts'
import { map, workflow } from '../workflow/example-stages.ts'
import { ENDED } from './shop.ts'

it('a run reads inputs that are too long for a row in the commit that starts it (A42)', async () => {
  const list = Array.from({ length: 3000 }, (_, index) => `element ${index}`)
  const { shop } = await openBoard({}, { persistence: true })
  const inputs = { list: { description: null, schema: {}, default: [] } }
  shop.workflow(workflow([map('each', [], { limit: 100, work: { kind: 'noop' } })], { inputs }))
  const run = await shop.runWorkflow('feature', { inputs: { list } })
  await run.result(ENDED)
  const [stage] = (await run.status()).stages
  expect(stage).toMatchObject({ stage: 'each', status: 'done' })
  expect((await shop.board()).items).toHaveLength(3000)
})
