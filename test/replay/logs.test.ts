import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bringUp, EVENT_VERSIONS, type AtelierEvent, type EventType } from '../../src/events.ts'
import { projection } from '../../src/projection.ts'
import { replay, type ProjectedRows } from '../../src/testing/replay.ts'
import { TABLES } from '../../src/table-specs.ts'
import { everyEvent } from './every-event.ts'

const LOGS = new URL('../fixtures/logs/', import.meta.url)

const RELEASES = readdirSync(LOGS)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length))
  .toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1)))

/** The events as a store reads them: older ones in the form of today. */
function readLog(release: string): AtelierEvent[] {
  const lines = readFileSync(new URL(`${release}.jsonl`, LOGS), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => {
    const event = JSON.parse(line) as AtelierEvent
    return { ...event, data: bringUp(event.type, event.version, event.data) } as AtelierEvent
  })
}

function readRows(release: string): ProjectedRows {
  return JSON.parse(readFileSync(new URL(`${release}.rows.json`, LOGS), 'utf8')) as ProjectedRows
}

/** Each type with the version in which it occurs. */
function versionsIn(log: readonly AtelierEvent[]): Record<string, number> {
  const versions = Object.fromEntries(log.map(({ type, version }) => [type, version]))
  return Object.fromEntries(
    Object.keys(EVENT_VERSIONS).map((type) => [type, versions[type as EventType] ?? 0]),
  )
}

describe.each(RELEASES)('the log of release %s', (release) => {
  it('still replays to the rows that it had then', () => {
    expect(replay(readLog(release), projection)).toStrictEqual(readRows(release))
  })

  it('is in order of commit', () => {
    const sequence = readLog(release).map(({ seq }) => seq)
    expect(sequence).toEqual(sequence.toSorted((a, b) => a - b))
    expect(new Set(sequence).size).toBe(sequence.length)
  })
})

it('the log of the newest release has every type of event as it is written today', () => {
  // Red after an event was changed: write the log of the next release with `node test/replay/every-event.ts N`.
  expect(versionsIn(readLog(RELEASES.at(-1) as string))).toEqual(EVENT_VERSIONS)
})

it('the day that logs are written from has every type of event, and a row in every projected table', () => {
  const team = everyEvent()
  const projected = Object.entries(TABLES).filter(([, { kind }]) => kind === 'projected')
  expect(versionsIn(team.log)).toEqual(EVENT_VERSIONS)
  expect(Object.keys(team.rows()).toSorted()).toEqual(projected.map(([table]) => table).toSorted())
})
