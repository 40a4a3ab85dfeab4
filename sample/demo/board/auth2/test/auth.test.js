import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLedger } from '../lib/ledger.js'

const { api } = createLedger({ send: async () => {}, tokens: ['let-me-in'] })

test('a request with a known token is answered', async () => {
  const { status } = await api.handle({ method: 'GET', path: '/tasks', token: 'let-me-in' })
  assert.equal(status, 200)
})

test('a request without a token, or with an unknown one, is refused', async () => {
  for (const token of [undefined, 'open-sesame']) {
    const { status, body } = await api.handle({ method: 'GET', path: '/tasks', token })
    assert.deepEqual([status, body.error], [401, 'unauthorized'])
  }
})

test('without tokens, nobody is asked for one', async () => {
  const { status } = await createLedger({ send: async () => {} }).api.handle({ method: 'GET', path: '/tasks' })
  assert.equal(status, 200)
})
