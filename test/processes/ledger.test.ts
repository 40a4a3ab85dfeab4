import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { beforeEach, describe, expect, test, vi } from 'vitest'

import { newId } from '../../src/ids.ts'
import { childEnvironment } from '../../src/processes/environment.ts'
import { endDeadHosts } from '../../src/processes/dead-hosts.ts'
import { ownIdentity } from '../../src/processes/identity.ts'
import { deadHosts, enterHost, ledgerFolder, strikeHost, type HostEntry } from '../../src/processes/ledger.ts'
import { systemClock } from '../../src/time/system-clock.ts'
import { running, startScript, until, usePlace } from './support.ts'

const place = usePlace()
const DAY_MS = 24 * 60 * 60 * 1000
const now = systemClock.now()

beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', place.dir)
  return () => vi.unstubAllEnvs()
})

/** Writes an entry as a host that is gone would have left it: of a pid that is used by another process now. */
function leave(fields: Partial<HostEntry> = {}): HostEntry {
  const host = newId('host')
  const entry = { host, ...ownIdentity(), pidStart: '1', dir: place.dir, since: now, ...fields }
  write(`${entry.host}.json`, JSON.stringify(entry))
  return entry
}

function write(name: string, text: string, ageMs = 0): void {
  const path = join(ledgerFolder(), name)
  mkdirSync(ledgerFolder(), { recursive: true })
  writeFileSync(path, text)
  utimesSync(path, (now - ageMs) / 1000, (now - ageMs) / 1000)
}

describe('the ledger of hosts', () => {
  test('is one folder for each user', () => {
    expect(ledgerFolder({ XDG_STATE_HOME: '/state', HOME: '/home/ada' })).toBe('/state/atelier/hosts')
    expect(ledgerFolder({ HOME: '/home/ada' })).toBe('/home/ada/.local/state/atelier/hosts')
    expect(ledgerFolder({ XDG_STATE_HOME: 'relative', HOME: '/home/ada' })).toBe(
      '/home/ada/.local/state/atelier/hosts',
    )
  })

  test('holds a host that lives, readable for its user only, until it is struck out', () => {
    const host = newId('host')
    enterHost(host, '/project', now)
    const file = join(ledgerFolder(), `${host}.json`)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      host,
      ...ownIdentity(),
      dir: '/project',
      since: now,
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(deadHosts(now)).toEqual([])
    strikeHost(host)
    strikeHost(host)
    expect(readdirSync(ledgerFolder())).toEqual([])
  })

  test('that is not there has nothing to say', () => {
    expect(deadHosts(now)).toEqual([])
  })

  test('tells a host from the process that has its pid now', () => {
    const entry = leave()
    expect(entry.pid).toBe(process.pid)
    expect(deadHosts(now)).toEqual([entry])
  })

  test('says nothing of another boot or pid namespace, and forgets it after 30 days', () => {
    leave({ machine: 'another/pid:[1]', since: now - 29 * DAY_MS })
    expect(deadHosts(now)).toEqual([])
    expect(readdirSync(ledgerFolder())).toHaveLength(1)
    expect(deadHosts(now + 2 * DAY_MS)).toEqual([])
    expect(readdirSync(ledgerFolder())).toEqual([])
  })

  test.each([
    ['half a file', '{"host":"host_'],
    ['another text', 'null'],
    ['an empty host', JSON.stringify({ ...ownIdentity(), pidStart: '1', host: '', dir: '/', since: 1 })],
    ['a path as its host', JSON.stringify({ ...ownIdentity(), host: '../x', dir: '/', since: 1 })],
    [
      'the entry of another file',
      JSON.stringify({ ...ownIdentity(), pidStart: '1', host: 'host_b', dir: '/', since: 1 }),
    ],
  ])('ignores %s, and removes it after a day', (_what, text) => {
    write('host_a.json', text, DAY_MS - 1000)
    expect(deadHosts(now)).toEqual([])
    expect(readdirSync(ledgerFolder())).toHaveLength(1)
    write('host_a.json', text, DAY_MS + 1000)
    expect(deadHosts(now)).toEqual([])
    expect(readdirSync(ledgerFolder())).toEqual([])
  })
})

describe('a sweep by the ledger', () => {
  test('ends what carries the marker of a dead host, and never the process that has its pid now', async () => {
    const { host } = leave()
    const markers = { turn: place.turn, host }
    // Marked in its environment only: `startChild` would guard the host that is meant to be dead.
    const child = await startScript(place, 'setsid sleep 60 & echo up; sleep 60', {
      env: childEnvironment({ markers }),
    })
    await until('both run', async () => (await running(place.turn)).length === 3)
    expect(await endDeadHosts()).toMatchObject([{ host, dir: place.dir, killed: 3 }])
    expect(await running(place.turn)).toEqual([])
    expect(readdirSync(ledgerFolder())).toEqual([])
    await child.gone
  })

  test('kills nothing of another machine', async () => {
    const { host } = leave({ machine: 'another/pid:[1]' })
    const markers = { turn: place.turn, host }
    const child = await startScript(place, 'sleep 60', { env: childEnvironment({ markers }) })
    expect(await endDeadHosts()).toEqual([])
    expect(await running(place.turn)).toContain(child.pid)
    await child.stop()
  })
})
