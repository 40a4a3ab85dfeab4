/**
 * Takes away the worktrees of attempts whose host died between their end and the removal, those that were kept for a run which
 * is through, and the checkouts of dead integrators. What an item that goes on left is its next attempt's to clear.
 *
 * Whoever finds a host dead looks through all of them. Where that host dies over it, it is found dead itself, so that none
 * is forgotten, and hosts that live are seldom in each other's way.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isSettled } from '../board/item-lifecycle.ts'
import { sweepCheckouts } from '../integration/verifying.ts'
import type { Reader } from '../store.ts'
import { sleep } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import type { RunState } from '../workflow/run.ts'
import type { WorkerContext } from './context.ts'

/** Two hosts that found one dead each may take away the same worktree. */
const TRIES = 10
const PAUSE_MS = 200

export class Leftovers {
  readonly #context: WorkerContext
  #looking: Promise<void> = Promise.resolve()
  readonly #unsubscribe: () => void
  #closed = false

  /** Listens from now on: the first dead hosts are found before the host takes any work. */
  constructor(context: WorkerContext) {
    this.#context = context
    this.#unsubscribe = context.team.feed.subscribe((event) => {
      if (event.type === 'host.lost' && event.actor === context.host) this.look()
      // What could not be merged was kept for whoever resolves it, and that has been done.
      if (event.type === 'run.ended' && isThrough(event.data.state)) this.look()
    })
  }

  close(): void {
    this.#closed = true
    this.#unsubscribe()
  }

  /** Waits for the removals that are under way. */
  async ended(): Promise<void> {
    await this.#looking
  }

  /** Looks through the worktrees that there are. */
  look(): void {
    // A workshop without worktrees need not be in a repository.
    if (this.#closed || !existsSync(join(this.#context.stateDir, 'worktrees'))) return
    this.#looking = this.#looking.then(() => this.#clear()).catch(this.#context.onError)
  }

  async #clear(): Promise<void> {
    const { team, host } = this.#context
    const adapter = await this.#context.worktrees()
    const hosts = await team.store.read((reader) => reader.list('host'))
    await patiently(() => sweepCheckouts(this.#context, new Set(hosts.map(({ id }) => id))))
    for (const { attempt } of await adapter.list()) {
      if (this.#closed) return
      if (await team.store.read((reader) => isLeft(reader, attempt)))
        await patiently(() => adapter.release({ attempt }, { files: 'remove', host }))
    }
  }
}

/** Tries again what failed because another host does the same. */
async function patiently(act: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await act()
      return
    } catch (error) {
      if (tries === TRIES) throw error
      await sleep(systemClock, PAUSE_MS)
    }
  }
}

/** The work of a run is done, and where it belongs. */
function isThrough(state: RunState): boolean {
  return state === 'completed' || state === 'partially_completed'
}

/** Nobody takes it away any more: its host is gone, and there will be no further attempt. */
async function isLeft(reader: Reader, id: string): Promise<boolean> {
  const attempt = await reader.get('attempt', id)
  if (attempt === undefined || attempt.state === 'running' || attempt.host === null) return false
  const part = await reader.get('item', attempt.item)
  const run = part?.run == null ? undefined : await reader.get('run', part.run)
  if (run !== undefined && isThrough(run.state)) return true
  if ((await reader.get('host', attempt.host)) !== undefined) return false
  if (part === undefined) return true
  // What failed is there for whoever looks into it.
  return isSettled(part.state) && attempt.state !== 'failed' && attempt.state !== 'returned'
}
