import { expect, it } from 'vitest'
import { openShop } from './shop.ts'

const HOUR_MS = 3_600_000

it('D12: what is due soon or worth more is taken first, and an emergency before all', async () => {
  const { shop, clock } = await openShop()
  const soon = new Date(clock.now() + HOUR_MS).toISOString()
  await shop.work([
    { id: 'plain', title: 'Whenever', type: 'code', priority: 'high' },
    { id: 'far', title: 'Next week', type: 'code', priority: 'high', deadline: '7d' },
    { id: 'worth', title: 'Worth more', type: 'code', priority: 'high', value: 1.2 },
    { id: 'soon', title: 'In an hour', type: 'code', priority: 'normal', deadline: soon },
    { id: 'later', title: 'In three hours', type: 'code', priority: 'normal', deadline: '3h' },
    { id: 'less', title: 'Worth less', type: 'code', priority: 'high', value: 0.5 },
    { id: 'fire', title: 'It burns', type: 'code', priority: 'emergency' },
  ])
  const order = (await shop.ready('code')).map(({ id }) => id)
  expect(order.slice(0, 4)).toEqual(['fire', 'soon', 'later', 'worth'])
  expect(order.slice(4, 6).toSorted()).toEqual(['far', 'plain'])
  expect(order[6]).toBe('less')
})

it('D12: an item shows its deadline, its value, and how urgent it is now', async () => {
  const { shop, clock } = await openShop()
  await shop.work('it', 'Do it', { deadline: '10h', value: 2, priority: 'high', estimate: '1h' })
  const deadline = clock.now() + 10 * HOUR_MS
  expect(await shop.item('it')).toMatchObject({
    deadline,
    value: 2,
    dynamicPriority: 4 * 2,
    estimateMs: HOUR_MS,
  })
  await clock.advance(9 * HOUR_MS)
  expect((await shop.item('it')).dynamicPriority).toBe(4 * 2 * 5)
  await clock.advance(2 * HOUR_MS)
  expect((await shop.item('it')).dynamicPriority).toBe(4 * 2 * 10)
})

it('D12: what waited for others is ranked by its deadline when it becomes ready', async () => {
  const { shop, clock } = await openShop()
  await shop.work([
    { id: 'first', title: 'First', type: 'plan' },
    { id: 'due', title: 'Due', type: 'code', dependsOn: ['first'], deadline: '20h', priority: 'low' },
  ])
  await clock.advance(19 * HOUR_MS)
  await shop.work('other', 'Other', { type: 'code', priority: 'critical' })
  await shop.claim('first')
  await shop.complete('first')
  expect((await shop.ready('code')).map(({ id }) => id)).toEqual(['due', 'other'])
})
