/**
 * Takes away the worktrees of attempts whose host died between their end and the removal. What an item that goes on left
 * is its next attempt's to clear.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AtelierEvent } from '../events.ts'
import { isSettled } from '../board/item-lifecycle.ts'
import type { Reader } from '../store.ts'
import type { WorkerContext } from './context.ts'

export class Leftovers {
  readonly #context: WorkerContext
  #looking: Promise<void> = Promise.resolve()
  #unsubscribe: () => void = () => {}
  #closed = false

  constructor(context: WorkerContext) {
    this.#context = context
  }

  /** Looks at once, and again when this host finds another one dead or settles what that had left to be merged. */
  open(): void {
    this.#unsubscribe = this.#context.team.feed.subscribe((event) => {
      if (this.#isDue(event)) this.#look()
    })
    this.#look()
  }

  close(): void {
    this.#closed = true
    this.#unsubscribe()
  }

  /** Waits for the removals that are under way. */
  async ended(): Promise<void> {
    await this.#looking
  }

  /** One of the hosts that live, so that they are not in each other's way. */
  #isDue({ type, actor, data }: AtelierEvent): boolean {
    if (type === 'host.lost') return actor === this.#context.host
    return type === 'item.done' && this.#isNobodys(data.attempt)
  }

  /** Its own attempts, and those of other hosts that live, are taken away as they end. */
  #isNobodys(attempt: string): boolean {
    return !this.#context.attempts.has(attempt) && existsSync(join(this.#folder, attempt))
  }

  get #folder(): string {
    return join(this.#context.stateDir, 'worktrees')
  }

  #look(): void {
    // A workshop without worktrees need not be in a repository.
    if (this.#closed || !existsSync(this.#folder)) return
    this.#looking = this.#looking.then(() => this.#clear()).catch(this.#context.onError)
  }

  async #clear(): Promise<void> {
    const { team, host } = this.#context
    const adapter = await this.#context.worktrees()
    for (const { attempt } of await adapter.list()) {
      if (this.#closed) return
      if (!(await team.store.read((reader) => isLeft(reader, attempt)))) continue
      try {
        await adapter.release({ attempt }, { files: 'remove', host })
      } catch (error) {
        // Another host that looked at the same time was quicker.
        if ((await adapter.list()).some((each) => each.attempt === attempt)) throw error
      }
    }
  }
}

/** Nobody takes it away any more: its host is gone, and there will be no further attempt. */
async function isLeft(reader: Reader, id: string): Promise<boolean> {
  const attempt = await reader.get('attempt', id)
  if (attempt === undefined || attempt.state === 'running' || attempt.host === null) return false
  if ((await reader.get('host', attempt.host)) !== undefined) return false
  const item = await reader.get('item', attempt.item)
  if (item === undefined) return true
  // What failed is there for whoever looks into it.
  return isSettled(item.state) && attempt.state !== 'failed'
}
