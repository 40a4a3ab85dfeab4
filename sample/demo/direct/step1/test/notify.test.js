import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNotifier } from '../lib/notify.js'

const task = { id: '1', title: 'send the invoice', done: true }
const retryOptions = { sleep: async () => {} }

test('a finished task is sent to the transport', async () => {
  const sent = []
  const notifier = createNotifier({ send: async (event) => sent.push(event) })
  await notifier.taskFinished(task)
  assert.deepEqual(sent, [{ type: 'task.finished', task }])
})

test('an event is delivered when the transport recovers', async () => {
  const sent = []
  let calls = 0
  const notifier = createNotifier({
    send: async (event) => {
      calls += 1
      if (calls < 3) throw new Error('connection reset')
      sent.push(event)
    },
    retryOptions,
  })
  await notifier.taskFinished(task)
  assert.equal(sent.length, 1)
  assert.deepEqual(notifier.undelivered, [])
})

test('an event the transport keeps refusing is kept as undelivered', async () => {
  const notifier = createNotifier({
    send: async () => {
      throw new Error('connection reset')
    },
    retryOptions,
  })
  await notifier.taskFinished(task)
  assert.deepEqual(notifier.undelivered, [{ event: { type: 'task.finished', task }, reason: 'connection reset' }])
})
