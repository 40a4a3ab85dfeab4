import { expect, it } from 'vitest'
import { QUIET_MS } from '../../src/agents/pool.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { openBoard, SETTLED, type TestBoard } from './board.ts'

const REACTIVE = { concurrency: { min: 1, max: 3 }, scaling: 'reactive' } as const

async function agentsOf({ shop }: TestBoard): Promise<readonly string[]> {
  return (await shop.workers()).flatMap(({ agents }) => agents)
}

it('D11: a reactive pool adds agents while more than two items wait for each, and is small again when it is quiet', async () => {
  const clock = new ManualClock()
  const board = await openBoard({ steps: [{ delay: 1000 }, { say: 'ok' }] }, { clock })
  const { shop } = board
  await shop.boardWorker('dev', 'code', REACTIVE).stored
  await clock.tick()
  expect(await agentsOf(board)).toEqual(['dev'])
  await shop.work(
    Array.from({ length: 12 }, (_, index) => ({ id: `it_${index}`, title: 'Do it', type: 'code' })),
  )
  await expect.poll(async () => (await clock.advance(0), agentsOf(board))).toEqual(['dev', 'dev.2', 'dev.3'])
  await expect
    .poll(async () => (await clock.advance(1000), (await shop.board()).summary.done), { timeout: 20_000 })
    .toBe(12)
  const owners = (await board.events('item.claimed')).map(({ data }) => 'owner' in data && data.owner)
  expect(new Set(owners)).toEqual(new Set(['dev', 'dev.2', 'dev.3']))
  expect(await shop.workers()).toMatchObject([
    { minAgents: 1, maxAgents: 3, health: 'healthy', finished: 12 },
  ])
  await clock.advance(QUIET_MS / 2)
  expect(await agentsOf(board)).toHaveLength(3)
  await expect.poll(async () => (await clock.advance(QUIET_MS / 2), agentsOf(board))).toEqual(['dev'])
  expect(await shop.agents()).toEqual(['dev'])
  // It grows again, and the agents have their names again.
  await shop.work(
    Array.from({ length: 4 }, (_, index) => ({ id: `more_${index}`, title: 'Do it', type: 'code' })),
  )
  await expect.poll(async () => (await clock.advance(0), agentsOf(board))).toEqual(['dev', 'dev.2'])
})

it('D11: a pool does not grow for items that its agents cannot do', async () => {
  const board = await openBoard({ reply: 'ok' })
  const { shop } = board
  await shop.boardWorker('dev', 'code', REACTIVE).stored
  await shop.work(
    Array.from({ length: 9 }, (_, index) => ({
      id: `it_${index}`,
      title: 'x',
      type: 'code',
      capability: 'review',
    })),
  )
  await shop.work('mine', 'Do it', { type: 'code' })
  await expect.poll(async () => (await shop.item('mine')).state).toBe('done')
  expect(await agentsOf(board)).toEqual(['dev'])
})

it('D11: a static pool keeps the agents that it starts with', async () => {
  const board = await openBoard({ reply: 'ok' })
  const { shop } = board
  await shop.boardWorker('dev', 'code', { concurrency: { min: 1, start: 2, max: 5 } }).stored
  await shop.work(
    Array.from({ length: 20 }, (_, index) => ({ id: `it_${index}`, title: 'Do it', type: 'code' })),
  )
  await shop.boardSettled(SETTLED)
  expect(await agentsOf(board)).toEqual(['dev', 'dev.2'])
})

it('D11: health is degraded by failures, recovers by what goes well, and is unhealthy in silence', async () => {
  const clock = new ManualClock()
  const board = await openBoard(
    {
      rules: [
        { match: 'Bad', steps: [{ fail: { kind: 'network' } }] },
        { match: 'Silent', steps: [{ delay: 1_000_000 }, { say: 'ok' }] },
      ],
      reply: 'ok',
    },
    { clock },
  )
  const { shop } = board
  await shop.boardWorker('dev', 'code').stored
  const health = async (): Promise<unknown> => (await shop.workers()).map((worker) => worker.health)
  const done = async (id: string, title: string): Promise<void> => {
    await shop.work(id, title, { type: 'code', retry: 'none' })
    await expect.poll(async () => (await clock.tick(), (await shop.item(id)).state)).toMatch(/done|failed/u)
    await clock.tick()
  }
  for (const id of ['a', 'b', 'c']) await done(id, 'Bad')
  expect(await health()).toEqual(['degraded'])
  expect((await shop.workers())[0]?.efficiency).toBeCloseTo(0.25 + 0.125 + 0.2)
  for (const id of ['d', 'e']) await done(id, 'Good')
  expect(await health()).toEqual(['recovering'])
  for (const id of ['f', 'g', 'h', 'i', 'j']) await done(id, 'Good')
  expect(await health()).toEqual(['healthy'])
  await shop.work('silent', 'Silent', { type: 'code', timeout: '1h' })
  await expect.poll(async () => (await clock.tick(), (await shop.info('dev')).status)).toBe('working')
  await clock.advance(299_000)
  expect(await health()).toEqual(['healthy'])
  await clock.advance(1000)
  expect(await health()).toEqual(['unhealthy'])
})

it.each(['predictive', 'time', 'resource', 'hybrid'])(
  'D11: scaling %s is unsupported, with a reason',
  async (scaling) => {
    const { shop } = await openBoard()
    const options = { scaling } as unknown as typeof REACTIVE
    expect(() => shop.boardWorker('dev', 'code', options)).toThrow(
      expect.objectContaining({ code: 'unsupported' }) as Error,
    )
  },
)
