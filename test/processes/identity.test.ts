import { readFileSync } from 'node:fs'

import { expect, test, vi } from 'vitest'

import { isAlive, ownIdentity, parseStat, readStat } from '../../src/processes/identity.ts'
import { lineOf, startScript, until, usePlace } from './support.ts'

const place = usePlace()

test('this process is alive under its own identity, and its identity does not change', () => {
  const identity = ownIdentity()
  expect(identity.pid).toBe(process.pid)
  expect(identity.machine).toMatch(/^[0-9a-f-]{36}\/pid:\[\d+\]$/u)
  expect(isAlive(identity.pid, identity.pidStart)).toBe(true)
  expect(ownIdentity()).toBe(identity)
})

test('a pid with another start time is another process', () => {
  const { pid, pidStart } = ownIdentity()
  expect(isAlive(pid, String(Number(pidStart) + 1))).toBe(false)
})

test('a process that has ended is not alive', async () => {
  const child = await startScript(place, 'echo up; exec sleep 60')
  await lineOf(child.stdout[Symbol.asyncIterator](), 'up')
  const { start = '' } = readStat(child.pid) ?? {}
  expect(isAlive(child.pid, start)).toBe(true)
  await child.stop()
  expect(isAlive(child.pid, start)).toBe(false)
})

test('a process that ended and was not reaped is not alive', async () => {
  // `sleep` takes the place of the shell and never reaps the child that it got with it.
  const child = await startScript(place, 'sleep 0.01 & echo $!; exec sleep 60')
  const pid = Number(String((await child.stdout[Symbol.asyncIterator]().next()).value))
  const { start = '' } = readStat(pid) ?? {}
  await until('it is a zombie', () => readStat(pid)?.state === 'Z')
  expect(isAlive(pid, start)).toBe(false)
  await child.stop()
})

test('another user’s process is alive while its start time is the same', () => {
  const { start = '' } = readStat(1) ?? {}
  expect(isAlive(1, start)).toBe(true)
  expect(isAlive(1, `${start}0`)).toBe(false)
})

test('a process that cannot be looked at counts as alive', () => {
  const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' })
  })
  // No process has this number, so there is nothing in /proc, as for another user's under `hidepid`.
  expect(isAlive(2 ** 30, '1')).toBe(true)
  kill.mockRestore()
  expect(isAlive(2 ** 30, '1')).toBe(false)
})

test('the name of a process may hold blanks and parentheses', () => {
  const rest = Array.from({ length: 48 }, (_, index) => index + 5).join(' ')
  expect(parseStat(`12 (a) b (c) S 7 ${rest}`)).toEqual({
    state: 'S',
    parent: 7,
    group: 5,
    session: 6,
    start: '22',
  })
  expect(parseStat('')).toBeUndefined()
})

test('identity loads nothing but node:fs, since every command pays for it', () => {
  const source = readFileSync(new URL('../../src/processes/identity.ts', import.meta.url), 'utf8')
  expect([...source.matchAll(/from '([^']+)'/gu)].map(([, from]) => from)).toEqual(['node:fs'])
})
