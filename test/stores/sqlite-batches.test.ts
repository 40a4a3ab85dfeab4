import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { sqlTable } from '../../src/stores/sql/table.ts'
import type { TableName } from '../../src/tables.ts'
import { contextPut, decided, increment, messagePosted } from '../../src/testing/store-cases/case.ts'
import { openStore, temporaryFolder } from './sqlite-file.ts'

function newPath(): string {
  return join(temporaryFolder(), 'atelier.db')
}

test('commands that wait share one commit, and a lone one has its own', async () => {
  const store = await openStore(newPath())
  const commits: number[] = []
  store.onCommit((events) => commits.push(events?.length ?? 0))
  await increment(store, 'global')
  await Promise.all(Array.from({ length: 20 }, () => increment(store, 'global')))
  await increment(store, 'global')
  expect(commits.reduce((sum, count) => sum + count, 0)).toBe(22)
  expect([commits[0], commits.at(-1)]).toEqual([1, 1])
  // One commit for the twenty; a machine that stands still in the middle may make it a few.
  expect(commits.length).toBeLessThan(10)
})

test('a batch ends before it has held the lock for long', async () => {
  const store = await openStore(newPath())
  const commits: number[] = []
  store.onCommit((events) => commits.push(events?.length ?? 0))
  await Promise.all(Array.from({ length: 3000 }, () => increment(store, 'global', 10)))
  expect(commits.reduce((sum, count) => sum + count, 0)).toBe(3000)
  expect(commits.length).toBeGreaterThan(1)
})

test('when one command of a batch breaks, the others commit one by one and in order', async () => {
  const store = await openStore(newPath())
  const commits: number[][] = []
  store.onCommit((events) => commits.push(events?.map(({ seq }) => seq) ?? []))
  const calls = await Promise.allSettled([
    decided(store, { events: [contextPut('a', '1')] }),
    decided(store, { events: [contextPut('b', '1')] }),
    decided(store, { events: [contextPut('c', '1'), { type: 'schedule.cancelled', data: { agent: 'x' } }] }),
    decided(store, { events: [contextPut('d', '1')] }),
  ])
  expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(commits).toEqual([[1], [2], [3]])
  expect((await store.read((reader) => reader.list('context'))).map(({ key }) => key)).toEqual([
    'a',
    'b',
    'd',
  ])
})

test('a loop of awaited commands and reads leaves turns to the event loop', async () => {
  const store = await openStore(newPath())
  let turns = 0
  let looping = true
  const count = (): void => {
    turns++
    if (looping) setImmediate(count)
  }
  setImmediate(count)
  for (let call = 0; call < 1500; call++) await increment(store, 'global')
  const whileWriting = turns
  for (let call = 0; call < 10_000; call++) await store.lastSeq()
  looping = false
  expect(whileWriting).toBeGreaterThan(0)
  expect(turns - whileWriting).toBeGreaterThan(0)
})

test('a command that changes nothing in a row leaves the row alone', async () => {
  const path = newPath()
  const store = await openStore(path)
  await decided(store, { events: [messagePosted('m1', 'impl')] })
  const changes = sqlTable('agent').update({ name: 'impl', queued: 1 }, { name: 'impl', queued: 1 })
  expect(changes).toBe(undefined)
  const one = sqlTable('agent').update({ name: 'impl', queued: 1 }, { name: 'impl', queued: 2 })
  expect(one?.statement.text).toBe('UPDATE "agent" SET "queued" = $1 WHERE "name" = $2')
  expect(one?.values).toEqual([2, 'impl'])
})

test('the condition of a partial index stands in the text, so that the plan is made once', () => {
  const { statement, values } = sqlTable('turn').list({ where: { state: 'running', host: 'h' } })
  expect(statement.text).toContain(`WHERE "state" = 'running' AND "host" = $1`)
  expect(values).toEqual(['h'])
})

test.for<[string, TableName, object, string]>([
  ['ready agents', 'agent', { where: { ready: 1 } }, 'agent_ready'],
  ['running turns', 'turn', { where: { state: 'running' } }, 'turn_running'],
  ['running turns of a host', 'turn', { where: { state: 'running', host: 'h' } }, 'turn_running'],
  [
    'the next message of a mailbox',
    'message',
    { where: { agent: 'a', state: 'queued' }, orderBy: 'position', after: 1, limit: 1 },
    'message_mailbox (agent=? AND position>?)',
  ],
  [
    'the last messages of a mailbox',
    'message',
    { where: { agent: 'a' }, orderBy: 'position', direction: 'desc', limit: 5 },
    'message_mailbox (agent=?)',
  ],
  [
    'lines of a transcript',
    'transcript',
    { where: { turn: 't' }, orderBy: 'n', after: 3 },
    '(turn=? AND n>?)',
  ],
  ['due schedules', 'schedule', { orderBy: 'nextAt', limit: 1 }, 'schedule_due'],
])('%s are found by an index without sorting', async ([, table, query, index]) => {
  const path = newPath()
  const store = await openStore(path)
  await store.close()
  const { statement, values } = sqlTable(table).list(query)
  const database = new DatabaseSync(path)
  const plan = database
    .prepare(`EXPLAIN QUERY PLAN ${statement.text.replaceAll(/\$\d+/gu, '?')}`)
    .all(...values)
  database.close()
  const steps = plan.map((step) => String(step['detail'])).join('; ')
  expect(steps).toContain(index)
  expect(steps).not.toContain('TEMP B-TREE')
})
