import { expect, test } from 'vitest'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import { openShops } from './shops.ts'

test('an item waits for an answer while a worker runs, and its next attempt is told it', async () => {
  const { open, clock } = await openShops()
  const backend = scriptedBackend({ clock, script: { reply: 'done' } })
  const shop = await open('sam', { host: 'library', backends: [backend] })
  shop.configure({ backend: 'scripted' })
  await shop.work('auth', 'Implement auth', { type: 'code' })
  const asked = await shop.request('Which database?', { item: 'auth', hold: true })
  await shop.boardWorker('dev', 'code').stored
  await shop.work('other', 'Implement caching', { type: 'code' })
  await shop.boardSettled({ timeout: '1m' })
  expect(backend.requests.map(({ prompt }) => prompt)).toEqual(['Implement caching'])
  await shop.answer(asked.id, 'postgres', { comment: 'We run it anyway.' })
  expect(await shop.boardSettled({ timeout: '1m' })).toMatchObject({ summary: { done: 2 } })
  expect(backend.requests.at(-1)?.prompt).toContain('Question:\n```\nWhich database?\n```')
  expect(backend.requests.at(-1)?.prompt).toContain('Answer of sam:\n```\npostgres\n```')
  expect(await shop.inbox()).toEqual([])
})
