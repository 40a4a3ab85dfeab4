import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retry } from '../lib/retry.js'

/** Fails `times` times, then answers `sent`. */
function failing(times) {
  let failures = 0
  return async () => {
    if (failures === times) return 'sent'
    failures += 1
    throw new Error(`failure ${failures}`)
  }
}

test('an operation that succeeds at once is not delayed', async () => {
  const pauses = []
  assert.equal(await retry(failing(0), { sleep: async (ms) => pauses.push(ms) }), 'sent')
  assert.deepEqual(pauses, [])
})

test('the pause doubles until the operation succeeds', async () => {
  const pauses = []
  assert.equal(await retry(failing(2), { sleep: async (ms) => pauses.push(ms) }), 'sent')
  assert.deepEqual(pauses, [100, 200])
})

test('an operation that keeps failing rejects with its error', async () => {
  await assert.rejects(retry(failing(Infinity), { sleep: async () => {} }), /^Error: failure/)
})
