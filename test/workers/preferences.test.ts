import { expect, it } from 'vitest'
import type { Step } from '../../src/agent-backends/scripted/script.ts'
import { openBoard, SETTLED } from './board.ts'
import { makeRepository } from './repository.ts'

it('an item that prefers an agent is left to it while it is free, and taken by others while it is not (A45)', async () => {
  const { shop, events } = await openBoard({
    rules: [{ match: 'Long', steps: [{ delay: 200 }, { say: 'ok' }] }],
    reply: 'ok',
  })
  shop.profile('careful', 'You are careful.')
  await shop.boardWorker('any', 'code').stored
  await shop.boardWorker('sure', 'code', { profile: 'careful' }).stored
  await shop.work('mine', 'Long one', { type: 'code', agent: 'careful' })
  await expect.poll(async () => (await shop.item('mine')).claimedBy).toBe('sure')
  await shop.work('also', 'Another', { type: 'code', agent: 'sure' })
  await shop.boardSettled(SETTLED)
  const owners = (await events('item.claimed')).map(({ data }) => 'owner' in data && [data.item, data.owner])
  expect(owners).toEqual([
    ['mine', 'sure'],
    ['also', 'any'],
  ])
})

it('an item fails when its tries have cost what all of them may (A50)', async () => {
  const { shop } = await openBoard({ steps: [{ cost: 0.3 }, { fail: { kind: 'network' } }] })
  await shop.boardWorker('dev', 'code').stored
  await shop.work('it', 'Do it', { type: 'code', maxCostUsd: 0.5, retry: { attempts: 5, delays: [0] } })
  await shop.boardSettled(SETTLED)
  expect(await shop.item('it')).toMatchObject({
    state: 'failed',
    attempts: 3,
    error: { code: 'budget_exceeded' },
  })
  expect(await shop.totalCost()).toBeCloseTo(0.6)
})

it('a worker can be changed while it runs: what runs goes on, the next item is for the new one (E15)', async () => {
  const { shop, backend } = await openBoard({
    rules: [{ match: 'First', steps: [{ delay: 100 }, { say: 'ok' }] }],
    reply: 'ok',
  })
  shop.profile('old', 'You are the old one.')
  shop.profile('new', 'You are the new one.')
  await shop.boardWorker('dev', 'code', { profile: 'old' }).stored
  await shop.work('first', 'First', { type: 'code' })
  await expect.poll(() => backend.turns).toBe(1)
  await shop.boardWorker('dev_2', 'code', { profile: 'new' }).stored
  shop.stopBoardWorker('dev')
  await shop.work('second', 'Second', { type: 'code' })
  expect((await shop.boardSettled(SETTLED)).summary).toMatchObject({ done: 2 })
  expect(backend.requests.map(({ systemPrompt }) => systemPrompt)).toEqual([
    'You are the old one.',
    'You are the new one.',
  ])
})

it('what an attempt changed of its own verification is shown with the item', async () => {
  const repository = await makeRepository()
  repository.write('check.sh', 'exit 1\n')
  repository.git('add', '.')
  repository.git('commit', '-qm', 'Add a check')
  const easier: Step = { edit: { path: 'check.sh', content: 'exit 0\n' } }
  const { shop } = await openBoard(
    { steps: [easier, { say: 'Green now.' }] },
    { dir: repository.dir, persistence: true },
  )
  await shop.boardWorker('dev', 'code', { worktree: true }).stored
  await shop.work('it', 'Make it green', { type: 'code', verify: 'sh check.sh' })
  await shop.boardSettled(SETTLED)
  expect(await shop.item('it')).toMatchObject({
    state: 'done',
    verified: true,
    flags: ['changed what "sh check.sh" runs: check.sh'],
  })
})
