import { expect, it } from 'vitest'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { finish, openShop, refused, statuses } from './shop.ts'

/** c depends on b, and b on a. */
async function chain(shop: HostedWorkshop): Promise<void> {
  await shop.work([
    { id: 'a', title: 'A' },
    { id: 'b', title: 'B', dependsOn: ['a'] },
    { id: 'c', title: 'C', dependsOn: ['b'] },
  ])
}

it('A32: an item is ready only when everything that it depends on is done', async () => {
  const { shop } = await openShop()
  await shop.work([
    { id: 'a', title: 'A' },
    { id: 'b', title: 'B' },
    { id: 'both', title: 'Both', dependsOn: ['a', 'b'] },
  ])
  expect((await shop.item('both')).why).toBe('waits for a, b')
  await finish(shop, 'a')
  expect(await shop.item('both')).toMatchObject({ status: 'new', why: 'waits for b' })
  await finish(shop, 'b')
  expect((await shop.item('both')).status).toBe('ready')
})

it('AS-24 A32: a failure blocks everything behind it with its cause, and a retry repairs it', async () => {
  const { shop } = await openShop()
  await chain(shop)
  await shop.claim('a')
  await shop.fail('a', 'no')
  expect(await statuses(shop)).toEqual({ a: 'failed', b: 'blocked', c: 'blocked' })
  for (const id of ['b', 'c'])
    expect(await shop.item(id)).toMatchObject({ why: 'blocked by a (failed)', column: 'waiting' })
  expect(await shop.item('a')).toMatchObject({ column: 'needs_you', why: 'no' })
  expect(await shop.retry('a')).toMatchObject({ status: 'ready', attempts: 0, error: null })
  expect(await statuses(shop)).toEqual({ a: 'ready', b: 'new', c: 'new' })
  await finish(shop, 'a')
  expect(await statuses(shop)).toEqual({ a: 'done', b: 'ready', c: 'new' })
  await finish(shop, 'b')
  expect(await statuses(shop)).toEqual({ a: 'done', b: 'done', c: 'ready' })
  expect((await shop.item('a')).retryCount).toBe(1)
})

it('AS-24: a cancelled item blocks as well, and is named as the cause', async () => {
  const { shop } = await openShop()
  await chain(shop)
  await shop.cancel('a')
  expect((await shop.item('c')).why).toBe('blocked by a (cancelled)')
  await shop.retry('a')
  expect(await statuses(shop)).toEqual({ a: 'ready', b: 'new', c: 'new' })
})

it('a skipped item lets what depends on it go on; what is done is not skipped, nor what runs', async () => {
  const { shop } = await openShop()
  await chain(shop)
  await shop.claim('a')
  await refused(shop.skip('a'), 'invalid_transition')
  await shop.fail('a')
  expect(await shop.skip('a', 'done by hand')).toMatchObject({ status: 'done', state: 'skipped' })
  expect(await statuses(shop)).toEqual({ a: 'done', b: 'ready', c: 'new' })
  await finish(shop, 'b')
  await refused(shop.skip('b'), 'already_done')
  await refused(shop.retry('b'), 'invalid_transition')
})

it('A33: an item is removed unless it runs or is needed; the log keeps it', async () => {
  const { shop } = await openShop()
  await chain(shop)
  await finish(shop, 'a')
  await shop.claim('b')
  expect((await refused(shop.removeItem('a'), 'conflict')).details).toMatchObject({ dependents: ['b'] })
  await refused(shop.removeItem('b'), 'invalid_transition')
  await refused(shop.removeItem('d'), 'not_found')
  await shop.removeItem('c')
  expect(await statuses(shop)).toEqual({ a: 'done', b: 'claimed' })
  expect((await shop.events({ last: 100 })).some(({ data }) => 'item' in data && data.item === 'c')).toBe(
    true,
  )
})

it('A33: clearing the board leaves what runs and what that rests on', async () => {
  const { shop } = await openShop()
  await chain(shop)
  await shop.work('x', 'X')
  await shop.cancel('x')
  await finish(shop, 'a')
  await shop.claim('b')
  expect((await shop.clearBoard()).toSorted()).toEqual(['c', 'x'])
  expect(await statuses(shop)).toEqual({ a: 'done', b: 'claimed' })
  await shop.complete('b')
  expect((await shop.clearBoard()).toSorted()).toEqual(['a', 'b'])
  expect(await shop.clearBoard()).toEqual([])
  await chain(shop)
  expect(await statuses(shop)).toEqual({ a: 'ready', b: 'new', c: 'new' })
})
