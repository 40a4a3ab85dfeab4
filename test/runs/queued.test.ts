import { expect, it } from 'vitest'
import { openBoard } from '../workers/board.ts'
import { work, workflow } from '../workflow/example-stages.ts'
import { ENDED } from './shop.ts'

it('stages that wait for a place get it in their order, also where many are settled in one commit (A42)', async () => {
  const { shop, events } = await openBoard({}, { persistence: true })
  const ids = Array.from({ length: 300 }, (_, index) => `s${index}`)
  const noop = { work: { kind: 'noop' } } as const
  shop.workflow(
    workflow([...ids.map((id) => work(id, [], noop)), work('end', ids, noop)], {
      concurrency: 40,
      maxSteps: 1000,
    }),
  )
  const run = await shop.runWorkflow('feature')
  await run.result(ENDED)
  const opened: string[] = []
  const busy: number[] = []
  for (const { type, data } of await events('stage.opened', 'stage.done')) {
    if (type === 'stage.opened') opened.push(data.stage)
    if (type === 'stage.done') busy.push(opened.length - busy.length)
  }
  expect(opened).toEqual([...ids, 'end'])
  expect(busy).toEqual([...ids.map((_, done) => Math.min(40, 300 - done)), 1])
})
