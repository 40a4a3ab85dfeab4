import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { temporaryFolder } from '../direct/team.ts'
import { startChild } from './processes.ts'

async function openClient(dir: string): Promise<HostedWorkshop> {
  const shop = await openWorkshop({ dir, config: false, host: 'none', backends: [scriptedBackend()] })
  shop.configure({ backend: 'scripted' })
  return shop
}

describe('several processes on one file (E12)', () => {
  test('two hosts and three clients: every question is answered once and no lock error reaches anybody', async () => {
    const dir = await temporaryFolder()
    const log = join(dir, 'turns.log')
    const hosts = [startChild('host.ts', [dir, log]), startChild('host.ts', [dir, log])]
    await Promise.all(hosts.map((host) => host.line('ready')))
    const clients = ['x', 'y', 'z'].map((name) => startChild('client.ts', [dir, name, '40']))
    for (const [index, client] of clients.entries()) {
      const report = JSON.parse(await client.line('answers')) as { answers: string[] }
      expect(report.answers).toEqual(Array<string>(40).fill(`agent-${'xyz'[index]} by host`))
      expect([await client.ended, client.stderr()]).toEqual([0, ''])
    }
    const shop = await openClient(dir)
    for (const { id } of await shop.hosts()) await shop.stopHost(id, { now: false })
    for (const host of hosts) expect([await host.ended, host.stderr()]).toEqual([0, ''])
    expect(await shop.hosts()).toEqual([])

    // The backends' own log: each message was run once, by one of the hosts.
    const started = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"start"'))
    expect(started).toHaveLength(120)
    const accepted = (await shop.events({ last: 2000, types: ['turn.finished'] })).filter(
      (event) => event.type === 'turn.finished' && event.data.accepted,
    )
    expect(accepted).toHaveLength(120)
    await shop.close()
  })

  test('a killed host is noticed by its process, and its message is answered by another one', async () => {
    const dir = await temporaryFolder()
    const log = join(dir, 'turns.log')
    const doomed = startChild('host.ts', [dir, log])
    await doomed.line('ready')
    const client = await openClient(dir)
    client.agent('worker', 'Works.')
    const watch = client.watch({ types: ['turn.started', 'host.lost', 'turn.lost'] })
    await client.cast('worker', 'hang')
    expect((await watch.next()).value).toMatchObject({ type: 'turn.started' })
    doomed.child.kill('SIGKILL')
    await doomed.ended

    const survivor = await openWorkshop({
      dir,
      config: false,
      backends: [scriptedBackend({ script: { reply: 'taken over' } })],
    })
    expect((await watch.next()).value).toMatchObject({ type: 'turn.lost', data: { reason: 'host_died' } })
    expect((await watch.next()).value).toMatchObject({ type: 'host.lost' })
    expect(await client.await('worker')).toMatchObject({ text: 'taken over' })
    const [entry] = await client.history('worker')
    expect(entry).toMatchObject({ state: 'answered', attempts: 2 })
    await survivor.close()
    await client.close()
  })

  test('a host that is stopped now gives its message back, and nothing is left of it', async () => {
    const dir = await temporaryFolder()
    const host = startChild('host.ts', [dir, join(dir, 'turns.log')])
    await host.line('ready')
    const client = await openClient(dir)
    client.agent('worker', 'Works.')
    const watch = client.watch({ types: ['turn.started'] })
    await client.cast('worker', 'hang')
    await watch.next()
    const [line] = await client.hosts()
    await client.stopHost(line?.id ?? '', { now: true })
    expect([await host.ended, host.stderr()]).toEqual([0, ''])
    expect(await client.hosts()).toEqual([])
    const { agents } = await client.status()
    expect(agents).toMatchObject([{ name: 'worker', status: 'offline', queued: 1 }])
    await client.close()
  })

  test('a second process can watch, wait for and read what the first one does', async () => {
    const dir = await temporaryFolder()
    const owner = await openWorkshop({
      dir,
      config: false,
      backends: [scriptedBackend({ script: { reply: 'the answer' } })],
    })
    owner.configure({ backend: 'scripted' })
    owner.agent('impl', 'Implements.')
    const other = await openClient(dir)
    const watch = other.watch({ types: ['turn.finished'] })
    expect((await other.ask('impl', 'hello')).text).toBe('the answer')
    expect((await watch.next()).value).toMatchObject({ type: 'turn.finished', data: { agent: 'impl' } })
    expect(await other.result('impl')).toBe('the answer')
    expect(await owner.result('impl')).toBe('the answer')
    await other.close()
    await owner.close()
  })
})
