import { describe, expect, test } from 'vitest'
import { openTeam, promptsTo } from './team.ts'

const ANSWERS = {
  rules: [
    { agent: 'impl', turn: 1, reply: 'the code' },
    { agent: 'impl', turn: 2, reply: 'the better code' },
    { agent: 'reviewer', reply: 'the review' },
  ],
} as const

describe('pipe (A17)', () => {
  test('AS-07 a chain carries each answer on, back to the first agent too', async () => {
    const { shop, backend } = await openTeam(ANSWERS)
    const reply = await shop
      .ask('impl', 'Implement caching')
      .pipe('reviewer', 'Review for correctness')
      .pipe('impl', 'Address the feedback')
    expect(promptsTo(backend, 'reviewer')).toEqual(['Review for correctness\n\nthe code'])
    expect(promptsTo(backend, 'impl')[1]).toBe('Address the feedback\n\nthe review')
    expect(reply).toMatchObject({ agent: 'impl', text: 'the better code' })
  })

  test('AS-08 after a failed ask the same error comes out and the reviewer is never called', async () => {
    const { shop, backend } = await openTeam({
      rules: [{ agent: 'impl', steps: [{ fail: { kind: 'network', message: 'line cut' } }] }],
    })
    const chain = shop.ask('impl', 'Implement').pipe('reviewer', 'Review').pipe('impl', 'Again')
    await expect(chain).rejects.toMatchObject({ code: 'turn_failed', message: 'line cut' })
    expect(promptsTo(backend, 'reviewer')).toEqual([])
  })

  test('AS-09 without a message the default sentence introduces the result', async () => {
    const { shop, backend } = await openTeam(ANSWERS)
    await shop.ask('impl', 'Implement')
    await shop.pipe('impl', 'reviewer')
    expect(promptsTo(backend, 'reviewer')).toEqual(['Here is the output from the previous step:\n\nthe code'])
  })

  test('AS-09 a source without a result is no_result', async () => {
    const { shop } = await openTeam(ANSWERS)
    await expect(shop.pipe('impl', 'reviewer')).rejects.toMatchObject({ code: 'no_result' })
  })

  test('a reply that was awaited can be piped on', async () => {
    const { shop, backend } = await openTeam(ANSWERS)
    const reply = await shop.ask('impl', 'Implement')
    await shop.pipe(reply, 'reviewer', 'Look:')
    expect(promptsTo(backend, 'reviewer')).toEqual(['Look:\n\nthe code'])
  })
})

describe('fan (A18)', () => {
  test('AS-10 every agent answers for itself', async () => {
    const { shop } = await openTeam(ANSWERS)
    const replies = await shop.fan('What issues do you see?', ['impl', 'reviewer'])
    expect(replies).toMatchObject({ impl: { text: 'the code' }, reviewer: { text: 'the review' } })
  })

  test('AS-10 one that fails is named beside the others', async () => {
    const { shop } = await openTeam({
      rules: [{ agent: 'reviewer', steps: [{ fail: { kind: 'refused', message: 'no' } }] }],
    })
    const replies = await shop.fan('What issues?', ['impl', 'reviewer'])
    expect(replies).toMatchObject({
      impl: { text: 'impl: What issues?' },
      reviewer: { agent: 'reviewer', error: { code: 'turn_failed', message: 'no' } },
    })
  })

  test('AS-10 a fan that nobody awaits starts at once, and awaitAll has its answers', async () => {
    const { shop } = await openTeam(ANSWERS)
    void shop.fan('What issues?', ['impl', 'reviewer'])
    expect(await shop.awaitAll()).toMatchObject({
      impl: { text: 'the code' },
      reviewer: { text: 'the review' },
    })
  })
})
