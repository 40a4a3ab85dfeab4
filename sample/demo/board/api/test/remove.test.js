import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLedger } from '../lib/ledger.js'

async function apiWithTwoTasks() {
  const { api } = createLedger({ send: async () => {}, today: () => '2025-03-17' })
  await api.handle({ method: 'POST', path: '/tasks', body: { title: 'first' } })
  await api.handle({ method: 'POST', path: '/tasks', body: { title: 'second' } })
  return api
}

test('a removed task is answered once more and is gone', async () => {
  const api = await apiWithTwoTasks()
  const removed = await api.handle({ method: 'DELETE', path: '/tasks/1' })
  assert.deepEqual([removed.status, removed.body.title], [200, 'first'])
  const read = await api.handle({ method: 'GET', path: '/tasks/1' })
  assert.equal(read.status, 404)
})

test('a removed task no longer counts in the report', async () => {
  const api = await apiWithTwoTasks()
  await api.handle({ method: 'DELETE', path: '/tasks/2' })
  const { body } = await api.handle({ method: 'GET', path: '/report' })
  assert.deepEqual(body, { open: 1, finished: 0, overdue: 0 })
})

test('removing an unknown task is answered with 404', async () => {
  const { status } = await (await apiWithTwoTasks()).handle({ method: 'DELETE', path: '/tasks/7' })
  assert.equal(status, 404)
})
