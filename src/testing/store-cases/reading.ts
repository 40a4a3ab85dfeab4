import assert from 'node:assert/strict'
import { isAtelierError } from '../../errors.ts'
import type { RowQuery, Store } from '../../store.ts'
import type { HostRow, MessageRow, TranscriptRow } from '../../tables.ts'
import { command, contextPut, decided, messagePosted, type StoreCase } from './case.ts'

async function postThree(store: Store): Promise<void> {
  await decided(store, { events: [messagePosted('m-b', 'impl'), messagePosted('m-a', 'reviewer')] })
  await decided(store, { events: [messagePosted('m-c', 'impl')] })
}

export const READING_CASES: readonly StoreCase[] = [
  {
    name: 'a row that was never written is undefined, and a table without rows is empty',
    async run({ open }) {
      const store = await open()
      const read = await store.read(async (reader) => [
        await reader.get('agent', 'nobody'),
        await reader.get('transcript', ['t', 1]),
        await reader.list('message'),
        await reader.blob('none'),
      ])
      assert.deepEqual(read, [undefined, undefined, [], undefined])
    },
  },
  {
    name: 'a list is in the order of the key unless another order is asked for',
    async run({ open }) {
      const store = await open()
      await postThree(store)
      const ids = (query?: RowQuery<MessageRow>): Promise<string[]> =>
        store.read(async (reader) => (await reader.list('message', query)).map(({ id }) => id))
      assert.deepEqual(await ids(), ['m-a', 'm-b', 'm-c'])
      assert.deepEqual(await ids({ direction: 'desc' }), ['m-c', 'm-b', 'm-a'])
      assert.deepEqual(await ids({ orderBy: 'position' }), ['m-b', 'm-a', 'm-c'])
      assert.deepEqual(await ids({ orderBy: 'position', direction: 'desc', limit: 2 }), ['m-c', 'm-a'])
    },
  },
  {
    name: 'the values of a column are those of the rows of the same list, JSON and null included',
    async run({ open }) {
      const store = await open()
      await postThree(store)
      const read = await store.read(async (reader) => ({
        ids: await reader.values('message', 'id', { orderBy: 'position', direction: 'desc', limit: 2 }),
        all: await reader.values('message', 'agent'),
        prompts: await reader.values('message', 'prompt', { where: { agent: 'reviewer' } }),
        turns: await reader.values('message', 'turn', { where: { agent: 'reviewer' } }),
      }))
      const row = await store.read((reader) => reader.get('message', 'm-a'))
      assert.deepEqual(read, {
        ids: ['m-c', 'm-a'],
        all: ['reviewer', 'impl', 'impl'],
        prompts: [row?.prompt],
        turns: [null],
      })
    },
  },
  {
    name: 'the values of a column that a transaction loads are those of its own list',
    async run({ open }) {
      const store = await open()
      await postThree(store)
      const { loaded } = await store.transact(
        command({
          load: (reader) => reader.values('message', 'id', { where: { agent: 'impl' } }),
          decide: () => ({ events: [] }),
        }),
      )
      assert.deepEqual(loaded, ['m-b', 'm-c'])
    },
  },
  {
    name: 'a list goes on after a value in the direction of its order',
    async run({ open }) {
      const store = await open()
      await postThree(store)
      const page = await store.read(async (reader) => ({
        up: await reader.list('message', { orderBy: 'position', after: 1, limit: 1 }),
        down: await reader.list('message', { orderBy: 'position', after: 3, direction: 'desc' }),
        byKey: await reader.list('message', { after: 'm-a' }),
      }))
      assert.deepEqual(
        [page.up, page.down, page.byKey].map((rows) => rows.map(({ id }) => id)),
        [['m-a'], ['m-a', 'm-b'], ['m-b', 'm-c']],
      )
    },
  },
  {
    name: 'a list holds the rows that are equal in every column of where, null included',
    async run({ open }) {
      const store = await open()
      await postThree(store)
      const found = await store.read(async (reader) => ({
        both: await reader.list('message', { where: { agent: 'impl', state: 'queued' } }),
        nulls: await reader.list('message', { where: { turn: null, agent: 'reviewer' } }),
        none: await reader.list('message', { where: { group: 'g' } }),
        ready: await reader.list('agent', { where: { ready: 1 } }),
        idle: await reader.list('agent', { where: { ready: 0 } }),
      }))
      assert.deepEqual(
        [found.both, found.nulls, found.none].map((rows) => rows.map(({ id }) => id)),
        [['m-b', 'm-c'], ['m-a'], []],
      )
      assert.deepEqual([found.ready.length, found.idle.length], [2, 0])
      const byJson = store.read((reader) => reader.list('message', { where: { prompt: 'hello' } }))
      await assert.rejects(byJson, (error) => isAtelierError(error, 'invalid_input'))
    },
  },
  {
    name: 'operational rows are put, replaced and removed directly, by a key of several columns too',
    async run({ open }) {
      const store = await open()
      const line = (n: number, body: string): TranscriptRow => ({ turn: 't1', n, at: 1, kind: 'text', body })
      await store.write([1, 2, 10].map((n) => ({ table: 'transcript', put: line(n, `line ${n}`) })))
      await store.write([
        { table: 'transcript', put: line(2, 'changed') },
        { table: 'transcript', remove: ['t1', 1] },
      ])
      const read = await store.read(async (reader) => ({
        all: await reader.list('transcript', { where: { turn: 't1' } }),
        one: await reader.get('transcript', ['t1', 10]),
      }))
      assert.deepEqual(read, { all: [line(2, 'changed'), line(10, 'line 10')], one: line(10, 'line 10') })
      assert.equal(await store.lastSeq(), 0)
    },
  },
  {
    name: 'a text is kept once under its hash, by a command or by a direct write',
    async run({ open }) {
      const store = await open()
      const withBlob = command({
        blobs: [{ hash: 'h1', body: 'long text' }],
        load: async () => undefined,
        decide: () => ({ events: [contextPut('a', '1')] }),
      })
      await store.transact(withBlob)
      await store.transact(withBlob)
      await store.write([], [{ hash: 'h2', body: 'other' }])
      const texts = await store.read(async (reader) => [await reader.blob('h1'), await reader.blob('h2')])
      assert.deepEqual(texts, ['long text', 'other'])
      const seen = await store.transact(
        command({ load: (reader) => reader.blob('h1'), decide: () => ({ events: [] }) }),
      )
      assert.equal(seen.loaded, 'long text')
    },
  },
  {
    name: 'texts of every script and of megabytes come back as they were',
    async run({ open }) {
      const store = await open()
      const texts = ['', '👩‍👩‍👧 zażółć 漢字 \u{10ffff}', `'"\\ $1 ?1 :a @b\r\n\t\u0001`, '€'.repeat(2_000_000)]
      for (const [index, text] of texts.entries()) {
        await decided(store, { events: [contextPut(`k${index}`, text)] })
        await store.write([], [{ hash: `h${index}`, body: text }])
      }
      const read = await store.read(async (reader) => ({
        rows: (await reader.list('context')).map(({ value }) => value),
        blobs: await Promise.all(texts.map((_, index) => reader.blob(`h${index}`))),
      }))
      // deepEqual would print the megabytes if they differ.
      assert.ok(read.rows.every((value, index) => value === texts[index]))
      assert.ok(read.blobs.every((body, index) => body === texts[index]))
    },
  },
  {
    name: 'numbers, nulls and JSON come back as they were',
    async run({ open }) {
      const store = await open()
      const host: HostRow = {
        id: 'h1',
        kind: 'library',
        state: 'running',
        machine: 'm',
        pid: -1,
        pidStart: '0123',
        backends: ['scripted', 'com"mand', ''],
        startedAt: 0,
        expiresAt: Number.MAX_SAFE_INTEGER,
        idleExitMs: null,
      }
      const bodies = [null, true, 0, -1.5, 1e300, '', [], {}, { a: [{ b: null }], 'ü"': '\u2028' }] as const
      await store.write([
        { table: 'host', put: host },
        ...bodies.map(
          (body, n) => ({ table: 'transcript', put: { turn: 't', n, at: 1, kind: 'raw', body } }) as const,
        ),
      ])
      const read = await store.read(async (reader) => ({
        host: await reader.get('host', 'h1'),
        bodies: (await reader.list('transcript')).map(({ body }) => body),
      }))
      assert.deepEqual(read, { host, bodies })
    },
  },
  {
    name: 'texts are ordered by code point',
    async run({ open }) {
      const store = await open()
      const keys = ['Z', 'a', 'é', '\uffee', '\u{1f600}']
      await decided(store, { events: keys.toReversed().map((key) => contextPut(key, '1')) })
      const read = await store.read(async (reader) => ({
        all: await reader.list('context'),
        after: await reader.list('context', { after: '\uffee' }),
      }))
      assert.deepEqual(
        [read.all, read.after].map((rows) => rows.map(({ key }) => key)),
        [keys, ['\u{1f600}']],
      )
    },
  },
  {
    name: 'a read sees one state from beginning to end',
    async run({ open }) {
      const store = await open()
      await decided(store, { events: [contextPut('a', 'old'), contextPut('b', 'old')] })
      let change: Promise<unknown> | undefined
      const values = await store.read(async (reader) => {
        const first = await reader.get('context', 'a')
        change = decided(store, { events: [contextPut('a', 'new'), contextPut('b', 'new')] })
        for (let reads = 0; reads < 100; reads++) await reader.get('context', 'a')
        return [first?.value, (await reader.get('context', 'b'))?.value]
      })
      await change
      assert.deepEqual(values, ['old', 'old'])
      assert.equal((await store.read((reader) => reader.get('context', 'b')))?.value, 'new')
    },
  },
  {
    name: 'a read sees one state while another store at the same place commits',
    async run({ open }) {
      const [store, other] = [await open(), await open()]
      await decided(store, { events: [contextPut('a', 'old'), contextPut('b', 'old')] })
      const values = await store.read(async (reader) => {
        const first = await reader.get('context', 'a')
        await decided(other, { events: [contextPut('a', 'new'), contextPut('b', 'new')] })
        return [first?.value, (await reader.get('context', 'b'))?.value]
      })
      assert.deepEqual(values, ['old', 'old'])
      assert.equal((await store.read((reader) => reader.get('context', 'b')))?.value, 'new')
    },
  },
  {
    name: 'a command reads what earlier commands decided, before and after their commit',
    async run({ open }) {
      const store = await open()
      const writing = decided(store, { events: [messagePosted('m1', 'impl'), contextPut('a', '1')] })
      const reading = store.transact(
        command({
          load: async (reader) => ({
            listed: await reader.list('message', { where: { agent: 'impl' } }),
            got: await reader.get('context', 'a'),
          }),
          decide: () => ({ events: [] }),
        }),
      )
      await writing
      const { loaded } = await reading
      assert.equal(loaded.listed.length, 1)
      assert.equal(loaded.got?.value, '1')
    },
  },
]
