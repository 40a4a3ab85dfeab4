import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { AtelierEvent } from '../../src/events.ts'
import type { BoardStatus } from '../../src/workers/view-types.ts'
import { openViews } from '../../src/workshop.ts'
import { openTeam } from '../direct/team.ts'
import { finish, openShop, refused, told } from './shop.ts'

const STATUSES: readonly BoardStatus[] = [
  ...(['new', 'ready', 'claimed', 'in_progress', 'done', 'failed', 'blocked', 'cancelled'] as const),
]

it('AS-40 A33 A28: filters, order by priority and age, and a count for each status', async () => {
  const { shop, clock } = await openShop()
  await shop.work('later', 'Later', { priority: 2, type: 'code' })
  await clock.advance(1000)
  for (const [id, priority] of [
    ['low', 5],
    ['first', 1],
    ['second', 2],
    ['urgent', 'emergency'],
    ['stopped', 3],
    ['broken', 3],
    ['ended', 3],
  ] as const) {
    await shop.work(id, id, { priority, type: 'code' })
  }
  await shop.work('behind', 'Behind', { dependsOn: ['broken'], type: 'review' })
  await shop.work('next', 'Next', { dependsOn: ['low'], type: 'review' })
  await shop.claim('first', 'impl')
  await shop.start('first')
  await shop.claim('second')
  await shop.claim('broken')
  await shop.fail('broken')
  await shop.cancel('stopped')
  await finish(shop, 'ended')
  const board = await shop.board()
  expect(board.items.map(({ id }) => id)).toEqual([
    ...['urgent', 'first', 'later', 'second', 'behind', 'broken', 'ended', 'next', 'stopped', 'low'],
  ])
  const lengths: Record<string, number> = {}
  for (const status of STATUSES) lengths[status] = (await shop.board({ status })).items.length
  expect(board.summary).toEqual(lengths)
  expect(board.summary).toEqual({
    ...{ new: 1, ready: 3, claimed: 1, in_progress: 1, done: 1, failed: 1, blocked: 1, cancelled: 1 },
  })
  const ids = async (filter: Parameters<typeof shop.board>[0]): Promise<string[]> =>
    (await shop.board(filter)).items.map(({ id }) => id)
  expect(await ids({ type: 'review' })).toEqual(['behind', 'next'])
  expect(await ids({ claimedBy: 'impl' })).toEqual(['first'])
  expect(await ids({ claimedBy: 'tester', status: 'claimed' })).toEqual(['second'])
  expect(await ids({ type: 'nothing' })).toEqual([])
  expect((await shop.board({ status: 'ready' })).summary).toMatchObject({ ready: 3, done: 0 })
})

it('A30 A33: what only reads the board needs no workshop, and sees it at all times', async () => {
  const { shop, dir } = await openShop()
  await shop.work('auth', 'Implement auth', { type: 'code', spec: 'All of it.' })
  const views = await openViews({ dir, persistence: join(dir, 'state') })
  onTestFinished(() => views.close())
  expect(await views.item('auth')).toMatchObject({ status: 'ready', spec: 'All of it.' })
  await shop.claim('auth')
  expect(await views.board()).toMatchObject({
    items: [{ id: 'auth', status: 'claimed' }],
    summary: { claimed: 1 },
  })
  expect(await views.ready()).toEqual([])
  await refused(views.item('auht'), 'not_found')
  const empty = await openViews({ dir })
  onTestFinished(() => empty.close())
  expect(await empty.board()).toMatchObject({ items: [], summary: { done: 0 }, costUsd: 0 })
})

it('says of each ready item why it does not run', async () => {
  const { shop } = await openShop()
  await shop.work('one', 'One', { type: 'code', touches: ['src/a/'] })
  await shop.work('two', 'Two', { type: 'code', touches: ['src/**/*.ts'] })
  await shop.work('three', 'Three', { type: 'docs' })
  expect((await shop.item('one')).why).toBe('no worker for type code yet')
  await shop.claim('one')
  const { items, unstaffed } = await shop.board()
  expect(items.map(({ id, why }) => [id, why])).toEqual([
    ['one', null],
    ['three', 'no worker for type docs yet'],
    ['two', 'waits until one has ended: both change the same files'],
  ])
  expect(unstaffed).toEqual([
    { type: 'docs', capability: null, ready: 1 },
    { type: 'code', capability: null, ready: 1 },
  ])
})

it('AS-41 A40 A47: watch shows an item on its way in order, and events the last ones', async () => {
  const { shop, as } = await openShop()
  const other = await as('other')
  const seen: AtelierEvent[] = []
  const ended = new AbortController()
  const watching = (async () => {
    for await (const event of other.watch({ signal: ended.signal })) {
      seen.push(event)
      if (event.type === 'item.done') return
    }
  })()
  // A watcher that takes one event and then nothing holds up nobody.
  const slow = other.watch({ after: 0 })
  await slow.next()
  await shop.work('auth', 'Implement auth')
  await shop.claim('auth', 'impl')
  await shop.start('auth')
  await shop.complete('auth', 'it works')
  await watching
  expect(told(seen)).toEqual([
    ...['item.posted auth', 'item.readied auth', 'item.claimed auth', 'item.started auth', 'item.done auth'],
  ])
  expect(seen.find(({ type }) => type === 'item.claimed')?.data).toMatchObject({ owner: 'impl' })
  expect((await shop.events({ last: 3 })).map(({ type }) => type)).toEqual([
    ...['item.started', 'attempt.ended', 'item.done'],
  ])
  await slow.return?.()
})

it('AS-42 A34: the answer of an agent becomes the spec of an item', async () => {
  const { shop } = await openTeam({ reply: 'The plan: build it.' })
  await refused(shop.workFromResult('impl', 'feature', { type: 'code' }), 'no_result')
  expect((await shop.board()).items).toEqual([])
  await shop.ask('impl', 'Plan it')
  expect(await shop.workFromResult('impl', 'feature', { type: 'code', priority: 1 })).toEqual({
    id: 'feature',
    status: 'ready',
  })
  expect(await shop.item('feature')).toMatchObject({
    ...{ spec: 'The plan: build it.', title: 'From impl result', type: 'code', priority: 1 },
  })
  await shop.workFromResult('impl', 'named', { title: 'Build it' })
  expect((await shop.item('named')).title).toBe('Build it')
  await refused(shop.workFromResult('nobody', 'x'), 'not_found')
})
