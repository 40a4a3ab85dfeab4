import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { contextPut, decided } from '../../src/testing/store-cases/case.ts'
import { Line } from '../../src/stores/sqlite/line.ts'
import { startWriter } from './children/child.ts'
import { openStore, temporaryFolder } from './sqlite-file.ts'

/** Older than every other ticket, and its process is gone. */
const OLDEST = '00000000000001-proc_gone'

test('who waits is called in order of the tickets, and stands where it stood if it comes too late', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const line = new Line(path)
  expect(line.callNext()).toBe(false)
  const place = line.join()
  const [own = ''] = readdirSync(`${path}-line`)
  writeFileSync(join(`${path}-line`, OLDEST), '')

  expect(line.callNext()).toBe(true)
  expect(readdirSync(`${path}-line`)).toEqual([own])
  expect(line.callNext()).toBe(true)
  await place.called(1)
  expect(line.callNext()).toBe(false)

  const again = place.called(1)
  expect(readdirSync(`${path}-line`)).toEqual([own])
  line.callNext()
  await again
  place.leave()
  expect(readdirSync(`${path}-line`)).toEqual([])
})

test('who leaves takes its ticket along', () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const line = new Line(path)
  line.join().leave()
  expect(readdirSync(`${path}-line`)).toEqual([])
  expect(line.callNext()).toBe(false)
})

test('where no ticket can be put, who waits tries again by time', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  writeFileSync(`${path}-line`, '')
  const line = new Line(path)
  const place = line.join()
  await place.called(1)
  expect(line.callNext()).toBe(false)
  place.leave()
})

test('a folder that was taken away is not made again', () => {
  const folder = join(temporaryFolder(), 'state')
  mkdirSync(folder)
  const line = new Line(join(folder, 'atelier.db'))
  rmSync(folder, { recursive: true })
  line.join().leave()
  expect(existsSync(folder)).toBe(false)
})

test('a command gets its turn while another store never stops writing, whoever has died in line before it', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const [busy, other] = [await openStore(path), await openStore(path)]
  mkdirSync(`${path}-line`)
  writeFileSync(join(`${path}-line`, OLDEST), '')
  let isDone = false
  const writing = (async () => {
    for (let n = 0; !isDone; n++) await decided(busy, { events: [contextPut('busy', String(n))] })
  })()
  await decided(other, { events: [contextPut('other', '1')] })
  isDone = true
  await writing
  expect(await other.read((reader) => reader.values('context', 'key'))).toEqual(['busy', 'other'])
})

test('who waits behind a process that is killed goes on', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const store = await openStore(path)
  const holder = startWriter(path, ['hold'])
  await holder.printed('held')
  const waiting = [
    decided(store, { events: [contextPut('a', '1')] }),
    decided(await openStore(path), { events: [contextPut('b', '1')] }),
  ]
  holder.kill()
  await Promise.all(waiting)
  await holder.ended
  expect(await store.read((reader) => reader.values('context', 'key'))).toEqual(['a', 'b'])
})
