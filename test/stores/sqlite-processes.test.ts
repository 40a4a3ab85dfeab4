import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectedRows, replay } from '../../src/testing/replay.ts'
import { contextPut, decided, increment } from '../../src/testing/store-cases/case.ts'
import { smallProjection } from '../../src/testing/store-projection.ts'
import { startWriter } from './children/child.ts'
import { openStore, temporaryFolder } from './sqlite-file.ts'

test.for(['context.change.before-commit', 'context.change.after-commit'] as const)(
  'a process killed at %s leaves a whole command or none',
  async (failpoint) => {
    const path = join(temporaryFolder(), 'atelier.db')
    const store = await openStore(path)
    await decided(store, { events: [contextPut('first', '1')] })

    const { signal } = await startWriter(path, ['put', 'second'], { failpoint }).ended

    expect(signal).toBe('SIGKILL')
    const written = failpoint.endsWith('after-commit') ? ['first', 'second'] : ['first']
    expect((await store.read((reader) => reader.list('context'))).map(({ key }) => key)).toEqual(written)
    expect(await store.lastSeq()).toBe(written.length)
    expect(await projectedRows(store)).toEqual(replay(await store.events({}), smallProjection))
  },
)

test.for(['transcript.write.before', 'transcript.write.after'] as const)(
  'a process killed at %s leaves the line or not',
  async (failpoint) => {
    const path = join(temporaryFolder(), 'atelier.db')
    const { signal } = await startWriter(path, ['line'], { failpoint }).ended
    expect(signal).toBe('SIGKILL')
    const store = await openStore(path)
    const lines = await store.read((reader) => reader.list('transcript'))
    expect(lines.length).toBe(failpoint.endsWith('after') ? 1 : 0)
  },
)

test('a process that is killed while it holds the lock gives it up with everything it wrote', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const store = await openStore(path)
  const holder = startWriter(path, ['hold'])
  await holder.printed('held')
  const waiting = decided(store, { events: [contextPut('after', '1')] })
  expect(await store.lastSeq()).toBe(0)

  holder.kill()

  expect((await waiting).ok).toBe(true)
  await holder.ended
  expect((await store.read((reader) => reader.list('context'))).map(({ key }) => key)).toEqual(['after'])
})

test('six processes that make the file at the same moment and write to it all succeed', async () => {
  const path = join(temporaryFolder(), 'new', 'folder', 'atelier.db')
  const writers = Array.from({ length: 6 }, () => startWriter(path, ['increment', '25']))
  const ended = await Promise.all(writers.map((writer) => writer.ended))
  expect(ended.map(({ code, errors }) => ({ code, errors }))).toEqual(
    ended.map(() => ({ code: 0, errors: '' })),
  )
  const store = await openStore(path)
  const row = await store.read((reader) => reader.get('ledger', 'global'))
  expect([row?.limitMicros, await store.lastSeq()]).toEqual([150, 150])
})

test('a listener hears of a commit of another process', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const store = await openStore(path)
  const told = new Promise((resolve) => {
    store.onCommit(resolve, { urgent: true })
  })
  const writer = startWriter(path, ['put', 'key'])
  expect(await told).toBe(undefined)
  await writer.ended
  expect(await store.lastSeq()).toBe(1)
})

test('what another process commits between two own commits is announced before them', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const [store, other] = [await openStore(path), await openStore(path)]
  const told: (readonly number[] | undefined)[] = []
  store.onCommit((events) => told.push(events?.map(({ seq }) => seq)))
  await increment(store, 'global')
  await increment(other, 'global')
  await increment(store, 'global')
  await increment(store, 'global')
  expect(told).toEqual([[1], undefined, [4]])
})
