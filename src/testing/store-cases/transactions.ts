import assert from 'node:assert/strict'
import { isAtelierError } from '../../errors.ts'
import { projectedRows, replay } from '../replay.ts'
import { smallProjection } from '../store-projection.ts'
import { command, contextPut, decided, increment, messagePosted, refusal, type StoreCase } from './case.ts'

export const TRANSACTION_CASES: readonly StoreCase[] = [
  {
    name: 'events and the rows they change are committed together',
    async run({ open }) {
      const store = await open()
      const result = await decided(store, { events: [messagePosted('m1', 'impl')] })
      assert.equal(result.ok, true)
      const [agent, message] = await store.read(async (reader) => [
        await reader.get('agent', 'impl'),
        await reader.get('message', 'm1'),
      ])
      assert.equal(agent?.queued, 1)
      assert.equal(message?.position, 1)
      assert.deepEqual(
        (await store.events({})).map(({ type }) => type),
        ['message.posted'],
      )
    },
  },
  {
    name: 'a refused command writes nothing and hands back what it loaded',
    async run({ open }) {
      const store = await open()
      await decided(store, { events: [contextPut('plan', 'a')] })
      const result = await store.transact(
        command({
          blobs: [{ hash: 'h', body: 'text' }],
          load: (reader) => reader.get('context', 'plan'),
          decide: () => ({ refused: refusal() }),
        }),
      )
      assert.equal(result.ok, false)
      assert.deepEqual(!result.ok && result.refused, refusal())
      assert.equal(result.loaded?.value, 'a')
      assert.equal(await store.lastSeq(), 1)
      assert.equal(await store.read((reader) => reader.blob('h')), undefined)
    },
  },
  {
    name: 'a command whose load or decide throws rejects with that error and changes nothing',
    async run({ open }) {
      const store = await open()
      // It looks like an error of a file system, which is not the store's own.
      const broken = Object.assign(new Error('broken'), { code: 'EACCES', syscall: 'open' })
      const inLoad = command({
        load: () => Promise.reject(broken),
        decide: () => ({ events: [contextPut('a', '1')] }),
      })
      const inDecide = command({
        load: async () => undefined,
        decide: () => {
          throw broken
        },
      })
      await assert.rejects(store.transact(inLoad), (error) => error === broken)
      await assert.rejects(store.transact(inDecide), (error) => error === broken)
      await assert.rejects(
        store.read(() => Promise.reject(broken)),
        (error) => error === broken,
      )
      assert.equal(await store.lastSeq(), 0)
    },
  },
  {
    name: 'a command that breaks while its rows are written takes nothing else with it',
    async run({ open }) {
      const store = await open()
      const before = decided(store, { events: [contextPut('a', '1')] })
      const breaking = decided(store, {
        events: [contextPut('b', '1'), { type: 'schedule.cancelled', data: { agent: 'impl' } }],
      })
      const after = decided(store, { events: [contextPut('c', '1')] })
      await assert.rejects(breaking, /breaks on purpose/u)
      assert.deepEqual([(await before).ok, (await after).ok], [true, true])
      const rows = await store.read((reader) => reader.list('context'))
      assert.deepEqual(
        rows.map(({ key }) => key),
        ['a', 'c'],
      )
      assert.equal((await store.events({})).length, 2)
    },
  },
  {
    name: 'commands are decided in the order of their calls',
    async run({ open }) {
      const store = await open()
      const order: number[] = []
      const calls = Array.from({ length: 50 }, (_, call) =>
        store.transact(
          command({
            async load(reader) {
              // Some load longer than others, and still none overtakes.
              for (let reads = 0; reads < (call * 7) % 5; reads++) await reader.get('context', 'key')
            },
            decide: () => {
              order.push(call)
              return { events: [contextPut('key', String(call))] }
            },
          }),
        ),
      )
      await Promise.all(calls)
      assert.deepEqual(
        order,
        calls.map((_, call) => call),
      )
      assert.equal((await store.read((reader) => reader.get('context', 'key')))?.value, '49')
    },
  },
  {
    name: '100 concurrent commands that await in load lose no update',
    async run({ open }) {
      const store = await open()
      await Promise.all(Array.from({ length: 100 }, (_, call) => increment(store, 'global', 1 + (call % 7))))
      const row = await store.read((reader) => reader.get('ledger', 'global'))
      assert.equal(row?.limitMicros, 100)
      assert.equal(row?.turns, 100)
      assert.equal(await store.lastSeq(), 100)
    },
  },
  {
    name: 'two stores at one place lose no update between them',
    async run({ open }) {
      const [store, other] = [await open(), await open()]
      const calls = Array.from({ length: 100 }, (_, call) =>
        increment(call % 2 === 0 ? store : other, 'global', 1 + (call % 7)),
      )
      await Promise.all(calls)
      for (const reading of [store, other]) {
        const row = await reading.read((reader) => reader.get('ledger', 'global'))
        assert.deepEqual([row?.limitMicros, row?.turns], [100, 100])
      }
    },
  },
  {
    name: 'commands of two stores on one row without a common key lose no update',
    async run({ open }) {
      const [store, other] = [await open(), await open()]
      const calls = Array.from({ length: 40 }, (_, call) =>
        (call % 2 === 0 ? store : other).transact({
          name: 'budget.change',
          keys: [`caller:${call}`],
          by: { actor: 'alice', via: 'library' },
          load: async (reader) => (await reader.get('ledger', 'global'))?.limitMicros ?? 0,
          decide: (limit) => ({
            events: [{ type: 'budget.set', data: { scope: 'global', limitMicros: limit + 1 } }],
          }),
        }),
      )
      await Promise.all(calls)
      const row = await store.read((reader) => reader.get('ledger', 'global'))
      assert.deepEqual([row?.limitMicros, row?.turns], [40, 40])
      assert.equal(await store.lastSeq(), (await store.events({ last: 1 }))[0]?.seq)
    },
  },
  {
    name: 'a later event of one decision sees the rows of the earlier ones',
    async run({ open }) {
      const store = await open()
      await decided(store, { events: ['m1', 'm2', 'm3'].map((id) => messagePosted(id, 'impl')) })
      assert.equal((await store.read((reader) => reader.get('agent', 'impl')))?.queued, 3)
    },
  },
  {
    name: 'operational rows of a decision are committed with its events, or not at all',
    async run({ open }) {
      const store = await open()
      const line = { turn: 't1', n: 1, at: 5, kind: 'text', body: 'hi' } as const
      await decided(store, { events: [contextPut('a', '1')], rows: [{ table: 'transcript', put: line }] })
      const breaking = decided(store, {
        events: [{ type: 'schedule.cancelled', data: { agent: 'impl' } }],
        rows: [{ table: 'transcript', put: { ...line, n: 2 } }],
      })
      await assert.rejects(breaking, /breaks on purpose/u)
      assert.deepEqual(await store.read((reader) => reader.list('transcript')), [line])
    },
  },
  {
    name: 'the rows equal what the log replays to',
    async run({ open, clock }) {
      const store = await open()
      for (let step = 0; step < 60; step++) {
        clock.advance(1).catch(() => {})
        const key = `k${step % 7}`
        await decided(store, {
          events: [contextPut(key, `v${step}`, step), messagePosted(`m${step}`, `agent${step % 3}`)],
        })
        if (step % 5 === 0)
          await decided(store, { events: [{ type: 'context.removed', data: { key, version: step } }] })
        if (step % 3 === 0) await increment(store, `agent:${step % 4}`)
      }
      assert.deepEqual(await projectedRows(store), replay(await store.events({}), smallProjection))
    },
  },
  {
    name: 'closing waits for what was asked before, and refuses what comes later',
    async run({ open }) {
      const store = await open()
      const asked = Array.from({ length: 300 }, () => increment(store, 'global'))
      const read = store.read((reader) => reader.list('ledger'))
      const closing = store.close()
      const late = [
        increment(store, 'global'),
        store.read(async () => 1),
        store.write([]),
        store.events({}),
        store.lastSeq(),
      ]
      const results = await Promise.allSettled(late)
      await closing
      assert.ok((await Promise.all(asked)).every(({ ok }) => ok))
      assert.ok((await read).length <= 1)
      for (const result of results)
        assert.ok(result.status === 'rejected' && isAtelierError(result.reason, 'closed'))
      assert.throws(
        () => store.onCommit(() => {}),
        (error) => isAtelierError(error, 'closed'),
      )
      await store.close()
    },
  },
]
