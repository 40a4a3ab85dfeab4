/** Checkpoints of a run: which there are, what they hand over, and that a run goes on from where it stands. */
import { describe, expect, it } from 'vitest'
import { openBoard } from '../workers/board.ts'
import { ENDED, promptsTo } from './shop.ts'

const COUNTS = { dispatched: 0, completed: 0, pending: 0, failed: 0 }

describe('checkpoints of a run', () => {
  it('are listed, the newest first and five unless said otherwise, each as the run stood then (C23, C24, C25, C27)', async () => {
    const { shop } = await openBoard({ reply: 'made' })
    shop.agent('dev', 'You work.')
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    shop.workflow(
      'line',
      ids.map((id, index) => ({
        id,
        agent: 'dev',
        ...(index === 0 ? {} : { needs: ids[index - 1] as string }),
      })),
    )
    expect(await shop.checkpoints('line')).toEqual([])
    const run = await shop.runWorkflow('line')
    await run.result(ENDED)
    // The waves of a run that is over are of no more use.
    expect((await shop.checkpoints('line')).map(({ name }) => name)).toEqual(['line-complete'])
    const latest = await shop.checkpoints('line', { all: true })
    expect(latest.map(({ number, name }) => [number, name])).toEqual([
      [7, 'line-complete'],
      [6, 'line-phase-6-complete'],
      [5, 'line-phase-5-complete'],
      [4, 'line-phase-4-complete'],
      [3, 'line-phase-3-complete'],
    ])
    expect(latest[4]).toEqual({
      ...{
        run: 'line-1',
        number: 3,
        name: 'line-phase-3-complete',
        type: 'phase-complete',
        priority: 'high',
      },
      ...{ at: expect.any(Number) as number, level: 'summary', summary: '3/7 complete' },
      counts: { ...COUNTS, completed: 3, pending: 4 },
      nextActions: ['start d'],
    })
    expect(await shop.checkpoints('line-1', { limit: 100, all: true })).toHaveLength(7)
    expect((await shop.checkpoints('line', { limit: 1, all: true }))[0]).toMatchObject({
      type: 'complete',
      counts: { ...COUNTS, completed: 7 },
      nextActions: [],
    })
    await expect(shop.checkpoints('lime')).rejects.toMatchObject({ code: 'not_found' })
    // A run of the same id that was forgotten has left none.
    await shop.resetWorkflow('line')
    await (await shop.runWorkflow('line')).result(ENDED)
    expect(await shop.checkpoints('line', { limit: 100, all: true })).toHaveLength(7)
  })

  it('hand over counts, or also results, or also how every stage stood; later rounds change nothing of it (C24, C25)', async () => {
    const { shop } = await openBoard({
      rules: [
        { match: 'Write', times: 1, reply: 'first' },
        { match: 'Write', reply: 'second' },
        { match: 'Judge', times: 1, reply: '{"score": 20, "issues": ["short"]}' },
        { match: 'Judge', reply: '{"score": 90}' },
        { match: 'Fail', steps: [{ fail: { kind: 'invalid_request' } }] },
      ],
    })
    for (const name of ['dev', 'judge']) shop.agent(name, `You are ${name}.`)
    shop.workflow('levels', [
      ['write', 'dev', 'Write it'],
      { id: 'judge', title: 'Judge it', gate: { reviewer: 'judge', onReject: 'write' }, from: 'write' },
      ['end', 'dev', 'Fail now', { needs: 'judge', retry: 'none' }],
    ])
    const run = await shop.runWorkflow('levels')
    await run.ended(ENDED)
    const of = async (level: 'summary' | 'context' | 'full') =>
      shop.checkpoints('levels', { limit: 9, level })
    const [summary, context, full] = [await of('summary'), await of('context'), await of('full')]
    expect(summary.at(-1)).not.toHaveProperty('results')
    expect(context.at(-1)).toMatchObject({
      ...{ summary: '1/3 complete', nextActions: ['start judge'], agents: ['dev'] },
      tasks: { dispatched: [], completed: ['write'], pending: ['judge', 'end'], failed: [] },
      results: { write: 'first' },
    })
    expect(context[0]).toMatchObject({
      ...{ type: 'phase-complete', summary: '2/3 complete; 1 failed', agents: ['dev', 'judge'] },
      results: { write: 'second', judge: { score: 90 } },
      nextActions: ['retry end, or skip it'],
    })
    expect(context.at(-1)).not.toHaveProperty('stages')
    const { checksum, stages } = full.at(-1) ?? {}
    expect(checksum).toMatch(/^\w+$/u)
    expect(stages?.map(({ stage, status, round }) => `${stage} ${status} ${round}`)).toEqual([
      'write done 1',
      'judge pending 1',
      'end pending 1',
    ])
    expect(full[0]?.stages?.map(({ stage, status, round }) => `${stage} ${status} ${round}`)).toEqual([
      'write done 2',
      'judge done 2',
      'end failed 1',
    ])
  })

  it('of a budget say so, and a resume does nothing again that is finished, whatever was looked at (C25, C26)', async () => {
    const board = await openBoard({ costUsd: 0.3 })
    const { shop } = board
    shop.agent('dev', 'You work.')
    const ids = ['a', 'b', 'c', 'd']
    shop.workflow(
      'dear',
      ids.map((id, index) => ({
        id,
        agent: 'dev',
        ...(index === 0 ? {} : { needs: ids[index - 1] as string }),
      })),
      { budget: 1 },
    )
    const run = await shop.runWorkflow('dear')
    await expect.poll(async () => (await run.status()).status, { timeout: 20_000 }).toBe('paused')
    const saved = await shop.checkpoints('dear', { level: 'full' })
    expect(saved.map(({ type }) => type)).toContain('budget-warning')
    expect(saved[0]).toMatchObject({ summary: '3/4 complete', nextActions: ['start d'] })
    await run.resume()
    await run.result(ENDED)
    expect(promptsTo(board, 'dev')).toHaveLength(4)
  })
})
