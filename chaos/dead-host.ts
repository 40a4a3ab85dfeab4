/** Two hosts on one file: one is killed in the middle of a turn, the other notices and takes the message over. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import type { AtelierEvent } from '../src/events.ts'
import { openWorkshop } from '../src/workshop.ts'

/** @returns ms from the kill until the survivor has committed `host.lost` */
export async function deadHostNotice(): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'atelier-dead-host-'))
  const child = spawn(process.execPath, [import.meta.filename, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await using shop = await openWorkshop({
    dir,
    config: false,
    backends: [scriptedBackend({ script: { reply: 'taken over' } })],
  })
  const watch = shop.watch({ types: ['host.lost'] })
  const killed = Date.now()
  child.kill('SIGKILL')
  const next = (await watch.next()) as IteratorYieldResult<AtelierEvent>
  const noticed = next.value.at - killed
  const reply = await shop.await('impl')
  if (reply?.text !== 'taken over') throw new Error('The message of the dead host was not taken over.')
  await rm(dir, { recursive: true, force: true })
  return noticed
}

if (process.argv[1] === import.meta.filename) {
  const shop = await openWorkshop({
    dir: process.argv[2] as string,
    config: false,
    backends: [scriptedBackend({ script: { steps: [{ hang: true }] } })],
  })
  shop.configure({ backend: 'scripted' })
  shop.agent('impl', 'Hangs.')
  await shop.cast('impl', 'hang')
  for await (const event of shop.watch({ after: 0, types: ['turn.started'] })) {
    if (event.type === 'turn.started') break
  }
  console.log('working')
}
