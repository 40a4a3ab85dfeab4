import { describe, expect, it } from 'vitest'
import type { Task } from '../../src/agents/capability.ts'
import type { AgentOptions } from '../../src/facade/contract.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { COURTESY_MS } from '../../src/workers/preference.ts'
import { temporaryFolder } from '../direct/team.ts'
import { openBoard, SETTLED, type TestBoard } from './board.ts'

/** Who claimed each item, in order. */
async function owners({ events }: TestBoard): Promise<readonly (readonly [string, string])[]> {
  return (await events('item.claimed')).flatMap(({ data }) =>
    'owner' in data && 'item' in data ? [[data.item, data.owner] as const] : [],
  )
}

async function boardOf(
  team: Readonly<
    Record<string, AgentOptions & { readonly routing?: 'capability'; readonly weight?: number }>
  >,
): Promise<TestBoard> {
  const board = await openBoard({
    rules: [{ match: 'Long', steps: [{ delay: 150 }, { say: 'ok' }] }],
    reply: 'ok',
  })
  for (const [name, options] of Object.entries(team))
    await board.shop.boardWorker(name, 'code', options).stored
  return board
}

describe('an item that asks for a capability', () => {
  it('D07 D20: is taken by a worker that has it, and leaves the others what they can do', async () => {
    const board = await boardOf({ any: {}, rev: { capabilities: ['review:8'] } })
    const { shop } = board
    await shop.work('slow', 'Long one', { type: 'code', capability: 'review' })
    await expect.poll(async () => (await shop.item('slow')).claimedBy).toBe('rev')
    await shop.work([
      { id: 'look', title: 'Review it', type: 'code', capability: 'review', priority: 1 },
      { id: 'plain', title: 'Do it', type: 'code' },
    ])
    await shop.boardSettled(SETTLED)
    expect(await owners(board)).toEqual([
      ['slow', 'rev'],
      ['plain', 'any'],
      ['look', 'rev'],
    ])
    expect(await shop.item('look')).toMatchObject({ capability: 'review' })
  })

  it('D07: waits for a worker that can do it as well as is asked, says so, and is not refused', async () => {
    const board = await boardOf({ rev: { capabilities: ['review:3'] } })
    const { shop } = board
    expect(await shop.work('look', 'Review it', { type: 'code', capability: 'review:8' })).toEqual({
      id: 'look',
      status: 'ready',
    })
    await shop.work('fast', 'Tune it', { type: 'code', capability: { name: 'tuning', minExpertise: 2 } })
    await shop.work('easy', 'Review this', { type: 'code', capability: 'review:2' })
    await expect.poll(async () => (await shop.item('easy')).state).toBe('done')
    expect((await shop.item('look')).why).toBe('no worker for capability review:8 yet')
    expect((await shop.item('fast')).why).toBe('no worker for capability tuning:2 yet')
    expect((await shop.board()).unstaffed).toEqual([
      { type: 'code', capability: 'review:8', ready: 1 },
      { type: 'code', capability: 'tuning:2', ready: 1 },
    ])
    // A worker is given another profile while items wait.
    shop.profile('senior', 'You know it all.', { capabilities: ['review:9', 'tuning'] })
    await shop.boardWorker('rev', 'code', { profile: 'senior' }).stored
    expect((await shop.boardSettled(SETTLED)).summary).toMatchObject({ done: 3 })
  })

  it('D21: is named by its task, and taken by the worker whose agents have the role', async () => {
    const board = await boardOf({ dev: { profile: 'coder' }, tester: { role: 'You test.' } })
    const { shop } = board
    await shop.work([
      { id: 'it', title: 'Do it', type: 'code', task: 'implementation' },
      { id: 'tests', title: 'Test it', type: 'code', task: 'testing' },
      { id: 'audit', title: 'Look for holes', type: 'code', task: 'security_analysis' },
    ])
    await expect.poll(async () => (await shop.board()).summary.done).toBe(2)
    expect(new Map(await owners(board))).toEqual(
      new Map([
        ['it', 'dev'],
        ['tests', 'tester'],
      ]),
    )
    expect((await shop.item('audit')).why).toBe('no worker for capability security yet')
    await shop.boardWorker('sec', 'code', { capabilities: ['security:8'] }).stored
    await shop.boardSettled(SETTLED)
    expect(await owners(board)).toContainEqual(['audit', 'sec'])
  })

  it('D25: goes to the one with the most expertise of those that are free, then by name', async () => {
    const board = await boardOf({
      a: { capabilities: ['code:3'] },
      c: { capabilities: ['code:9'] },
      b: { capabilities: ['code:9'] },
    })
    await board.shop.work('it', 'Do it', { type: 'code', capability: 'code' })
    await board.shop.boardSettled(SETTLED)
    await board.shop.work('again', 'Do it again', { type: 'code', capability: 'code' })
    await board.shop.boardSettled(SETTLED)
    expect(await owners(board)).toEqual([
      ['it', 'b'],
      ['again', 'b'],
    ])
  })

  it('AS-107 D09: goes to the idle one of two that can, and rather to a busy one that can than to an idle one that cannot', async () => {
    const board = await boardOf({
      sage: { capabilities: ['code:9'] },
      pupil: { capabilities: ['code:1'] },
      other: { capabilities: ['docs:9'] },
    })
    const { shop } = board
    shop.cast('sage', 'Long question')
    await expect.poll(async () => (await shop.info('sage')).status).toBe('working')
    await shop.work('it', 'Do it', { type: 'code', capability: 'code' })
    await shop.work('hard', 'Do it well', { type: 'code', capability: 'code:5' })
    await shop.boardSettled(SETTLED)
    expect(new Map(await owners(board))).toEqual(
      new Map([
        ['it', 'pupil'],
        ['hard', 'sage'],
      ]),
    )
  })

  it('is taken by another one when whoever should take it does not, for a reason that nobody else knows', async () => {
    const clock = new ManualClock()
    const dir = await temporaryFolder()
    const options = { dir, clock, persistence: true } as const
    const board = await openBoard({ reply: 'ok' }, options)
    const other = await openBoard({ reply: 'ok' }, options)
    await other.shop.boardWorker('picky', 'code', { capabilities: ['code:9'], canHandle: () => false }).stored
    await board.shop.boardWorker('a', 'code', { capabilities: ['code:1'] }).stored
    await expect.poll(async () => (await board.shop.workers()).length).toBe(2)
    await board.shop.work('it', 'Do it', { type: 'code', capability: 'code' })
    await clock.advance(COURTESY_MS - 1)
    expect(await owners(board)).toEqual([])
    await clock.advance(1)
    await expect.poll(async () => owners(board)).toEqual([['it', 'a']])
  })
})

describe('an agent with an answer of its own', () => {
  it('D07: takes what its function says it can handle, whatever its capabilities', async () => {
    const asked: Task[] = []
    const canHandle = (task: Task): boolean => {
      asked.push(task)
      return task.title.includes('Rust')
    }
    const board = await openBoard({ reply: 'ok' })
    const { shop } = board
    shop.profile('rustacean', 'You write Rust.', { canHandle })
    await shop.boardWorker('rust', 'code', { profile: 'rustacean' }).stored
    await shop.work([
      { id: 'py', title: 'Port the Python', type: 'code', priority: 1, input: { file: 'a.py' } },
      { id: 'rs', title: 'Port the Rust', type: 'code', capability: 'rust:10', spec: 'All of it.' },
    ])
    await expect.poll(async () => (await shop.item('rs')).state).toBe('done')
    expect((await shop.item('py')).state).toBe('ready')
    expect(asked.find(({ id }) => id === 'rs')).toEqual({
      id: 'rs',
      title: 'Port the Rust',
      type: 'code',
      capability: { name: 'rust', minExpertise: 10 },
      spec: 'All of it.',
      input: null,
      metadata: null,
    })
    expect(asked.find(({ id }) => id === 'py')?.input).toEqual({ file: 'a.py' })
    await shop.boardWorker('any', 'code').stored
    expect((await shop.boardSettled(SETTLED)).summary).toMatchObject({ done: 2 })
  })

  it('takes nothing where its function throws, and others go on', async () => {
    const board = await openBoard({ reply: 'ok' })
    const { shop } = board
    const canHandle = (): boolean => {
      throw new Error('A bug.')
    }
    await shop.boardWorker('buggy', 'code', { canHandle }).stored
    await shop.boardWorker('fine', 'code').stored
    await shop.work('it', 'Do it', { type: 'code' })
    await shop.boardSettled(SETTLED)
    expect(await owners(board)).toEqual([['it', 'fine']])
  })
})

describe('D10: the strategy of a worker', () => {
  it('round_robin gives each agent its turn', async () => {
    const board = await openBoard({ reply: 'ok' })
    const { shop } = board
    shop.configure({ routing: 'round_robin' })
    for (const name of ['a', 'b', 'c']) await shop.boardWorker(name, 'code').stored
    for (let index = 0; index < 6; index++) {
      await shop.work(`it_${index}`, 'Do it', { type: 'code' })
      await shop.boardSettled(SETTLED)
    }
    expect((await owners(board)).map(([, owner]) => owner)).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
    expect((await shop.workers()).map(({ routing }) => routing)).toEqual(Array(3).fill('round_robin'))
  })

  it('round_robin goes round the agents of one worker, too', async () => {
    const clock = new ManualClock()
    const board = await openBoard({ reply: 'ok' }, { clock })
    const { shop } = board
    await shop.boardWorker('dev', 'code', { routing: 'round_robin', concurrency: 3 }).stored
    for (let index = 0; index < 6; index++) {
      await shop.work(`it_${index}`, 'Do it', { type: 'code' })
      await shop.boardSettled(SETTLED)
    }
    expect((await owners(board)).map(([, owner]) => owner)).toEqual([
      ...['dev', 'dev.2', 'dev.3'],
      ...['dev', 'dev.2', 'dev.3'],
    ])
  })

  it('an agent leaves an item to another one of its own worker, too', async () => {
    const clock = new ManualClock()
    const board = await openBoard({ reply: 'ok' }, { clock })
    const { shop } = board
    await shop.boardWorker('dev', 'code', { concurrency: 3, capabilities: ['code'] }).stored
    for (let index = 0; index < 3; index++) {
      await shop.work(`it_${index}`, 'Do it', { type: 'code', capability: 'code' })
      await shop.boardSettled(SETTLED)
    }
    // All are equal, so that the name decides, whoever of them has been idle for longer.
    expect((await owners(board)).map(([, owner]) => owner)).toEqual(['dev', 'dev', 'dev'])
  })

  it('weighted_round_robin gives each its share', async () => {
    const board = await openBoard({ reply: 'ok' })
    const { shop } = board
    const routing = 'weighted_round_robin'
    await shop.boardWorker('big', 'code', { routing, weight: 3 }).stored
    await shop.boardWorker('small', 'code', { routing }).stored
    for (let index = 0; index < 8; index++) {
      await shop.work(`it_${index}`, 'Do it', { type: 'code' })
      await shop.boardSettled(SETTLED)
    }
    const counts = Map.groupBy(await owners(board), ([, owner]) => owner)
    expect(counts.get('big')).toHaveLength(6)
    expect(counts.get('small')).toHaveLength(2)
  })

  it('capability takes the most expertise before the least load', async () => {
    const routing = 'capability' as const
    const board = await boardOf({
      pupil: { capabilities: ['code:1'], routing },
      sage: { capabilities: ['code:9'], routing },
    })
    const { shop } = board
    shop.cast('sage', 'Long question')
    await expect.poll(async () => (await shop.info('sage')).status).toBe('working')
    await shop.work('it', 'Do it', { type: 'code', capability: 'code' })
    await shop.boardSettled(SETTLED)
    expect(await owners(board)).toEqual([['it', 'sage']])
  })

  it('performance prefers those whose attempts went well', async () => {
    const board = await openBoard({
      rules: [{ match: 'Poison', steps: [{ fail: { kind: 'network' } }] }],
      reply: 'ok',
    })
    const { shop } = board
    const routing = 'performance'
    await shop.boardWorker('a', 'code', { routing }).stored
    await shop.work('bad', 'Poison', { type: 'code', retry: 'none' })
    await shop.boardSettled(SETTLED)
    await shop.boardWorker('b', 'code', { routing }).stored
    await shop.work('it', 'Do it', { type: 'code' })
    await shop.boardSettled(SETTLED)
    expect(await owners(board)).toEqual([
      ['bad', 'a'],
      ['it', 'b'],
    ])
  })

  it.each(['priority', 'geographic', 'resource_aware'])(
    '%s is unsupported, with a reason',
    async (routing) => {
      const { shop } = await openBoard()
      const options = { routing } as unknown as { readonly routing: 'capability' }
      const unsupported = expect.objectContaining({ code: 'unsupported' }) as Error
      expect(() => shop.boardWorker('dev', 'code', options)).toThrow(unsupported)
      expect(() => shop.configure(options)).toThrow(unsupported)
    },
  )
})
