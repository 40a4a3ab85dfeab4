/** `session: continue` of a stage: which conversation its agent goes on in. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import type { StageInput } from '../../src/workflow/input.ts'
import { openBoard, type TestBoard } from '../workers/board.ts'
import { makeRepository } from '../workers/repository.ts'
import { ENDED } from './shop.ts'

/** The conversation of each turn in the order in which they began, as a number: the first is 1. */
function conversations({ backend }: TestBoard): readonly string[] {
  const seen: string[] = []
  return backend.requests.map(({ agent, resume, begin }) => {
    const id = resume?.id ?? begin?.id ?? ''
    if (!seen.includes(id)) seen.push(id)
    return `${agent} ${seen.indexOf(id) + 1}`
  })
}

async function ran(shop: HostedWorkshop, name: string, stages: readonly StageInput[]): Promise<void> {
  await shop.workflow(name, stages, { agent: 'dev', retry: 'none' }).stored
  const run = await shop.runWorkflow(name)
  await run.result(ENDED)
}

describe('session: continue', () => {
  it('goes on in the conversation that the agent had in the run, of another stage or an earlier round; others begin their own (A41, B04)', async () => {
    const board = await openBoard({
      rules: [
        { match: 'Draft', times: 1, reply: '{"score": 10}' },
        { match: 'Draft', reply: '{"score": 90}' },
      ],
    })
    const { shop } = board
    for (const name of ['dev', 'other']) shop.agent(name, `You are ${name}.`)
    await ran(shop, 'talk', [
      { id: 'plan', title: 'Plan' },
      { id: 'aside', title: 'Something else', needs: 'plan', agent: 'other', session: 'continue' },
      {
        ...{ id: 'draft', title: 'Draft', needs: 'aside', session: 'continue' },
        loop: { until: 'score > 80' },
        output: { type: 'object' },
      },
      { id: 'fresh', title: 'Look at it anew', needs: 'draft' },
      { id: 'last', title: 'End', needs: 'fresh', session: 'continue' },
    ])
    expect(conversations(board)).toEqual(['dev 1', 'other 2', 'dev 1', 'dev 1', 'dev 3', 'dev 3'])
    // What the conversation has come to is what the next turn goes on from.
    expect(board.backend.requests.map(({ resume }) => resume?.data)).toEqual([
      undefined,
      undefined,
      { turns: 1 },
      { turns: 2 },
      undefined,
      { turns: 1 },
    ])
  })

  it('goes on in that in which the agent is asked directly where the run has none yet, and leaves that as it is (A41)', async () => {
    const board = await openBoard()
    const { shop } = board
    for (const name of ['dev', 'other']) shop.agent(name, `You are ${name}.`)
    await shop.ask('dev', 'Hello')
    await shop.ask('other', 'Hello')
    await ran(shop, 'one', [
      { id: 'a', session: 'continue' },
      { id: 'b', needs: 'a', agent: 'other' },
    ])
    await ran(shop, 'two', [{ id: 'a' }, { id: 'b', needs: 'a', session: 'continue' }])
    await shop.ask('dev', 'And now?')
    expect(conversations(board)).toEqual(['dev 1', 'other 2', 'dev 1', 'other 3', 'dev 4', 'dev 4', 'dev 1'])
  })

  it('begins anew after a reset, and where the conversation was lost (A41, A43)', async () => {
    const board = await openBoard({
      rules: [{ match: 'Again', times: 1, steps: [{ session: 'lost' }] }],
    })
    const { shop } = board
    shop.agent('dev', 'You work.')
    shop.fn('reset', async () => {
      await shop.reset('dev')
    })
    await ran(shop, 'lost', [
      { id: 'first', title: 'First' },
      {
        id: 'again',
        title: 'Again',
        needs: 'first',
        session: 'continue',
        retry: { attempts: 2, delays: [0] },
      },
      { id: 'reset', fn: 'reset', needs: 'again' },
      { id: 'end', title: 'End', needs: 'reset', session: 'continue' },
    ])
    expect(conversations(board)).toEqual(['dev 1', 'dev 1', 'dev 2', 'dev 3'])
  })

  it('goes on from worktree to worktree, says that the folder is another, and does not from the project into one (A39, A41)', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          { match: 'Write', steps: [{ run: 'echo a > a.txt' }, { say: 'ok' }] },
          { match: 'Judge', times: 1, reply: '{"score": 10, "issues": ["no b"]}' },
          { match: 'Judge', reply: '{"score": 90}' },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    for (const name of ['dev', 'judge']) shop.agent(name, `You are ${name}.`)
    await ran(shop, 'trees', [
      { id: 'look', title: 'Look' },
      { id: 'write', title: 'Write', needs: 'look', session: 'continue', worktree: true },
      { id: 'judge', title: 'Judge', needs: 'write', gate: { reviewer: 'judge', onReject: 'write' } },
    ])
    expect(conversations(board)).toEqual(['dev 1', 'dev 2', 'judge 3', 'dev 2', 'judge 4'])
    const [look, write, , rewrite] = board.backend.requests
    expect(look?.cwd).toBe(repository.dir)
    expect(write?.cwd.startsWith(join(repository.dir, '.atelier'))).toBe(true)
    expect(rewrite?.cwd).not.toBe(write?.cwd)
    expect(write?.prompt).not.toContain('another folder')
    expect(rewrite?.prompt).toMatch(/^You work in another folder now[\s\S]*- no b/u)
  })
})
