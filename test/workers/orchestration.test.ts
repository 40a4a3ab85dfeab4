import { expect, it } from 'vitest'
import type { Step } from '../../src/agent-backends/scripted/script.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { temporaryFolder } from '../direct/team.ts'
import { openBoard, SETTLED } from './board.ts'

it('C03: dispatch starts in the background, status is a poll that shows partial output, collect is a blocking wait', async () => {
  const clock = new ManualClock()
  const steps: Step[] = [
    { say: 'Half of it.' },
    { tool: { name: 'Read' } },
    { delay: 10_000 },
    { say: 'All of it.' },
  ]
  const { shop } = await openBoard(
    {
      rules: [{ match: 'Slow', steps }],
      reply: 'ok',
    },
    { clock },
  )
  for (const name of ['a', 'b']) shop.agent(name, 'You work.')
  const started = [shop.cast('a', 'Slow one'), shop.cast('b', 'Slow two')]
  await Promise.all(started)
  await expect
    .poll(async () => (await shop.status()).agents.map(({ status }) => status))
    .toEqual(['working', 'working'])
  await expect
    .poll(async () => (await clock.advance(500), JSON.stringify(await shop.transcript('a'))))
    .toContain('Half of it.')
  expect((await shop.info('a')).status).toBe('working')
  const waiting = shop.awaitAll()
  await clock.advance(10_000)
  const answers = await waiting
  expect(Object.keys(answers)).toEqual(['a', 'b'])
  expect(answers['a']).toMatchObject({ text: expect.stringContaining('All of it.') as string })
  expect((await shop.info('a')).status).toBe('idle')
})

it('C01 D25: sub-tasks go to agents by what they can, a failure is handled, results become one, and all of it lasts', async () => {
  const dir = await temporaryFolder()
  const { shop, backend } = await openBoard(
    {
      rules: [
        { match: 'Check the API', times: 1, steps: [{ fail: { kind: 'network' } }] },
        { match: 'Check the API', steps: [{ say: 'The API is sound.' }] },
        { match: 'Check the docs', steps: [{ say: 'The docs are thin.' }] },
        { match: 'Sum up', steps: [{ say: 'Write more docs.' }] },
      ],
    },
    { dir, persistence: true },
  )
  await shop.boardWorker('coder', 'task', { capabilities: ['code:9', 'docs:2'] }).stored
  await shop.boardWorker('writer', 'task', { capabilities: ['docs:9', 'code:2'] }).stored
  await shop.put('goal', 'Release 1.0')
  await shop.work([
    {
      id: 'api',
      title: 'Check the API',
      type: 'task',
      capability: 'code',
      retry: { delays: [0], attempts: 2 },
    },
    { id: 'docs', title: 'Check the docs', type: 'task', capability: 'docs' },
    { id: 'sum', title: 'Sum up', type: 'task', dependsOn: ['api', 'docs'] },
  ])
  const { summary } = await shop.boardSettled(SETTLED)
  expect(summary).toMatchObject({ done: 3, failed: 0 })
  const api = await shop.item('api')
  expect(api.tries.map(({ by, state }) => [by, state])).toEqual([
    ['coder', 'failed'],
    ['coder', 'done'],
  ])
  expect((await shop.item('docs')).claimedBy).toBe('writer')
  const prompt = backend.requests.map(({ prompt: each }) => each).find((each) => each.startsWith('Sum up'))
  expect(prompt).toContain('The API is sound.')
  expect(prompt).toContain('The docs are thin.')
  await shop.close()
  const again = await openBoard({}, { dir, persistence: true })
  expect((await again.shop.item('sum')).result).toBe('Write more docs.')
  expect(await again.shop.get('goal')).toBe('Release 1.0')
})
