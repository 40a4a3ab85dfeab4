import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retry } from '../lib/retry.js'

test('attempts: 3 calls an operation that keeps failing three times', async () => {
  let calls = 0
  const operation = async () => {
    calls += 1
    throw new Error('connection reset')
  }
  await assert.rejects(retry(operation, { attempts: 3, sleep: async () => {} }))
  assert.equal(calls, 3)
})

test('there is no pause after the last attempt', async () => {
  const pauses = []
  const operation = async () => {
    throw new Error('connection reset')
  }
  await assert.rejects(retry(operation, { attempts: 3, sleep: async (ms) => pauses.push(ms) }))
  assert.deepEqual(pauses, [100, 200])
})
