import { describe, expect, test } from 'vitest'
import { openTeam } from './team.ts'

describe('context (A46, E05)', () => {
  test('AS-120 of two writers from the same version one succeeds and the other gets a conflict', async () => {
    const { shop } = await openTeam()
    const { version } = await shop.put('plan', { steps: 1 })
    const outcomes = await Promise.allSettled([
      shop.put('plan', { steps: 2 }, { ifVersion: version }),
      shop.put('plan', { steps: 3 }, { ifVersion: version }),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(outcomes[1]).toMatchObject({ reason: { code: 'conflict', details: { expected: 1, actual: 2 } } })
    expect(await shop.get('plan')).toEqual({ steps: 2 })
  })

  test('AS-120 with a merge both writers succeed', async () => {
    const { shop } = await openTeam()
    const merge = (a: unknown, b: unknown): string[] => [...(a as string[]), ...(b as string[])]
    await Promise.all(['x', 'y', 'z'].map((each) => shop.put('seen', [each], { merge })))
    expect(((await shop.get('seen')) as string[]).toSorted()).toEqual(['x', 'y', 'z'])
  })

  test('values survive a reset of the agent that wrote them', async () => {
    const { shop } = await openTeam()
    await shop.put('impl/notes', ['a'])
    await shop.reset('impl')
    expect(await shop.get('impl/notes')).toEqual(['a'])
    expect(await shop.keys('impl/')).toEqual(['impl/notes'])
  })

  test('a removed key is gone, takes its fallback, and never repeats a version', async () => {
    const { shop } = await openTeam()
    await shop.put('key', 1)
    expect(await shop.remove('key')).toBe(true)
    expect(await shop.remove('key')).toBe(false)
    expect(await shop.get('key', 'fallback')).toBe('fallback')
    expect((await shop.put('key', 2)).version).toBe(3)
    await expect(shop.put('key', 3, { ifVersion: 1 })).rejects.toMatchObject({ code: 'conflict' })
  })
})
