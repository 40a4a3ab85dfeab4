/** Makes items ready whose pause is over. */
import type { TeamContext } from '../team/context.ts'
import { DueTimer } from '../team/due-timer.ts'
import { wakeItem } from './commands.ts'

export class WakeTimer {
  readonly #team: TeamContext
  readonly #onError: (error: unknown) => void
  readonly #due: DueTimer
  #unsubscribe: () => void = () => {}

  constructor(team: TeamContext, onError: (error: unknown) => void) {
    this.#team = team
    this.#onError = onError
    this.#due = new DueTimer(team, {
      isNews: ({ type }) => type === 'item.deferred',
      act: (isClosed) => wakeDue(team, isClosed),
      onError,
      // A program waits for its items to be tried again.
      timers: team.clock,
    })
  }

  async open(): Promise<void> {
    this.#unsubscribe = this.#team.feed.subscribe(({ type }) => {
      if (type === 'budget.set' || type === 'budget.reset') void this.#wakeForBudget().catch(this.#onError)
    })
    await this.#due.open()
  }

  close(): void {
    this.#due.close()
    this.#unsubscribe()
  }

  /** What waited for a budget looks at the new one. */
  async #wakeForBudget(): Promise<void> {
    const waiting = await this.#team.store.read((reader) =>
      reader.list('item', { where: { state: 'waiting' } }),
    )
    for (const item of waiting) if (item.waiting?.for === 'budget') await wakeItem(this.#team, item.id)
  }
}

async function wakeDue(team: TeamContext, isClosed: () => boolean): Promise<number | null> {
  let last: string | undefined
  for (;;) {
    const [next] = await team.store.read((reader) => reader.list('wake', { orderBy: 'at', limit: 1 }))
    if (next === undefined) return null
    // One that is still there was not to be woken yet by the clock of the store.
    if (next.at > team.clock.now() || isClosed() || next.item === last) return next.at
    await wakeItem(team, next.item)
    last = next.item
  }
}
