import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openTeam, temporaryFolder } from './team.ts'

/** Turns of the event loop in which everything that is under way has come to its end, while no timer fires. */
const TURNS = 10

test('AS-05 every message behind one that no budget covers fails as well, without waiting for a scan', async () => {
  const { shop, clock } = await openTeam({ costUsd: 0.25 })
  await shop.setBudget(0.3)
  for (const prompt of ['one', 'two', 'three']) void shop.cast('impl', prompt)
  let isIdle = false
  void shop.awaitAll().then(() => (isIdle = true))
  for (let turn = 0; turn < TURNS; turn++) await clock.tick()
  expect(isIdle).toBe(true)
  const history = await shop.history('impl')
  expect(history.map(({ state, error }) => [state, error?.code])).toEqual(
    Array.from({ length: 3 }, () => ['failed', 'budget_exceeded']),
  )
})

test('a message that is posted just as a turn ends is started at once, without waiting for a scan', async () => {
  const late: number[] = []
  for (let promises = 0; promises < 12; promises++) {
    const { shop, clock } = await openTeam(
      { reply: 'X' },
      { persistence: join(await temporaryFolder(), 'state') },
    )
    let isAnswered = false
    const stop = shop.onActivity((_turn, event) => {
      if (event.t !== 'end') return
      stop()
      void (async () => {
        for (let promise = 0; promise < promises; promise++) await Promise.resolve()
        await shop.ask('impl', 'two')
        isAnswered = true
      })()
    })
    await shop.ask('impl', 'one')
    for (let turn = 0; turn < TURNS; turn++) await clock.tick()
    if (!isAnswered) late.push(promises)
    await shop.close({ drain: false })
  }
  expect(late).toEqual([])
})
