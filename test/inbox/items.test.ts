import { describe, expect, test } from 'vitest'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { databaseFile, stateFolder } from '../../src/folders.ts'
import { projection } from '../../src/projection.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import type { InboxView } from '../../src/team/view-types.ts'
import { projectedRows, replay } from '../../src/testing/replay.ts'
import { openShops } from './shops.ts'

/** An item that waits for an approval, and one behind it. */
async function heldItem(
  shop: HostedWorkshop,
  options: Parameters<HostedWorkshop['request']>[1] = {},
): Promise<InboxView> {
  await shop.work('deploy', 'Deploy it')
  await shop.work('announce', 'Tell everybody', { dependsOn: ['deploy'] })
  return shop.request('Deploy to production?', { kind: 'approval', item: 'deploy', hold: true, ...options })
}

async function typesSince(shop: HostedWorkshop, seq: number): Promise<string[]> {
  return (await shop.events({ after: seq })).map(({ type }) => type)
}

async function lastSeq(shop: HostedWorkshop): Promise<number> {
  return (await shop.events({ last: 1 }))[0]?.seq ?? 0
}

describe('an item that waits for an approval', () => {
  test('is not claimed, and says what it waits for', async () => {
    const shop = await (await openShops()).open('sam')
    const { id, about } = await heldItem(shop)
    expect(about).toEqual({ kind: 'item', id: 'deploy', title: 'Deploy it' })
    expect(await shop.item('deploy')).toMatchObject({
      state: 'waiting',
      waiting: { for: 'approval', id },
      column: 'needs_you',
    })
    await expect(shop.claim('deploy')).rejects.toMatchObject({ code: 'invalid_transition' })
    expect(await shop.boardSettled({ timeout: 0 })).toMatchObject({
      waiting: expect.arrayContaining([
        expect.objectContaining({ id: 'deploy', why: `waits for your approval: ${id}` }),
      ]) as unknown,
    })
  })

  test('is ready in the same commit as the approval', async () => {
    const shop = await (await openShops()).open('sam')
    const { id } = await heldItem(shop)
    const seq = await lastSeq(shop)
    await shop.approve(id)
    expect(await typesSince(shop, seq)).toEqual(['inbox.answered', 'item.readied'])
    expect(await shop.claim('deploy')).toMatchObject({ item: 'deploy', owner: 'sam' })
  })

  test('fails in the same commit as the rejection, which blocks what is behind it and withdraws what else was asked', async () => {
    const shop = await (await openShops()).open('sam')
    const { id } = await heldItem(shop)
    const other = await shop.request('Who tells the users?', { item: 'deploy' })
    const seq = await lastSeq(shop)
    await shop.reject(id, 'No way back')
    expect(await typesSince(shop, seq)).toEqual([
      'inbox.answered',
      'item.failed',
      'item.blocked',
      'inbox.withdrawn',
    ])
    expect(await shop.item('deploy')).toMatchObject({
      status: 'failed',
      error: { code: 'gate_rejected', message: `sam rejected the approval ${id}: No way back` },
    })
    expect(await shop.item('announce')).toMatchObject({ status: 'blocked' })
    await expect(shop.answer(other.id, 'I do')).rejects.toMatchObject({ code: 'already_done' })
    expect(await shop.retry('deploy')).toMatchObject({ status: 'ready' })
  })

  test('asks once, however often it is held', async () => {
    const shop = await (await openShops()).open('sam')
    const first = await heldItem(shop)
    const again = { kind: 'approval', item: 'deploy', hold: true } as const
    expect(await shop.request('Deploy to production?', again)).toEqual(first)
    await expect(shop.request('Really?', again)).rejects.toMatchObject({ code: 'invalid_transition' })
    expect(await shop.inbox()).toHaveLength(1)
  })

  test('goes on where the request is taken back', async () => {
    const shop = await (await openShops()).open('sam')
    const { id } = await heldItem(shop)
    expect(await shop.withdraw(id)).toMatchObject({ state: 'withdrawn', comment: 'Withdrawn by sam.' })
    expect(await shop.withdraw(id, 'Once more')).toMatchObject({ comment: 'Withdrawn by sam.' })
    expect(await shop.item('deploy')).toMatchObject({ status: 'ready' })
  })
})

describe('what ends an item withdraws what was asked about it', () => {
  test.each<[string, (shop: HostedWorkshop) => Promise<unknown>]>([
    ['cancelled', (shop) => shop.cancel('a')],
    ['skipped', (shop) => shop.skip('a')],
    ['removed', (shop) => shop.removeItem('a')],
    ['removed', (shop) => shop.clearBoard()],
    ['failed', async (shop) => [await shop.claim('a'), await shop.fail('a', 'broken')]],
    ['done', async (shop) => [await shop.claim('a'), await shop.complete('a', 'ok')]],
  ])('%s', async (how, end) => {
    const shop = await (await openShops()).open('sam')
    await shop.work('a', 'Do it')
    await shop.work('b', 'Do that')
    const about = await shop.request('How?', { item: 'a' })
    const other = await shop.request('How?', { agent: 'a' })
    await end(shop)
    expect(await shop.inbox()).toEqual([other])
    expect(await shop.inbox({ all: true })).toContainEqual(
      expect.objectContaining({ id: about.id, state: 'withdrawn', comment: `The item "a" is ${how}.` }),
    )
  })

  test('and what only gives it back does not', async () => {
    const shop = await (await openShops()).open('sam')
    await shop.work('a', 'Do it')
    await shop.claim('a')
    const about = await shop.request('How?', { item: 'a' })
    await shop.release('a')
    expect(await shop.inbox()).toEqual([about])
  })
})

describe('a deadline', () => {
  test('takes the default while a host runs: the item fails with it', async () => {
    const { open, clock } = await openShops()
    const host = await open('host', { host: 'library' })
    const shop = await open('sam')
    await heldItem(shop, { deadline: '10m', default: 'reject' })
    await clock.advance(599_999)
    expect(await shop.item('deploy')).toMatchObject({ state: 'waiting' })
    const watched = host.watch({ types: ['item.failed'] })
    await clock.advance(1)
    await watched.next()
    await watched.return?.()
    expect(await shop.item('deploy')).toMatchObject({ state: 'failed', error: { code: 'gate_rejected' } })
    expect(await shop.inbox({ all: true })).toMatchObject([
      { state: 'expired', answer: 'reject', answeredBy: null },
    ])
    expect((await shop.events({ last: 3 })).map(({ type, via }) => [type, via])).toEqual([
      ['inbox.expired', 'host'],
      ['item.failed', 'host'],
      ['item.blocked', 'host'],
    ])
  })

  test('that has passed before a host came is taken when one does', async () => {
    const { open, clock } = await openShops()
    const shop = await open('sam')
    await heldItem(shop, { deadline: '10m', default: 'approve' })
    await clock.advance(3_600_000)
    expect(await shop.item('deploy')).toMatchObject({ state: 'waiting' })
    await open('host', { host: 'library' })
    expect(await shop.item('deploy')).toMatchObject({ state: 'ready' })
  })

  test('without a default is permission_timeout, told by whoever looks', async () => {
    const { open, clock } = await openShops()
    const shop = await open('sam')
    const { id } = await heldItem(shop, { kind: 'permission', deadline: '10m' })
    await clock.advance(600_000)
    expect(await shop.inbox()).toEqual([])
    expect(await shop.item('deploy')).toMatchObject({ error: { code: 'permission_timeout' } })
    await expect(shop.approve(id)).rejects.toMatchObject({ code: 'already_done' })
  })

  test('ends the wait of whoever waits, without any host', async () => {
    const { open, clock } = await openShops()
    const shop = await open('impl')
    const { id } = await shop.request('Which one?', { deadline: '10m', default: 'the first' })
    let isWaiting = true
    const timers = clock.pending
    const waiting = shop.answered(id).finally(() => (isWaiting = false))
    await expect.poll(() => clock.pending).toBeGreaterThan(timers)
    await clock.advance(599_999)
    expect(isWaiting).toBe(true)
    await clock.advance(1)
    expect(await waiting).toMatchObject({ state: 'expired', answer: 'the first' })
  })

  test('comes for each request in turn, and an answer before it counts', async () => {
    const { open, clock } = await openShops()
    const host = await open('host', { host: 'library' })
    const first = await host.request('First?', { deadline: '1m', default: 'a' })
    const second = await host.request('Second?', { deadline: '2m', default: 'b' })
    const third = await host.request('Third?', { deadline: '3m', default: 'c' })
    await host.answer(second.id, 'mine')
    await clock.advance(60_000)
    expect(await host.answered(first.id)).toMatchObject({ state: 'expired', answer: 'a' })
    await clock.advance(120_000)
    expect(await host.answered(third.id)).toMatchObject({ state: 'expired', answer: 'c' })
    expect(await host.answered(second.id)).toMatchObject({ state: 'answered', answer: 'mine' })
  })
})

test('the rows of the inbox and of what waits for it follow from the log alone', async () => {
  const { open, clock, dir } = await openShops()
  const shop = await open('sam')
  const { id } = await heldItem(shop, { deadline: '10m', default: 'approve' })
  await shop.request('Who tells the users?', { item: 'announce', details: { long: 'x'.repeat(9000) } })
  await shop.approve((await shop.request('And the docs?', { kind: 'approval' })).id, 'y'.repeat(9000))
  await shop.withdraw((await shop.request('Never mind', {})).id)
  await clock.advance(600_000)
  expect(await shop.answered(id)).toMatchObject({ state: 'expired' })
  await shop.cancel('announce')
  const store = await openSqliteStore({ path: databaseFile(stateFolder(dir)), projection, clock })
  const rows = await projectedRows(store)
  expect(rows.inbox).toHaveLength(4)
  expect(replay(await store.events({}), projection)).toStrictEqual(rows)
  await store.close()
})
