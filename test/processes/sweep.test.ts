import { expect, test } from 'vitest'

import { childEnvironment } from '../../src/processes/environment.ts'
import { parsePs, type ProcessEntry } from '../../src/processes/process-table.ts'
import { selectProcesses, sweep } from '../../src/processes/sweep.ts'
import { newId } from '../../src/ids.ts'
import { running, startScript, until, usePlace } from './support.ts'

const place = usePlace()

function entry(pid: number, fields: Partial<ProcessEntry> = {}): ProcessEntry {
  return { pid, parent: 1, group: pid, session: pid, start: '100', marked: false, ...fields }
}
const pids = (entries: readonly ProcessEntry[]): number[] => entries.map(({ pid }) => pid)

test('the processes of a turn are found by the marker, and only those', async () => {
  const other = newId('turn')
  const markers = { turn: `${place.turn}x` }
  const mine = await startScript(place, 'setsid sleep 60 & sleep 60 & wait')
  const same = await startScript(place, 'sleep 60', { env: childEnvironment({ markers }), markers })
  await until('mine run', async () => (await running(place.turn)).length === 3)
  expect(await sweep({ markers: { turn: other } })).toEqual({ killed: 0, left: 0 })
  expect(await sweep({ markers: { turn: place.turn } })).toEqual({ killed: 3, left: 0 })
  expect(await running(`${place.turn}x`)).toContain(same.pid)
  await mine.gone
  await same.stop()
})

test('the processes of a host are found by its marker', async () => {
  const host = newId('host')
  const markers = { turn: place.turn, host }
  const child = await startScript(place, 'sleep 60', { env: childEnvironment({ markers }), markers })
  expect(await sweep({ markers: { host: newId('host') } })).toEqual({ killed: 0, left: 0 })
  expect((await sweep({ markers: { host } })).killed).toBeGreaterThan(0)
  await child.gone
})

test('a marked process that passes itself off as a guard is ended all the same', async () => {
  const child = await startScript(place, 'ATELIER_GUARD=host_x setsid sleep 60 & sleep 60')
  await until('both run', async () => (await running(place.turn)).length === 3)
  expect(await sweep({ markers: { turn: place.turn } })).toEqual({ killed: 3, left: 0 })
  await child.gone
})

test('a process that forks while it is swept does not get away', async () => {
  const child = await startScript(place, 'f() { sleep 60 & f; }; (trap "" TERM; f) & echo up; wait')
  await until('it forks', async () => (await running(place.turn)).length > 3)
  await sweep({ markers: { turn: place.turn } })
  expect(await running(place.turn)).toEqual([])
  await child.gone
})

test('marked processes, the group and session of the leader, and all descendants are selected', () => {
  const table = [
    entry(10),
    entry(11, { group: 10 }),
    entry(12, { session: 10 }),
    entry(13, { parent: 12 }),
    entry(14, { parent: 13 }),
    entry(20, { marked: true }),
    entry(30),
    entry(31, { parent: 30 }),
  ]
  expect(pids(selectProcesses(table, { leader: { pid: 10, start: '100' } }))).toEqual([
    10, 11, 12, 13, 14, 20,
  ])
})

test('a group whose number was given to another process is not touched', () => {
  const table = [entry(10, { start: '999' }), entry(11, { group: 10 })]
  expect(selectProcesses(table, { leader: { pid: 10, start: '100' } })).toEqual([])
})

test('a descendant that was seen before is selected while it is the same process', () => {
  const seen = [entry(40), entry(41)]
  const table = [entry(40), entry(41, { start: '999' })]
  expect(pids(selectProcesses(table, { seen }))).toEqual([40])
})

test('a sweep never selects the process that sweeps', () => {
  const table = [entry(process.pid, { marked: true }), entry(50, { parent: process.pid })]
  expect(selectProcesses(table, {})).toEqual([])
})

test('the table of ps is read where there is no /proc', () => {
  const output = [
    '    1     0     1 Ss   Fri Nov 21 02:22:10 2026    ',
    '  421     1   421 S+   Fri Nov 21 03:00:00 2026',
    '  422   421   421 Z    Fri Nov 21 03:00:01 2026',
    '',
  ].join('\n')
  expect(parsePs(output)).toEqual([
    { pid: 1, parent: 0, group: 1, session: 0, start: 'Fri Nov 21 02:22:10 2026', marked: false },
    { pid: 421, parent: 1, group: 421, session: 0, start: 'Fri Nov 21 03:00:00 2026', marked: false },
  ])
})
