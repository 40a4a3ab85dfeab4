/** What people do to the items of a run: what ends one moves the run; doing one again is a matter of its stage. */
import { describe, expect, it } from 'vitest'
import { refused } from '../board/shop.ts'
import { openBoard } from '../workers/board.ts'
import { map, work, workflow } from '../workflow/example-stages.ts'
import { command, ENDED, standing, turnOf } from './shop.ts'

const BY_HAND = turnOf(null, { type: 'by-hand' })

describe('an item of a run', () => {
  it('A31 A43: that failed is not retried by itself, but by its stage, which moves the run', async () => {
    const { shop } = await openBoard({
      rules: [{ match: 'Test it', times: 1, steps: [{ fail: { kind: 'overloaded' } }] }],
    })
    shop.agent('dev', 'You work.')
    shop.workflow(workflow([work('test', [], { title: 'Test it', work: turnOf('dev') })]))
    const run = await shop.runWorkflow('feature')
    await expect(run.result(ENDED)).rejects.toMatchObject({ code: expect.any(String) as string })
    const error = await refused(shop.retry('feature-1/test'), 'invalid_transition')
    expect(error.message).toContain('Do its stage again with: workflow retry feature-1 test')
    expect(error.details).toEqual({
      ...{ item: 'feature-1/test', from: 'failed', to: 'ready' },
      ...{ run: 'feature-1', stage: 'test' },
    })
    expect(await shop.item('feature-1/test')).toMatchObject({ state: 'failed', retryCount: 0 })
    await shop.retryStage('feature-1', 'test')
    await run.result(ENDED)
    expect(await standing(run)).toEqual({ test: 'done' })
  })

  it('A31: of a run within a run is done again by the stage of the outermost', async () => {
    const { shop } = await openBoard()
    const inner = workflow([work('fails', [], { work: command('exit 7') })], { name: 'inner' })
    shop.workflow(workflow([work('call', [], { work: { kind: 'workflow', workflow: inner, inputs: {} } })]))
    await expect((await shop.runWorkflow('feature')).result(ENDED)).rejects.toMatchObject({
      message: expect.stringContaining('7') as string,
    })
    const error = await refused(shop.retry('feature-1/call/fails'), 'invalid_transition')
    expect(error.message).toContain('workflow retry feature-1 call')
  })

  it('A28 A31: moves its run when a person completes, fails, cancels or skips it', async () => {
    const { shop } = await openBoard()
    // A worker of the type is there, so that the stage may be of it, and does not take what asks for more than it can.
    await shop.boardWorker('hands', 'by-hand', { canHandle: () => false }).stored
    shop.workflow(workflow([work('a', [], { work: BY_HAND }), work('b', ['a'], { work: { kind: 'noop' } })]))
    const start = async (): Promise<string> => (await shop.runWorkflow('feature')).id
    const first = await start()
    await shop.claim(`${first}/a`)
    await shop.complete(`${first}/a`, 'by hand')
    await shop.run(first).result(ENDED)
    const second = await start()
    await shop.claim(`${second}/a`)
    await shop.fail(`${second}/a`, 'It cannot be done.')
    await expect(shop.run(second).result(ENDED)).rejects.toMatchObject({
      message: expect.stringContaining('It cannot be done.') as string,
    })
    const third = await start()
    await shop.cancel(`${third}/a`, 'No more of it.')
    await expect(shop.run(third).result(ENDED)).rejects.toMatchObject({
      message: expect.stringContaining('No more of it.') as string,
    })
    const fourth = await start()
    await shop.skip(`${fourth}/a`)
    await shop.run(fourth).result(ENDED)
  })

  it('A31: that failed and is skipped counts once', async () => {
    const { shop } = await openBoard()
    await shop.boardWorker('hands', 'by-hand', { canHandle: () => false }).stored
    const inputs = { list: { description: null, schema: {}, default: [1, 2, 3] } }
    shop.workflow(workflow([map('each', [], { work: BY_HAND })], { inputs }))
    const run = await shop.runWorkflow('feature')
    const end = async (index: number, act: (id: string) => Promise<unknown>): Promise<void> => {
      await shop.claim(`feature-1/each.${index}`)
      await act(`feature-1/each.${index}`)
    }
    await end(0, (id) => shop.fail(id))
    await shop.skip('feature-1/each.0')
    await end(1, (id) => shop.complete(id, 'two'))
    expect((await run.status()).stages[0]).toMatchObject({ elements: { done: 1, failed: 1 } })
    await end(2, (id) => shop.complete(id, 'three'))
    await run.result(ENDED)
  })
})
