import { expect, it } from 'vitest'
import { CLAIM_MS, expireClaims } from '../../src/workers/external.ts'
import { finish, openShop, openTeam, refused, statuses, told } from './shop.ts'

it('A30: only what is ready can be claimed, by you or an agent that exists', async () => {
  const { shop, clock } = await openShop()
  await shop.work('auth', 'Implement auth')
  await shop.work('review', 'Review', { dependsOn: ['auth'] })
  const { details } = await refused(shop.claim('review'), 'invalid_transition')
  expect(details).toMatchObject({ from: 'waiting', to: 'claimed' })
  expect((await refused(shop.claim('auht'), 'not_found')).message).toContain('"auth"')
  expect((await refused(shop.claim('auth', 'imlp'), 'not_found')).message).toContain('"impl"')
  expect(await shop.claim('auth', 'impl')).toEqual({
    item: 'auth',
    owner: 'impl',
    expiresAt: clock.now() + CLAIM_MS,
  })
  expect(await shop.item('auth')).toMatchObject({ status: 'claimed', claimedBy: 'impl', attempts: 1 })
  await refused(shop.claim('auth'), 'invalid_transition')
  await shop.complete('auth')
  await refused(shop.claim('auth'), 'invalid_transition')
})

it('A31: start is for claimed items only; complete and fail for claimed and started ones', async () => {
  const { shop } = await openShop()
  for (const id of ['a', 'b', 'c', 'd']) await shop.work(id, id)
  for (const change of [shop.start('a'), shop.complete('a'), shop.fail('a'), shop.release('a')])
    await refused(change, 'invalid_transition')
  for (const id of ['a', 'b', 'c', 'd']) await shop.claim(id)
  expect((await shop.start('a')).status).toBe('in_progress')
  await refused(shop.start('a'), 'invalid_transition')
  expect((await shop.complete('a', 'started')).status).toBe('done')
  expect((await shop.complete('b', 'claimed')).status).toBe('done')
  await shop.start('c')
  expect(await shop.fail('c', 'it broke')).toMatchObject({ status: 'failed', why: 'it broke' })
  expect((await shop.fail('d')).status).toBe('failed')
  for (const id of ['a', 'c']) {
    await refused(shop.complete(id), 'invalid_transition')
    await refused(shop.start(id), 'invalid_transition')
  }
  expect((await shop.item('b')).result).toBe('claimed')
  expect((await shop.item('b')).tries).toMatchObject([{ number: 1, by: 'tester', state: 'done' }])
})

it('AS-31 A31: cancel works on everything but what is done, and twice has no second effect', async () => {
  const { shop } = await openShop()
  for (const id of ['done', 'ready', 'running']) await shop.work(id, id)
  await shop.work('behind', 'Behind', { dependsOn: ['running'] })
  await finish(shop, 'done')
  await shop.claim('running')
  await shop.start('running')
  await refused(shop.cancel('done'), 'already_done')
  expect((await shop.cancel('ready', 'not needed')).why).toBe('not needed')
  expect((await shop.cancel('running')).status).toBe('cancelled')
  const events = await shop.events({ last: 100 })
  expect((await shop.cancel('running')).status).toBe('cancelled')
  expect(await shop.events({ last: 100 })).toEqual(events)
  expect(await statuses(shop)).toEqual({
    done: 'done',
    ready: 'cancelled',
    running: 'cancelled',
    behind: 'blocked',
  })
  await refused(shop.complete('running', 'too late'), 'invalid_transition')
})

it('AS-29: only who has claimed an item can report on it', async () => {
  const { shop, as } = await openShop()
  const other = await as('other')
  await shop.work('auth', 'Implement auth')
  await shop.claim('auth')
  const before = await shop.item('auth')
  for (const change of [
    other.start('auth'),
    other.complete('auth', 'mine'),
    other.fail('auth'),
    other.release('auth'),
    other.extend('auth', '1h'),
    shop.complete('auth', 'as an agent', { as: 'impl' }),
  ]) {
    await refused(change, 'stale_claim')
  }
  expect(await shop.item('auth')).toEqual(before)
  await shop.complete('auth', 'it works')
  expect((await shop.item('auth')).result).toBe('it works')
})

it('AS-29: a claim for an agent is reported on by that agent, or by who made it', async () => {
  const { shop, as } = await openShop()
  const other = await as('other')
  for (const id of ['a', 'b']) await shop.work(id, id)
  for (const id of ['a', 'b']) await shop.claim(id, 'impl')
  await refused(other.complete('a'), 'stale_claim')
  await refused(other.complete('a', 'x', { as: 'reviewer' }), 'stale_claim')
  expect((await shop.complete('a')).claimedBy).toBe('impl')
  expect((await other.complete('b', 'from impl', { as: 'impl' })).status).toBe('done')
})

it('a claim that runs out is given back by whoever looks, and a late report is refused', async () => {
  const { shop, clock, as } = await openShop()
  const other = await as('other')
  await shop.work('auth', 'Implement auth')
  await shop.claim('auth')
  await clock.advance(CLAIM_MS)
  expect(await statuses(other)).toEqual({ auth: 'claimed' })
  await clock.advance(1)
  expect((await shop.item('auth')).why).toContain('ran out')
  expect(await statuses(other)).toEqual({ auth: 'ready' })
  await refused(shop.complete('auth', 'late'), 'invalid_transition')
  await other.claim('auth')
  await refused(shop.complete('auth', 'later'), 'stale_claim')
  expect(await other.complete('auth', 'in time')).toMatchObject({ status: 'done', attempts: 2 })
  expect((await shop.item('auth')).tries.map(({ by, state }) => [by, state])).toEqual([
    ['tester', 'lost'],
    ['other', 'done'],
  ])
})

it('whoever claims next ends a claim that has run out', async () => {
  const { shop, clock, as } = await openShop()
  const other = await as('other')
  await shop.work('auth', 'Implement auth')
  await shop.claim('auth')
  await refused(other.claim('auth'), 'invalid_transition')
  await clock.advance(CLAIM_MS + 1)
  expect((await other.claim('auth')).owner).toBe('other')
  expect(told(await shop.events({ last: 4 }))).toEqual([
    'item.claimed auth',
    'item.readied auth',
    'item.claimed auth',
  ])
})

it('an extended claim holds for as long as was said, and a released one is free at once', async () => {
  const { shop, clock } = await openShop()
  await shop.work('auth', 'Implement auth')
  await shop.claim('auth')
  await clock.advance(CLAIM_MS - 1)
  const events = await shop.events({ last: 100 })
  expect((await shop.extend('auth', '2h')).expiresAt).toBe(clock.now() + 7_200_000)
  expect(await shop.events({ last: 100 })).toEqual(events)
  await clock.advance(7_200_000)
  expect(await shop.board()).toMatchObject({ items: [{ status: 'claimed', claimEndsAt: clock.now() }] })
  expect(await shop.release('auth')).toMatchObject({ status: 'ready', attempts: 0, claimEndsAt: null })
  await refused(shop.extend('auth', '1h'), 'invalid_transition')
})

it('a claim without its lease, which is no decision, ends by its own time', async () => {
  const { shop, clock, dir, as } = await openShop()
  await shop.work('auth', 'Implement auth')
  await shop.claim('auth')
  await shop.extend('auth', '9h')
  await shop.close()
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(`${dir}/state/atelier.db`)
  database.exec('DELETE FROM "lease"')
  database.close()
  const again = await as('tester')
  expect((await again.item('auth')).claimEndsAt).toBe(clock.now() + CLAIM_MS)
  expect((await again.start('auth')).status).toBe('in_progress')
  await clock.advance(CLAIM_MS + 1)
  expect(await statuses(again)).toEqual({ auth: 'ready' })
})

it('expireClaims says when to look again', async () => {
  const { shop, clock, dir } = await openShop()
  const team = await openTeam(dir, clock)
  expect(await expireClaims(team)).toBeNull()
  for (const id of ['a', 'b']) await shop.work(id, id)
  await shop.claim('a')
  await clock.advance(1000)
  await shop.claim('b')
  expect(await expireClaims(team)).toBe(clock.now() - 1000 + CLAIM_MS)
  await clock.advance(CLAIM_MS - 500)
  expect(await expireClaims(team)).toBe(clock.now() + 500)
  expect(await statuses(shop)).toEqual({ a: 'ready', b: 'claimed' })
  // What is over leaves no lease.
  await shop.cancel('b')
  expect(await expireClaims(team)).toBeNull()
  expect(await team.store.read((reader) => reader.list('lease'))).toEqual([])
})
