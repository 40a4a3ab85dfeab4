import assert from 'node:assert/strict'
import type { AtelierEvent } from '../../events.ts'
import type { Store } from '../../store.ts'
import {
  ALICE,
  contextPut,
  decided,
  increment,
  messagePosted,
  nextCommit,
  refusal,
  type StoreCase,
} from './case.ts'

function seqs(events: readonly AtelierEvent[]): number[] {
  return events.map(({ seq }) => seq)
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] as number))
}

/** Follows the log with a cursor, as a watcher in another process does. */
async function follow(store: Store, cursor: number): Promise<readonly AtelierEvent[]> {
  return store.events({ after: cursor })
}

export const LOG_CASES: readonly StoreCase[] = [
  {
    name: 'an event carries its number, the time of the store, who did it and its version',
    async run({ open, clock }) {
      const store = await open()
      await clock.advance(1234)
      const result = await decided(store, { events: [contextPut('a', '1')] })
      const stored = { seq: 1, at: clock.now(), ...ALICE, version: 1, ...contextPut('a', '1') }
      assert.deepEqual(result.ok && result.events, [stored])
      assert.deepEqual(await store.events({}), [stored])
    },
  },
  {
    name: 'the log is read beyond a number, from its end, by type and in pages',
    async run({ open }) {
      const store = await open()
      assert.deepEqual([await store.lastSeq(), await store.events({})], [0, []])
      for (let step = 1; step <= 5; step++) {
        await decided(store, { events: [contextPut('a', String(step)), messagePosted(`m${step}`, 'impl')] })
      }
      assert.equal(await store.lastSeq(), 10)
      assert.deepEqual(seqs(await store.events({ after: 7 })), [8, 9, 10])
      assert.deepEqual(seqs(await store.events({ after: 3, limit: 2 })), [4, 5])
      assert.deepEqual(seqs(await store.events({ last: 3 })), [8, 9, 10])
      assert.deepEqual(seqs(await store.events({ last: 3, after: 8 })), [9, 10])
      assert.deepEqual(seqs(await store.events({ types: ['message.posted'], last: 2 })), [8, 10])
      assert.deepEqual(
        seqs(await store.events({ types: ['message.posted', 'context.put'], limit: 3 })),
        [1, 2, 3],
      )
      assert.deepEqual(seqs(await store.events({ types: [] })), [])
      assert.deepEqual(seqs(await store.events({ after: 10 })), [])
    },
  },
  {
    name: 'a reader that follows the log misses nothing while a writer holds an event back',
    async run({ open, holdWriter }) {
      const [store, reader] = [await open(), await open()]
      await increment(store, 'global')
      const held = await holdWriter()
      const seen: number[] = []
      let cursor = 0
      const look = async (): Promise<void> => {
        const events = await follow(reader, cursor)
        seen.push(...seqs(events))
        cursor = seen.at(-1) ?? 0
      }
      // This one gets a higher number, if any: it must not become visible before the one held back.
      const later = increment(store, 'global')
      for (let looks = 0; looks < 20; looks++) await look()
      await held.commit()
      await later
      await look()
      assert.deepEqual(seen, seqs(await reader.events({})))
      assert.equal(seen.length, 3)
      assert.ok(isRising(seen))
    },
  },
  {
    name: 'readers that follow the log while two stores write see every event once and in order',
    async run({ open }) {
      const [store, other, reader] = [await open(), await open(), await open()]
      const seen: number[] = []
      let writing = true
      const following = (async () => {
        for (let last = false; !last;) {
          last = !writing
          seen.push(...seqs(await follow(reader, seen.at(-1) ?? 0)))
        }
      })()
      const calls = Array.from({ length: 60 }, (_, call) =>
        increment(call % 2 === 0 ? store : other, `scope${call % 5}`),
      )
      await Promise.all(calls)
      writing = false
      await following
      assert.equal(seen.length, 60)
      assert.ok(isRising(seen))
    },
  },
  {
    name: 'a listener is handed the events of each own commit in order, and of nothing else',
    async run({ open }) {
      const store = await open()
      const told: (readonly AtelierEvent[] | undefined)[] = []
      const stop = store.onCommit((events) => told.push(events))
      await Promise.all([
        decided(store, { events: [contextPut('a', '1'), contextPut('b', '1')] }),
        decided(store, { refused: refusal() }),
        decided(store, { events: [contextPut('c', '1')] }),
      ])
      await store.write([{ table: 'host', remove: 'nobody' }])
      await decided(store, { events: [] })
      await decided(store, { events: [contextPut('d', '1')] })
      stop()
      await decided(store, { events: [contextPut('e', '1')] })
      assert.deepEqual(seqs(told.flatMap((events) => events ?? [])), [1, 2, 3, 4])
      assert.ok(told.every((events) => events !== undefined && events.length > 0))
    },
  },
  {
    name: 'a listener is told before the command that committed is answered',
    async run({ open }) {
      const store = await open()
      const order: string[] = []
      store.onCommit(() => order.push('told'))
      await decided(store, { events: [contextPut('a', '1')] }).then(() => order.push('answered'))
      assert.deepEqual(order, ['told', 'answered'])
    },
  },
  {
    name: 'a listener hears that another store at the same place has committed',
    async run({ open }) {
      const [store, other] = [await open(), await open()]
      const told = nextCommit(store)
      await decided(other, { events: [contextPut('a', '1')] })
      assert.equal(await told, undefined)
      assert.deepEqual(seqs(await store.events({})), [1])
    },
  },
  {
    name: 'events that follow on those of another store are read, not handed over',
    async run({ open }) {
      const [store, other] = [await open(), await open()]
      const told: (readonly AtelierEvent[] | undefined)[] = []
      store.onCommit((events) => told.push(events))
      await decided(other, { events: [contextPut('a', '1')] })
      await decided(store, { events: [contextPut('b', '1')] })
      assert.equal(told[0], undefined)
      assert.ok(told.length > 0)
    },
  },
  {
    name: 'what was committed is there when the place is opened again',
    async run({ open }) {
      const first = await open()
      await decided(first, { events: [messagePosted('m1', 'impl')] })
      await first.write([], [{ hash: 'h', body: 'text' }])
      await first.close()
      const second = await open()
      assert.deepEqual(seqs(await second.events({})), [1])
      const read = await second.read(async (reader) => [
        (await reader.get('agent', 'impl'))?.queued,
        await reader.blob('h'),
      ])
      assert.deepEqual(read, [1, 'text'])
    },
  },
]
