/** What the tests of processes share: folders, turns of their own, and the proof that nothing is left. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect } from 'vitest'

import { startChild, type Child, type ChildOptions } from '../../src/processes/child.ts'
import { childEnvironment } from '../../src/processes/environment.ts'
import { listProcesses } from '../../src/processes/process-table.ts'
import { newId } from '../../src/ids.ts'
import { sleep } from '../../src/time/clock.ts'
import { systemClock } from '../../src/time/system-clock.ts'

const POLL_MS = 5
const DEADLINE_MS = 25_000

/** Waits until something outside of this process is so; what tells by itself is awaited instead. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isSo()); waited += POLL_MS) {
    if (waited > DEADLINE_MS) throw new Error(`It never came to be: ${what}`)
    await sleep(systemClock, POLL_MS)
  }
}

export interface Place {
  /** An empty folder, gone after the test. */
  readonly dir: string
  /** A turn id, by which all processes of the test are found. */
  readonly turn: string
}

/** Gives each test a place; after it, a process of its turn or an open handle of a child fails it. */
export function usePlace(): Place {
  const place = { dir: '', turn: '' }
  let handlesBefore = 0
  beforeEach(() => {
    place.dir = realpathSync(mkdtempSync(join(tmpdir(), 'atelier-test-')))
    place.turn = newId('turn')
    handlesBefore = handles()
  })
  afterEach(async () => {
    rmSync(place.dir, { recursive: true, force: true })
    expect(await running(place.turn), 'processes left behind').toEqual([])
    await until('the handles of children are closed', () => handles() <= handlesBefore)
  })
  return place
}

/** Pids of the processes that carry a turn's marker. */
export async function running(turn: string): Promise<number[]> {
  const table = await listProcesses({ turn })
  return table.filter(({ marked }) => marked).map(({ pid }) => pid)
}

/** Starts a shell script as a child of the place's turn. */
export async function startScript(
  place: Place,
  script: string,
  options: Partial<ChildOptions> = {},
): Promise<Child> {
  const markers = { turn: place.turn }
  const start = await startChild({
    file: '/bin/sh',
    args: ['-c', script],
    cwd: place.dir,
    env: childEnvironment({ markers }),
    markers,
    ...options,
  })
  if (!start.ok) throw new Error(start.failure.message)
  return start.child
}

/** All that is printed, as text. */
export async function textOf(output: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of output) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}

/** Reads on until a line equals `wanted`. */
export async function lineOf(pieces: AsyncIterator<Buffer, void>, wanted: string): Promise<void> {
  for (let seen = ''; !seen.split('\n').includes(wanted);) {
    const piece = await pieces.next()
    if (piece.done === true) throw new Error(`The output ended before ${wanted}: ${seen}`)
    seen += String(piece.value)
  }
}

function handles(): number {
  const kinds = new Set(['ProcessWrap', 'PipeWrap'])
  return process.getActiveResourcesInfo().filter((kind) => kinds.has(kind)).length
}
