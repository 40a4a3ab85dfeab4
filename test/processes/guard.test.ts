/** A host that dies leaves nothing, though nobody starts it again. Seen from outside: by /proc, not by our own table. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { afterEach, describe, expect, test } from 'vitest'

import { newId } from '../../src/ids.ts'
import { sweep } from '../../src/processes/sweep.ts'
import { isRunning, processesWith } from '../cli/processes.ts'
import { MAIN } from '../cli/support.ts'
import { until, usePlace } from './support.ts'

const place = usePlace()
const FIXTURE = new URL('fixtures/guarded-host.ts', import.meta.url).pathname
/** What one `start` of the fixture leaves running. */
const STARTED = 7

const started: { readonly child: ChildProcess; readonly host: string }[] = []
afterEach(async () => {
  for (const { child, host } of started.splice(0)) {
    child.kill('SIGKILL')
    for (const pid of guardsOf(host)) process.kill(pid, 'SIGKILL')
    await sweep({ markers: { host } })
  }
})

interface TestHost {
  readonly id: string
  readonly child: ChildProcess
  readonly stderr: () => string
  /** Does what the fixture calls so, and waits until it is done. */
  act(what: 'start' | 'run' | 'release' | 'storm'): Promise<void>
  kill(): Promise<void>
}

/** Lets it start a child, and waits for the background processes of all children: a shell has more for a moment. */
async function startIn(host: TestHost, children = 1): Promise<void> {
  await host.act('start')
  await until('they run', () => orphansOf(host.id).length === children * STARTED)
}

function startHost(env: NodeJS.ProcessEnv = {}): TestHost {
  const id = newId('host')
  const child = spawn(process.execPath, [FIXTURE, id], {
    env: { ...process.env, XDG_STATE_HOME: place.dir, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  started.push({ child, host: id })
  let err = ''
  child.stderr.on('data', (piece: Buffer) => (err += String(piece)))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    id,
    child,
    stderr: () => err,
    async act(what) {
      child.stdin.write(`${what}\n`)
      const done = await lines.next()
      if (done.value !== what) throw new Error(`The host did not ${what}: ${err}`)
    },
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function orphansOf(host: string): number[] {
  return processesWith(`ATELIER_HOST=${host}`)
}

function guardsOf(host: string): number[] {
  return processesWith(`ATELIER_GUARD=${host}`)
}

function entries(): string[] {
  const folder = join(place.dir, 'atelier', 'hosts')
  return existsSync(folder) ? readdirSync(folder) : []
}

/** Runs a verb in a folder that has nothing to do with the host. */
async function atelier(
  ...words: string[]
): Promise<{ readonly status: number | null; readonly err: string }> {
  const dir = join(place.dir, 'elsewhere')
  mkdirSync(dir, { recursive: true })
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: dir,
    env: { ...process.env, XDG_STATE_HOME: place.dir },
  })
  let err = ''
  child.stderr.on('data', (piece: Buffer) => (err += String(piece)))
  child.stdout.resume()
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, err }
}

describe('a host that is killed', () => {
  test('leaves no process, no guard and no entry, though nobody starts it again', async () => {
    const host = startHost()
    await startIn(host)
    await startIn(host, 2)
    expect(orphansOf(host.id)).toHaveLength(2 * STARTED)
    expect(guardsOf(host.id)).toHaveLength(1)
    expect(entries()).toEqual([`${host.id}.json`])
    await host.kill()
    await until('nothing is left', () => orphansOf(host.id).length === 0)
    await until('the guard has ended', () => guardsOf(host.id).length === 0)
    expect(entries()).toEqual([])
  })

  test('while it starts one child after the other leaves none of them', async () => {
    for (let round = 0; round < 5; round++) {
      const host = startHost()
      await host.act('storm')
      await until('it starts children', () => orphansOf(host.id).length > 5 * round)
      await host.kill()
      await until('the guard has ended', () => guardsOf(host.id).length === 0)
      expect(orphansOf(host.id)).toEqual([])
    }
  })

  test('with its whole process group, as by a terminal that goes away, leaves nothing', async () => {
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGKILL'] as const) {
      const host = startHost()
      await startIn(host)
      process.kill(-(host.child.pid as number), signal)
      await once(host.child, 'exit')
      await until('the guard has ended', () => guardsOf(host.id).length === 0)
      expect(orphansOf(host.id)).toEqual([])
    }
  })

  test('after its guard is swept for by any command, in any folder', async () => {
    const host = startHost()
    await startIn(host)
    await killGuard(host.id)
    await host.kill()
    expect(orphansOf(host.id)).toHaveLength(STARTED)
    const { status, err } = await atelier('status')
    expect(status).toBe(0)
    expect(err).toContain(`Ended ${STARTED} processes`)
    expect(orphansOf(host.id)).toEqual([])
    expect(entries()).toEqual([])
  })

  test('is swept for by several commands at once, and each of them ends well', async () => {
    const host = startHost()
    await startIn(host)
    await killGuard(host.id)
    await host.kill()
    const ended = await Promise.all([atelier('status'), atelier('agents'), atelier('status', '--json')])
    expect(ended.map(({ status }) => status)).toEqual([0, 0, 0])
    expect(orphansOf(host.id)).toEqual([])
    expect(entries()).toEqual([])
  })
})

describe('a guard', () => {
  test('is not there for a host that started nothing, and goes when its host ends in order', async () => {
    const host = startHost()
    await host.act('release')
    expect([guardsOf(host.id), entries()]).toEqual([[], []])
    await startIn(host)
    expect(guardsOf(host.id)).toHaveLength(1)
    await host.act('release')
    expect([orphansOf(host.id), guardsOf(host.id), entries()]).toEqual([[], [], []])
  })

  test('does not keep its host alive, nor its output open', async () => {
    const host = startHost()
    await host.act('run')
    expect(guardsOf(host.id)).toHaveLength(1)
    const closed = once(host.child, 'close')
    host.child.stdin?.end()
    expect(await closed).toEqual([0, null])
    await until('the guard has ended', () => guardsOf(host.id).length === 0)
    expect(entries()).toEqual([])
  })

  test('that was killed is replaced when the next child starts, and is no zombie', async () => {
    const host = startHost()
    await startIn(host)
    const [first = 0] = guardsOf(host.id)
    await killGuard(host.id)
    await startIn(host, 2)
    const [second = 0] = guardsOf(host.id)
    expect(second).not.toBe(first)
    expect(existsSync(`/proc/${first}`)).toBe(false)
    await host.kill()
    await until('the guard has ended', () => guardsOf(host.id).length === 0)
    expect(orphansOf(host.id)).toEqual([])
  })

  test('outlives the sweep that ends its host, when that host is the tool of an agent', async () => {
    const outer = newId('host')
    const inner = startHost({ ATELIER_HOST: outer })
    await startIn(inner)
    expect(await sweep({ markers: { host: outer } })).toMatchObject({ left: 0 })
    await until('the guard has ended', () => guardsOf(inner.id).length === 0)
    expect(orphansOf(inner.id)).toEqual([])
  })

  test('is small, and carries no marker by which it would be swept', async () => {
    const host = startHost({ ATELIER_TURN: place.turn })
    await startIn(host)
    const [guard = 0] = guardsOf(host.id)
    const environment = readFileSync(`/proc/${guard}/environ`, 'utf8')
    expect(environment).not.toMatch(/ATELIER_(?:HOST|TURN)=/u)
    expect(Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${guard}/status`, 'utf8'))?.[1])).toBeLessThan(
      4096,
    )
    await host.kill()
    await until('the guard has ended', () => !isRunning(guard))
  })

  test('that cannot be entered in the ledger is told of, once, and the work goes on', async () => {
    const file = join(place.dir, 'file')
    writeFileSync(file, '')
    chmodSync(file, 0o400)
    const host = startHost({ XDG_STATE_HOME: file })
    await startIn(host)
    await startIn(host, 2)
    expect(host.stderr().match(/ATELIER_UNGUARDED/gu)).toHaveLength(1)
    await host.kill()
    await until('the guard has ended', () => guardsOf(host.id).length === 0)
    expect(orphansOf(host.id)).toEqual([])
  })
})

async function killGuard(host: string): Promise<void> {
  const guards = guardsOf(host)
  expect(guards).toHaveLength(1)
  for (const pid of guards) process.kill(pid, 'SIGKILL')
  await until('the guard is gone', () => guardsOf(host).length === 0)
}
