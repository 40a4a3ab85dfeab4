import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { ItemRow } from '../../src/board/item.ts'
import type { AtelierEvent } from '../../src/events.ts'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { projection } from '../../src/projection.ts'
import { replay } from '../../src/testing/replay.ts'
import type { SettledBoard } from '../../src/workers/view-types.ts'
import { INTERRUPTED } from '../../src/board/item.ts'
import { requestMerge } from '../../src/integration/requests.ts'
import { claimItem, failAttempt, parkItem, wakeItem } from '../../src/workers/commands.ts'
import { finish, openShop, openTeam, refused } from './shop.ts'

it('resolves at once where there is nothing to do, and after every post that was made before', async () => {
  const { shop } = await openShop()
  expect(await shop.boardSettled()).toMatchObject({ failed: [], waiting: [], summary: { done: 0 } })
  void shop.work('a', 'A')
  let isSettled = false
  const settled = shop.boardSettled().then((board) => {
    isSettled = true
    return board
  })
  await shop.claim('a')
  await shop.start('a')
  expect(isSettled).toBe(false)
  await shop.complete('a')
  expect((await settled).summary.done).toBe(1)
})

it('says what has failed, what still waits, and why', async () => {
  const { shop } = await openShop()
  await shop.work([
    { id: 'a', title: 'A' },
    { id: 'b', title: 'B', dependsOn: ['a'] },
    { id: 'c', title: 'C' },
  ])
  const settled = shop.boardSettled()
  await finish(shop, 'c')
  await shop.claim('a')
  await shop.fail('a', 'no')
  expect(await settled).toMatchObject({
    failed: [{ id: 'a', error: { message: 'no' } }],
    waiting: [{ id: 'b', status: 'blocked', why: 'blocked by a (failed)' }],
    summary: { done: 1, failed: 1, blocked: 1 },
  })
})

it('waits for what is tried again by itself', async () => {
  const { shop, clock, dir } = await openShop()
  const team = await openTeam(dir, clock)
  await shop.work('a', 'A')
  const settled = shop.boardSettled()
  const attempt = await claimItem(team, 'a', 'worker')
  await failAttempt(team, 'a', attempt, { code: 'turn_failed', message: 'for now' })
  expect(await shop.item('a')).toMatchObject({ status: 'in_progress', why: 'tries again in 1.0 s' })
  await refused(shop.boardSettled({ timeout: 0 }), 'timeout')
  await clock.advance(1000)
  expect((await shop.item('a')).why).toBe('tries again as soon as a host runs')
  await wakeItem(team, 'a')
  await finish(shop, 'a')
  expect((await settled).summary).toMatchObject({ done: 1, in_progress: 0 })
})

it('waits for a merge that is under way, and not for one that somebody has to approve', async () => {
  const { shop, clock, dir } = await openShop()
  const team = await openTeam(dir, clock)
  for (const [item, mode] of [
    ['a', 'manual'],
    ['b', 'auto'],
  ] as const) {
    await shop.work(item, item)
    const attempt = await claimItem(team, item, 'worker')
    await requestMerge(team, {
      ...{ item, attempt, mode, change: item, target: 'refs/heads/main', head: '0'.repeat(40), title: item },
      verified: true,
    })
    await parkItem(team, item, attempt, { waiting: { for: 'merge', reason: INTERRUPTED } })
  }
  expect((await refused(shop.boardSettled({ timeout: 0 }), 'timeout')).details).toEqual({ active: ['b'] })
  await shop.cancel('b')
  expect((await shop.boardSettled()).waiting).toMatchObject([
    { id: 'a', why: `waits to be merged: ${INTERRUPTED}` },
  ])
})

it('waits for nobody who claimed an item and went away', async () => {
  const { shop, clock, as } = await openShop()
  const other = await as('other')
  await shop.work('a', 'A')
  const settled = shop.boardSettled()
  await other.claim('a')
  // What another connection has committed arrives a moment later.
  await expect.poll(() => clock.pending).toBe(1)
  await other.extend('a', '1h')
  await clock.advance(3_600_000)
  expect((await other.item('a')).status).toBe('claimed')
  await clock.advance(1)
  await expect.poll(async () => (await other.item('a')).status).toBe('ready')
  await other.cancel('a')
  expect((await settled).summary.cancelled).toBe(1)
  expect(clock.pending).toBe(0)
})

it('ends with timeout after its time, or is called off; the board stays as it is', async () => {
  const { shop, clock } = await openShop()
  await shop.work('a', 'A')
  expect((await refused(shop.boardSettled({ timeout: 0 }), 'timeout')).message).toContain('not done yet: a')
  const late = refused(shop.boardSettled({ timeout: '1m' }), 'timeout')
  await shop.claim('a')
  await clock.advance(60_000)
  expect((await late).message).toMatch(/after 1 m 0 s.*: a/u)
  const controller = new AbortController()
  const called = refused(shop.boardSettled({ signal: controller.signal }), 'cancelled')
  controller.abort()
  await called
  expect((await shop.item('a')).status).toBe('claimed')
})

type Act = (shop: HostedWorkshop, id: string) => Promise<unknown>

/** What people do with items, whether it is possible at that moment or not. */
const ACTS: readonly Act[] = [
  (shop, id) => shop.claim(id),
  (shop, id) => shop.claim(id),
  (shop, id) => finish(shop, id),
  (shop, id) => finish(shop, id),
  (shop, id) => shop.complete(id, 'x'),
  (shop, id) => shop.complete(id, 'x'),
  (shop, id) => shop.fail(id),
  (shop, id) => shop.cancel(id),
  (shop, id) => shop.retry(id),
  (shop, id) => shop.skip(id),
  (shop, id) => shop.release(id),
]

it('never resolves before everything that goes on by itself has ended, and then always does', async () => {
  const step = fc.tuple(fc.constantFrom(...ACTS), fc.nat(4))
  const dependencies = fc.array(fc.uniqueArray(fc.nat(4), { maxLength: 2 }), { minLength: 5, maxLength: 5 })
  let resolved = 0
  await fc.assert(
    fc.asyncProperty(dependencies, fc.array(step, { maxLength: 40, size: 'max' }), async (edges, steps) => {
      const { shop, clock } = await openShop({ persistence: false })
      await shop.work(
        edges.map((below, n) => ({ id: `i${n}`, title: `Item ${n}`, dependsOn: earlier(below, n) })),
      )
      const stopped = new AbortController()
      const settled = shop.boardSettled({ signal: stopped.signal }).catch(() => undefined)
      for (const [act, n] of steps) {
        // Each command has a time of its own, so that the log shows where it ended.
        await clock.advance(1)
        await act(shop, `i${n}`).catch(() => {})
      }
      const boards = boardsOf(await shop.events({ after: 0 }))
      const isQuiet = boards.at(-1)?.every(isAtRest) === true
      if (!isQuiet) stopped.abort()
      const board = await settled
      if (board !== undefined) resolved++
      const quiet = boards
        .filter((items) => items.every(isAtRest))
        .map((items) => JSON.stringify(outcomes(items)))
      // It may have been quiet for a moment that nobody saw, but never the other way round.
      const isEarly = board !== undefined && !quiet.includes(JSON.stringify(outcomesOf(board)))
      expect({ isEarly, isMissed: isQuiet && board === undefined }).toEqual({
        isEarly: false,
        isMissed: false,
      })
      await shop.close()
    }),
    { numRuns: 150 },
  )
  expect(resolved).toBeGreaterThan(10)
})

function earlier(below: readonly number[], n: number): string[] {
  return below.filter((each) => each < n).map((each) => `i${each}`)
}

/** The items as the log alone says, after each command that posted or changed them. */
function boardsOf(log: readonly AtelierEvent[]): (readonly ItemRow[])[] {
  return log.flatMap(({ at }, index) => {
    if (log[index + 1]?.at === at) return []
    const { item = [] } = replay(log.slice(0, index + 1), projection)
    return item.length === 0 ? [] : [item as readonly ItemRow[]]
  })
}

function isAtRest({ state, waiting }: ItemRow): boolean {
  return state !== 'ready' && state !== 'running' && !(waiting !== null && 'at' in waiting)
}

interface Outcomes {
  readonly failed: readonly string[]
  readonly waiting: readonly string[]
}

function outcomes(items: readonly ItemRow[]): Outcomes {
  const ids = (state: ItemRow['state']): string[] =>
    items.filter((row) => row.state === state).map(({ id }) => id)
  return { failed: ids('failed').toSorted(), waiting: ids('waiting').toSorted() }
}

function outcomesOf({ failed, waiting }: SettledBoard): Outcomes {
  return { failed: failed.map(({ id }) => id).toSorted(), waiting: waiting.map(({ id }) => id).toSorted() }
}
