import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { contextPut, decided } from '../../src/testing/store-cases/case.ts'
import { startWriter } from './children/child.ts'
import { openStore, temporaryFolder } from './sqlite-file.ts'

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

describe('a file that is not a database of Atelier is named, kept, and a way on is offered', () => {
  async function expectKept(path: string, reason: RegExp): Promise<void> {
    const before = readFileSync(path)
    const opening = openStore(path)
    await expect(opening).rejects.toMatchObject({ code: 'store_corrupt', details: { path } })
    await expect(opening).rejects.toThrow(reason)
    await expect(opening).rejects.toThrow(/kept as it is.*another state folder/u)
    expect(readFileSync(path).equals(before)).toBe(true)
  }

  test('a text', async () => {
    const path = join(temporaryFolder(), 'atelier.db')
    writeFileSync(path, 'This is not a database, however long it is. '.repeat(500))
    await expectKept(path, /not a database/u)
  })

  test('a database with a damaged header page', async () => {
    const path = join(temporaryFolder(), 'atelier.db')
    await (await openStore(path)).close()
    const bytes = readFileSync(path)
    bytes.fill(0xff, 100, 4096)
    writeFileSync(path, bytes)
    await expectKept(path, /malformed|damaged/u)
  })

  test('a database that was cut short', async () => {
    const path = join(temporaryFolder(), 'atelier.db')
    await (await openStore(path)).close()
    writeFileSync(path, readFileSync(path).subarray(0, 5000))
    await expectKept(path, /malformed|damaged/u)
  })

  test('a database of another program', async () => {
    const path = join(temporaryFolder(), 'atelier.db')
    const other = new DatabaseSync(path)
    other.exec('CREATE TABLE song (name TEXT)')
    other.close()
    await expectKept(path, /not one of Atelier/u)
  })
})

test('damage that shows later fails the command that meets it, and no other', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const store = await openStore(path)
  await decided(store, { events: [contextPut('a', 'x'.repeat(3000))] })
  await store.close()
  const database = new DatabaseSync(path)
  const [{ rootpage }] = database
    .prepare(`SELECT rootpage FROM sqlite_master WHERE name = 'context'`)
    .all() as [{ rootpage: number }]
  database.close()
  const bytes = readFileSync(path)
  bytes.fill(0xff, (rootpage - 1) * 4096, rootpage * 4096)
  writeFileSync(path, bytes)

  const damaged = await openStore(path)

  await expect(damaged.read((reader) => reader.list('context'))).rejects.toMatchObject({
    code: 'store_corrupt',
  })
  await expect(decided(damaged, { events: [contextPut('b', '1')] })).rejects.toMatchObject({
    code: 'store_corrupt',
  })
  await damaged.write([{ table: 'transcript', put: { turn: 't', n: 1, at: 1, kind: 'text', body: 'x' } }])
  expect(await damaged.lastSeq()).toBe(1)
})

describe('a place that cannot be written is named with what to do', () => {
  test('a folder that cannot be made', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    const path = join(file, 'state', 'atelier.db')
    const opening = openStore(path)
    await expect(opening).rejects.toMatchObject({ code: 'store_unwritable', details: { path } })
    await expect(opening).rejects.toThrow(/ENOTDIR.*write access|EEXIST.*write access/u)
  })

  test('a path that is a folder', async () => {
    await expect(openStore(temporaryFolder())).rejects.toMatchObject({ code: 'store_unwritable' })
  })

  test.skipIf(!isRoot)('a folder of somebody else (needs root to become somebody else)', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    const path = join(folder, 'atelier.db')
    const { code, errors } = await startWriter(path, ['put', 'a'], { uid: NOBODY }).ended
    expect(code).toBe(1)
    expect(errors).toContain('store_unwritable')
    expect(errors).toContain(path)
  })

  test.skipIf(!isRoot)('a file that may only be read (needs root to become somebody else)', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o777)
    const path = join(folder, 'atelier.db')
    await (await openStore(path)).close()
    chmodSync(path, 0o444)
    const { code, errors } = await startWriter(path, ['put', 'a'], { uid: NOBODY }).ended
    expect(code).toBe(1)
    expect(errors).toContain('store_unwritable')
  })
})

test('a lock that another process never gives back ends as store_busy, in the order of the calls', async () => {
  const path = join(temporaryFolder(), 'atelier.db')
  const store = await openStore(path, { lockDeadlineMs: 30 })
  const holder = new DatabaseSync(path)
  holder.exec('BEGIN IMMEDIATE')
  const order: number[] = []
  const calls = [1, 2, 3].map((call) =>
    decided(store, { events: [contextPut('a', '1')] }).catch((error: unknown) => {
      order.push(call)
      return error
    }),
  )
  for (const error of await Promise.all(calls))
    expect(error).toMatchObject({ code: 'store_busy', details: { path } })
  expect(order).toEqual([1, 2, 3])
  expect(await store.lastSeq()).toBe(0)
  holder.exec('ROLLBACK')
  holder.close()
  expect((await decided(store, { events: [contextPut('a', '1')] })).ok).toBe(true)
})

describe.skipIf(!canMount())('a full disk (needs root to mount a small one)', () => {
  function smallDisk(): string {
    const folder = mkdtempSync(join(tmpdir(), 'atelier-disk-'))
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
    onTestFinished(() => {
      execFileSync('/bin/umount', [folder])
      rmSync(folder, { recursive: true })
    })
    return folder
  }

  test('refuses a command, writes nothing of it, and takes the next one once there is room', async () => {
    const disk = smallDisk()
    const path = join(disk, 'atelier.db')
    const store = await openStore(path)
    await decided(store, { events: [contextPut('before', '1')] })
    const filler = join(disk, 'filler')
    fill(filler)

    const failing = decided(store, { events: [contextPut('big', 'x'.repeat(500_000))] })

    await expect(failing).rejects.toMatchObject({ code: 'disk_full', details: { path } })
    expect(await store.lastSeq()).toBe(1)
    rmSync(filler)
    expect((await decided(store, { events: [contextPut('after', '1')] })).ok).toBe(true)
    expect((await store.read((reader) => reader.list('context'))).map(({ key }) => key)).toEqual([
      'after',
      'before',
    ])
  })

  test('takes from a batch what fits', async () => {
    const store = await openStore(join(smallDisk(), 'atelier.db'))
    const calls = await Promise.allSettled([
      decided(store, { events: [contextPut('small', '1')] }),
      decided(store, { events: [contextPut('big', 'x'.repeat(2_000_000))] }),
      decided(store, { events: [contextPut('another', '1')] }),
    ])
    expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(calls[1]).toMatchObject({ reason: { code: 'disk_full' } })
    expect(await store.lastSeq()).toBe(2)
  })

  test('lets no store be made, and lets it be made once there is room', async () => {
    const disk = smallDisk()
    const filler = join(disk, 'filler')
    fill(filler)
    const path = join(disk, 'state', 'atelier.db')
    await expect(openStore(path)).rejects.toMatchObject({ code: 'disk_full', details: { path } })
    rmSync(filler)
    expect(await (await openStore(path)).lastSeq()).toBe(0)
  })
})

/** Writes until nothing more fits. */
function fill(path: string): void {
  for (let size = 4096; size > 0;) {
    try {
      writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch {
      size = Math.floor(size / 2)
    }
  }
}

function canMount(): boolean {
  if (!isRoot || process.platform !== 'linux') return false
  const folder = mkdtempSync(join(tmpdir(), 'atelier-disk-'))
  try {
    mkdirSync(folder, { recursive: true })
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('/bin/umount', [folder])
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}
