import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../direct/team.ts'
import { openBoard } from './board.ts'

const ITEMS = 1000

/** Each item depends on up to three of the twenty before it. */
function dependenciesOf(seed: number): string[][] {
  const lists = fc.sample(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 3 }), {
    numRuns: ITEMS,
    seed,
  })
  return lists.map((back, index) => [
    ...new Set(back.filter((each) => each <= index).map((each) => `i${index - each}`)),
  ])
}

it('50 workers do 1,000 items with random dependencies, each once and after what it depends on (A30, A32)', async () => {
  const dependencies = dependenciesOf(7)
  const { shop, events } = await openBoard(
    { reply: 'ok' },
    { dir: await temporaryFolder(), persistence: true },
  )
  for (let worker = 1; worker <= 5; worker++)
    await shop.boardWorker(`dev_${worker}`, 'code', { concurrency: 10 }).stored
  await shop.work(
    dependencies.map((dependsOn, index) => ({
      id: `i${index}`,
      title: `Item ${index}`,
      type: 'code',
      dependsOn,
    })),
  )
  expect((await shop.boardSettled({ timeout: '100s' })).summary).toMatchObject({ done: ITEMS })
  const log = (await events('item.claimed', 'item.done')).map(({ type, data }) => ({
    type,
    item: 'item' in data ? data.item : '',
  }))
  const claimed = log.filter(({ type }) => type === 'item.claimed').map(({ item }) => item)
  expect(claimed).toHaveLength(ITEMS)
  expect(new Set(claimed).size).toBe(ITEMS)
  const places = new Map(log.map(({ type, item }, place) => [`${type} ${item}`, place]))
  const early = dependencies.flatMap((dependsOn, index) =>
    dependsOn.filter(
      (each) => (places.get(`item.done ${each}`) ?? Infinity) > (places.get(`item.claimed i${index}`) ?? -1),
    ),
  )
  expect(early).toEqual([])
}, 120_000)
