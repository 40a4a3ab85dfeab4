/** The background host, as a process among processes. */
import { readFileSync, rmSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isRunning, processesWith } from './processes.ts'
import { containing, type Finished, project, run, start } from './support.ts'

const TEAM = {
  backend: 'scripted',
  scripted: {
    reply: '@AGENT@: @PROMPT@',
    costUsd: 0.25,
  },
  agents: { impl: { role: 'You write code.' }, reviewer: { role: 'You review code.' } },
}

/** Every turn is a process with children, in a session of their own. */
const PROCESSES = {
  backend: 'command',
  backendConfig: { command: 'cat > /dev/null; echo at work; sleep 600 & setsid sleep 600' },
  agents: { impl: { role: '' } },
}

function pidOf({ out }: Finished): number {
  return (JSON.parse(out) as { readonly pid: number }).pid
}

/** Resolves when a file of this name is made in the folder. */
async function appears(dir: string, name: string): Promise<void> {
  for await (const { filename } of watch(dir)) if (filename === name) return
}

describe('up and down', () => {
  it('start one host, adopt it, and leave nothing behind', async () => {
    const dir = project(TEAM)
    const first = await run(['up', '--json'], { dir })
    expect(JSON.parse(first.out)).toMatchObject({ started: true, log: join(dir, '.atelier/state/host.log') })
    expect(isRunning(pidOf(first))).toBe(true)
    const second = await run(['up', '--json'], { dir })
    expect(JSON.parse(second.out)).toMatchObject({ pid: pidOf(first), started: false })
    expect(await run(['up'], { dir })).toMatchObject({ out: `${pidOf(first)}\n` })

    const asked = await run(['ask', 'impl', 'hello'], { dir })
    expect(asked).toMatchObject({ status: 0, out: 'impl: hello\n' })
    const { out } = await run(['events', '--type', 'turn.started,host.started', '--json'], { dir })
    const events = JSON.parse(out) as { readonly type: string; readonly data: { readonly host: string } }[]
    expect(events.map(({ type }) => type)).toEqual(['host.started', 'turn.started'])
    expect(events[1]?.data.host).toBe(events[0]?.data.host)

    const down = await run(['down', '--json'], { dir })
    expect(JSON.parse(down.out)).toEqual({ ended: [{ pid: pidOf(first), how: 'drained' }], waiting: 0 })
    expect(processesWith(dir)).toEqual([])
    expect(await run(['down'], { dir })).toMatchObject({ status: 0, err: 'No background host is running.\n' })
  })

  it('end processes of turns with the host, and say what still waits', async () => {
    const dir = project(PROCESSES)
    await run(['cast', 'impl', 'work'], { dir })
    const watching = start(['watch', '--after', '0', '--json'], { dir })
    await watching.wrote('out', '"turn.started"')
    watching.child.kill('SIGINT')
    await watching.ended
    const down = await run(['down', '--now'], { dir })
    expect(down).toMatchObject({ status: 0, err: containing('running turns were interrupted') })
    expect(down.err).toContain('1 agent')
    expect(processesWith(dir)).toEqual([])
  })

  it('called at the same time come to one host', async () => {
    const dir = project(TEAM)
    const ups = await Promise.all([
      run(['up', '--json'], { dir }),
      run(['up', '--json'], { dir }),
      run(['up', '--json'], { dir }),
    ])
    expect(ups.map(({ status }) => status)).toEqual([0, 0, 0])
    const down = await run(['down', '--json'], { dir })
    expect((JSON.parse(down.out) as { readonly ended: unknown[] }).ended.length).toBeGreaterThan(0)
    expect(processesWith(dir)).toEqual([])
  })

  it('work where the configuration cannot be read any more', async () => {
    const dir = project(TEAM)
    await run(['up'], { dir })
    rmSync(join(dir, 'atelier.config.json'))
    expect(await run(['down'], { dir })).toMatchObject({
      status: 0,
      err: containing('Ended the background host'),
    })
  })
})

describe('cast', () => {
  it('starts a host that ends when it is idle, says so, and its work is done', async () => {
    const dir = project(TEAM)
    const cast = await run(['cast', 'impl', 'hello'], { dir })
    const [, pid] =
      /Started a background host \(pid (\d+)\); it ends when it has been idle for 30s/u.exec(cast.err) ?? []
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')).toEqual(
      expect.arrayContaining(['--idle-exit', '30s']),
    )
    expect(await run(['await', 'impl'], { dir })).toMatchObject({ status: 0, out: 'impl: hello\n' })
    const again = await run(['cast', 'reviewer', 'hello'], { dir })
    expect(again.err).not.toContain('Started')
    expect(await run(['await-all', '--json'], { dir })).toMatchObject({
      status: 0,
      out: containing('reviewer: hello'),
    })
  })

  it('is refused for an unknown agent without starting anything', async () => {
    const dir = project(TEAM)
    expect(await run(['cast', 'nobody', 'hello'], { dir })).toMatchObject({
      status: 1,
      err: containing('[not_found]'),
    })
    expect(processesWith(dir)).toEqual([])
  })
})

describe('a host with a limit of idleness', () => {
  it('ends by itself', async () => {
    const dir = project(TEAM)
    const host = start(['host', '--idle-exit', '100ms'], { dir })
    expect(await host.ended).toMatchObject({ status: 0, err: containing('has ended') })
    expect(await run(['ask', 'impl', 'hello'], { dir })).toMatchObject({ status: 0 })
  })
})

describe('a host that dies', () => {
  it('leaves its work to the command that waits for it', async () => {
    const command = 'if [ -e tried ]; then cat; else touch tried; cat > /dev/null; sleep 600; fi'
    const dir = project({ ...PROCESSES, backendConfig: { command } })
    const pid = pidOf(await run(['up', '--json'], { dir }))
    const tried = appears(dir, 'tried')
    const asking = start(['ask', 'impl', 'hello'], { dir })
    await tried
    process.kill(pid, 'SIGKILL')
    expect(await asking.ended).toMatchObject({ status: 0, out: containing('hello') })
    const history = await run(['history', 'impl', '--json'], { dir })
    expect(JSON.parse(history.out)).toMatchObject([{ state: 'answered', attempts: 2 }])
  })
})
