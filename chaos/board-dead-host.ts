/** Two programs on one board: one is killed in the middle of an item, the other takes that over. */
import { once } from 'node:events'
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import type { AtelierEvent } from '../src/events.ts'
import { openWorkshop } from '../src/workshop.ts'
import { makeProject, projectIn } from './board-project.ts'
import { inFolder, start } from './life.ts'

export interface Recovery {
  /** From the kill until a host that lives has claimed the item again. */
  readonly ms: number
  readonly wrong: readonly string[]
}

/** Kills the host of a running item, and waits until another one has done it. */
export async function deadHostRecovery(): Promise<Recovery> {
  let ms = Number.NaN
  const wrong = await inFolder(async (dir) => {
    makeProject(dir)
    const { child, ended } = start({ file: import.meta.filename, args: [dir], dir }, undefined, 'read')
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    const shop = await openWorkshop({
      dir: projectIn(dir),
      config: false,
      backends: [scriptedBackend({ script: { reply: 'taken over' } })],
    })
    shop.configure({ backend: 'scripted' })
    await shop.boardWorker('second', 'code', { worktree: true }).stored
    const watch = shop.watch({ types: ['item.claimed'] })
    const killed = Date.now()
    child.kill('SIGKILL')
    const next = (await watch.next()) as IteratorYieldResult<AtelierEvent>
    ms = next.value.at - killed
    await ended
    await shop.boardSettled()
    const { state, result } = await shop.item('it')
    await shop.close()
    return state === 'done' && result === 'taken over' ? [] : [`the item is ${state}: ${String(result)}`]
  })
  return { ms, wrong }
}

if (process.argv[1] === import.meta.filename) {
  const shop = await openWorkshop({
    dir: projectIn(process.argv[2] as string),
    config: false,
    backends: [scriptedBackend({ script: { steps: [{ hang: true }] } })],
  })
  shop.configure({ backend: 'scripted' })
  shop.boardWorker('first', 'code', { worktree: true })
  await shop.work('it', 'Hang', { type: 'code' })
  for await (const event of shop.watch({ after: 0, types: ['turn.started'] })) {
    if (event.type === 'turn.started') break
  }
  console.log('working')
}
