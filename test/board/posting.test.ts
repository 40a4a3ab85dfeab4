import { expect, it } from 'vitest'
import type { WorkItem } from '../../src/facade/board-contract.ts'
import { finish, openShop, refused, statuses, told } from './shop.ts'

it('AS-21 A26 A29: what depends on nothing is ready, the rest waits for what it depends on', async () => {
  const { shop } = await openShop()
  shop.work('auth', 'Implement auth', { type: 'code', priority: 1, spec: 'Login and logout.' })
  shop.work('api', 'Implement api', { type: 'code', priority: 2 })
  shop.work('auth_review', 'Review auth', { type: 'review', dependsOn: ['auth'] })
  expect(await shop.work('api_review', 'Review api', { type: 'review', dependsOn: ['api'] })).toEqual({
    id: 'api_review',
    status: 'new',
  })
  expect(await statuses(shop)).toEqual({ auth: 'ready', api: 'ready', auth_review: 'new', api_review: 'new' })
  expect((await shop.ready('code')).map(({ id }) => id)).toEqual(['auth', 'api'])
  for (const id of ['auth', 'api', 'auth_review', 'api_review']) await finish(shop, id)
  expect((await shop.board()).summary).toMatchObject({ done: 4, ready: 0, new: 0 })
})

it('A26 A27: an item has everything that was posted, and defaults for the rest', async () => {
  const { shop, clock } = await openShop()
  await shop.work('plain', 'Do it')
  expect(await shop.item('plain')).toMatchObject({
    ...{ title: 'Do it', type: 'custom', priority: 3, priorityName: 'normal', status: 'ready', spec: null },
    ...{ dependsOn: [], claimedBy: null, result: null, error: null, metadata: null, postedBy: 'tester' },
    ...{ createdAt: clock.now(), claimedAt: null, startedAt: null, completedAt: null, maxAttempts: 3 },
  })
  const metadata = { ticket: 7, labels: ['a'] }
  await shop.work('full', 'Do more', {
    ...{
      type: 'docs',
      priority: 'emergency',
      spec: 'x'.repeat(9000),
      input: [1],
      metadata,
      dependsOn: ['plain'],
    },
    ...{
      verify: ['npm test'],
      retry: 'none',
      timeout: '5m',
      touches: ['src/'],
      agent: 'impl',
      maxCostUsd: 2,
    },
  })
  expect(await shop.item('full')).toMatchObject({
    ...{ type: 'docs', priority: 0, priorityName: 'emergency', spec: 'x'.repeat(9000), input: [1], metadata },
    ...{ dependsOn: ['plain'], maxAttempts: 1, timeoutMs: 300_000, touches: ['src/'], agent: 'impl' },
    ...{ dependencies: [{ id: 'plain', status: 'ready', title: 'Do it' }], maxCostUsd: 2 },
    verify: [{ run: 'npm test' }],
  })
  expect((await shop.item('plain')).dependents).toMatchObject([{ id: 'full', status: 'new' }])
})

it('AS-25: an unknown dependency is refused when it is posted, with the nearest names', async () => {
  const { shop } = await openShop()
  await shop.work('auth', 'Implement auth')
  const error = await refused(shop.work('review', 'Review', { dependsOn: ['auht'] }), 'unknown_dependency')
  expect(error.message).toContain('"auth"')
  expect(await statuses(shop)).toEqual({ auth: 'ready' })
})

it('AS-26: a circle is refused with its ids, and nothing of the batch is posted', async () => {
  const { shop } = await openShop()
  const batch: WorkItem[] = [
    { id: 'free', title: 'Free' },
    { id: 'a', title: 'A', dependsOn: ['c'] },
    { id: 'b', title: 'B', dependsOn: ['a'] },
    { id: 'c', title: 'C', dependsOn: ['b'] },
  ]
  const { details } = await refused(shop.work(batch), 'circular_dependency')
  expect(details['cycle']).toEqual(['a', 'c', 'b', 'a'])
  expect(await statuses(shop)).toEqual({})
  const { details: self } = await refused(shop.work('x', 'X', { dependsOn: ['x'] }), 'circular_dependency')
  expect(self['cycle']).toEqual(['x', 'x'])
})

it('AS-27: an id that exists is refused; replacing works only while nobody has claimed it', async () => {
  const { shop } = await openShop()
  await shop.work('auth', 'First')
  await refused(shop.work('auth', 'Second'), 'already_exists')
  expect(await shop.item('auth')).toMatchObject({ title: 'First', revision: 2 })
  await shop.work('auth', 'Third', { replace: true })
  expect(await shop.item('auth')).toMatchObject({ title: 'Third', status: 'ready' })
  await shop.claim('auth')
  await refused(shop.work('auth', 'Fourth', { replace: true }), 'invalid_transition')
  expect(await shop.item('auth')).toMatchObject({ title: 'Third', status: 'claimed', claimedBy: 'tester' })
})

it('a batch is posted in whatever order it is written, all of it or nothing', async () => {
  const { shop } = await openShop()
  const posted = await shop.work([
    { id: 'last', title: 'Last', dependsOn: ['first'] },
    { id: 'first', title: 'First' },
  ])
  expect(posted).toEqual([
    { id: 'last', status: 'new' },
    { id: 'first', status: 'ready' },
  ])
  await refused(
    shop.work([
      { id: 'more', title: 'More' },
      { id: 'first', title: 'Again' },
    ]),
    'already_exists',
  )
  expect(await statuses(shop)).toEqual({ last: 'new', first: 'ready' })
})

it('what is wrong is thrown at once, and says which item and which field', async () => {
  const { shop } = await openShop()
  const wrong: readonly (() => unknown)[] = [
    () => shop.work('auth', 'Title', { priority: 9 as never }),
    () => shop.work('no blanks', 'Title'),
    () => shop.work('auth', 'Title', { colour: 'red' } as never),
    () => shop.work([]),
    () => shop.work([null as never]),
    () => shop.work('one' as never, { id: 'x' } as never),
  ]
  for (const post of wrong) expect(post).toThrow(expect.objectContaining({ code: 'invalid_input' }) as Error)
  expect(await statuses(shop)).toEqual({})
})

it('a refused post shows where it is awaited, and later calls come after it', async () => {
  const { shop } = await openShop()
  const first = shop.work('auth', 'First')
  const again = shop.work('auth', 'Again')
  const claimed = shop.claim('auth')
  const done = shop.complete('auth', 'it works')
  expect(first.ids).toEqual(['auth'])
  await first.stored
  await refused(again.stored, 'already_exists')
  await refused(again, 'already_exists')
  expect([(await claimed).owner, (await done).status]).toEqual(['tester', 'done'])
  expect(told(await shop.events({ last: 20 }))).toEqual([
    ...['item.posted auth', 'item.readied auth', 'item.claimed auth', 'item.done auth'],
  ])
})

it('behind a failed item it is blocked from the first, and says so', async () => {
  const { shop } = await openShop()
  await shop.work('a', 'A')
  await shop.claim('a')
  await shop.fail('a', 'no')
  expect(await shop.work('b', 'B', { dependsOn: ['a'] })).toEqual({ id: 'b', status: 'blocked' })
  expect((await shop.item('b')).why).toBe('blocked by a (failed)')
})

it('a closed workshop refuses work', async () => {
  const { shop } = await openShop()
  await shop.close()
  expect(() => shop.work('auth', 'Implement auth')).toThrow(
    expect.objectContaining({ code: 'closed' }) as Error,
  )
})
