import { expect, it } from 'vitest'
import type { Reader } from '../../src/store.ts'
import { readyFor } from '../../src/workers/eligible.ts'
import { openShop, openTeam } from '../board/shop.ts'

it('D20: an agent looks only at what it can do, however much stands before it', async () => {
  const { shop, dir, clock } = await openShop()
  const others = Array.from({ length: 200 }, (_, index) => ({
    id: `review_${index}`,
    title: 'Review it',
    type: 'code',
    priority: 1 as const,
    capability: index < 100 ? 'review:9' : 'review:4',
  }))
  await shop.work([...others, { id: 'plain', title: 'Do it', type: 'code' }])
  const team = await openTeam(dir, clock)
  const look = async (
    skills: readonly { readonly name: string; readonly expertise: number }[],
    limit: number,
  ): Promise<{ readonly ids: readonly string[]; readonly looked: number }> => {
    let looked = 0
    const ids = await team.store.read(async (reader) => {
      const counting: Reader = {
        get: (table, key) => reader.get(table, key),
        values: (table, column, query) => reader.values(table, column, query),
        blob: (hash) => reader.blob(hash),
        list: async (table, query) => {
          const rows = await reader.list(table, query)
          looked += rows.length
          return rows
        },
      }
      const rows = await readyFor(counting, 'code', { skills, canHandle: undefined }, limit)
      return rows.map(({ id }) => id)
    })
    return { ids, looked }
  }
  expect(await look([], 5)).toEqual({ ids: ['plain'], looked: 1 })
  expect(await look([{ name: 'docs', expertise: 9 }], 5)).toEqual({ ids: ['plain'], looked: 1 })
  expect(await look([{ name: 'review', expertise: 9 }], 1)).toEqual({ ids: ['review_0'], looked: 2 })
  // Those that ask for more expertise stand in the same queue, and are passed over however many they are.
  const some = await look([{ name: 'review', expertise: 5 }], 2)
  expect(some.ids).toHaveLength(2)
  expect(some.ids.every((id) => Number(id.slice('review_'.length)) >= 100)).toBe(true)
})
