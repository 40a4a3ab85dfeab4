/** Makes items ready whose pause is over; any process may, and only one does. */
import type { CancelTimer } from '../time/clock.ts'
import type { TeamContext } from '../team/context.ts'
import { wakeItem } from './commands.ts'

/** Longest time that a timer is set for: longer ones overflow. */
const LONGEST_MS = 2 ** 31 - 1

export class WakeTimer {
  readonly #team: TeamContext
  readonly #onError: (error: unknown) => void
  #cancel: CancelTimer = () => {}
  #unsubscribe: () => void = () => {}
  #closed = false

  constructor(team: TeamContext, onError: (error: unknown) => void) {
    this.#team = team
    this.#onError = onError
  }

  async open(): Promise<void> {
    this.#unsubscribe = this.#team.feed.subscribe((event) => {
      if (event.type === 'item.deferred') void this.#arm().catch(this.#onError)
      else if (event.type === 'budget.set' || event.type === 'budget.reset')
        void this.#wakeForBudget().catch(this.#onError)
    })
    await this.#arm()
  }

  close(): void {
    this.#closed = true
    this.#cancel()
    this.#unsubscribe()
  }

  async #arm(): Promise<void> {
    if (this.#closed) return
    const [next] = await this.#team.store.read((reader) => reader.list('wake', { orderBy: 'at', limit: 1 }))
    this.#cancel()
    if (next === undefined || this.#closed) return
    const restMs = Math.min(LONGEST_MS, Math.max(0, next.at - this.#team.clock.now()))
    this.#cancel = this.#team.clock.after(restMs, () => {
      void this.#wake(next.item, next.at).catch(this.#onError)
    })
  }

  async #wake(item: string, at: number): Promise<void> {
    if (at <= this.#team.clock.now()) await wakeItem(this.#team, item)
    await this.#arm()
  }

  /** What waited for a budget looks at the new one. */
  async #wakeForBudget(): Promise<void> {
    const waiting = await this.#team.store.read((reader) =>
      reader.list('item', { where: { state: 'waiting' } }),
    )
    for (const item of waiting) if (item.waiting?.for === 'budget') await wakeItem(this.#team, item.id)
  }
}
