import assert from 'node:assert/strict'
import { isAtelierError } from '../../errors.ts'
import type { NewEvent } from '../../events.ts'
import type { Store } from '../../store.ts'
import { projectedRows, replay } from '../replay.ts'
import { smallProjection } from '../store-projection.ts'
import { command, decided, type StoreCase } from './case.ts'

/** Rows of projected tables end, too. Items do, with their dependencies, whose key has two columns. */
export const REMOVAL_CASES: readonly StoreCase[] = [
  {
    name: 'a removed row is gone, as are the rows of a compound key that go with it',
    async run({ open }) {
      const store = await open()
      await decided(store, { events: [posted('a'), posted('b', ['a'])] })
      const edge = await store.read((reader) => reader.get('dependency', ['a', 'b']))
      assert.deepEqual(edge, { dependsOn: 'a', item: 'b' })
      await decided(store, { events: [removed('b', ['a'])] })
      assert.deepEqual(await idsOf(store), ['a'])
      assert.deepEqual(await edgesOf(store), [])
      assert.equal(await store.read((reader) => reader.get('item', 'b')), undefined)
      assert.equal(await store.read((reader) => reader.get('dependency', ['a', 'b'])), undefined)
    },
  },
  {
    name: 'a row that was loaded can be removed by the same command',
    async run({ open }) {
      const store = await open()
      await decided(store, { events: [posted('a'), posted('b', ['a'])] })
      await store.transact(
        command({
          load: async (reader) => ({
            items: await reader.list('item'),
            edge: await reader.get('dependency', ['a', 'b']),
          }),
          decide: ({ items }) => ({ events: items.map(({ id, dependsOn }) => removed(id, dependsOn)) }),
        }),
      )
      assert.deepEqual([await idsOf(store), await edgesOf(store)], [[], []])
    },
  },
  {
    name: 'a row that is removed and written again in one decision is the new one',
    async run({ open }) {
      const store = await open()
      await decided(store, { events: [posted('a'), posted('b'), posted('c'), posted('x', ['a', 'b'])] })
      await decided(store, { events: [removed('x', ['a', 'b']), posted('x', ['b', 'c'], 'again')] })
      const row = await store.read((reader) => reader.get('item', 'x'))
      assert.deepEqual([row?.title, row?.revision, row?.dependsOn], ['again', 1, ['b', 'c']])
      assert.deepEqual(await edgesOf(store), ['b x', 'c x'])
    },
  },
  {
    name: 'a row that is written and removed in one decision was never there',
    async run({ open }) {
      const store = await open()
      await decided(store, { events: [posted('a'), posted('x', ['a']), removed('x', ['a'])] })
      assert.deepEqual([await idsOf(store), await edgesOf(store)], [['a'], []])
      assert.equal((await store.events({})).length, 3)
    },
  },
  {
    name: 'a later event of one decision sees that a row is gone',
    async run({ open }) {
      const store = await open()
      await decided(store, { events: [posted('a')] })
      const late: NewEvent = { type: 'item.readied', data: { item: 'a' } }
      await assert.rejects(decided(store, { events: [removed('a'), late] }), (error) =>
        isAtelierError(error, 'store_corrupt'),
      )
      assert.deepEqual(await idsOf(store), ['a'])
    },
  },
  {
    name: 'a row with many columns changes in each of them by itself',
    async run({ open, clock }) {
      const store = await open()
      await decided(store, { events: [posted('a')] })
      for (const event of LIFE) {
        await clock.advance(1)
        await decided(store, { events: [event] })
        assert.deepEqual(await projectedRows(store), replay(await store.events({}), smallProjection))
      }
      const row = await store.read((reader) => reader.get('item', 'a'))
      assert.deepEqual([row?.state, row?.revision, row?.settledAt], ['failed', 8, clock.now()])
    },
  },
]

/** From ready to failed: what an item goes through changes nearly all of its columns. */
const LIFE: readonly NewEvent[] = [
  { type: 'item.readied', data: { item: 'a' } },
  { type: 'item.path_changed', data: { item: 'a', path: 9000 } },
  {
    type: 'item.claimed',
    data: { item: 'a', attempt: 'att_1', number: 1, owner: 'dev_1', host: null, slot: null, tree: null },
  },
  { type: 'item.started', data: { item: 'a', attempt: 'att_1' } },
  { type: 'item.progressed', data: { item: 'a', attempt: 'att_1', percent: 40, step: 'tests' } },
  {
    type: 'attempt.ended',
    data: {
      item: 'a',
      attempt: 'att_1',
      outcome: 'failed',
      error: { code: 'timeout', message: 'Too late.' },
    },
  },
  { type: 'item.failed', data: { item: 'a', error: { code: 'timeout', message: 'Too late.' } } },
]

function posted(item: string, dependsOn: readonly string[] = [], title = item): NewEvent {
  return {
    type: 'item.posted',
    data: {
      item,
      title,
      kind: 'code',
      priority: 3,
      value: 1,
      deadline: null,
      capability: null,
      definition: '{}',
      dependsOn,
      unmet: dependsOn.length,
      estimateMs: 1000,
      path: 1000,
      touches: [],
      change: item,
    },
  }
}

function removed(item: string, dependsOn: readonly string[] = []): NewEvent {
  return { type: 'item.removed', data: { item, dependsOn } }
}

function idsOf(store: Store): Promise<readonly string[]> {
  return store.read(async (reader) => (await reader.list('item')).map(({ id }) => id))
}

function edgesOf(store: Store): Promise<readonly string[]> {
  return store.read(async (reader) =>
    (await reader.list('dependency')).map(({ dependsOn, item }) => `${dependsOn} ${item}`),
  )
}
