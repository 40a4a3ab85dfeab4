/** Settles the items whose merge was held, when it is made or refused after all. */
import type { AtelierEvent } from '../events.ts'
import type { TeamContext } from '../team/context.ts'
import { isAtelierError } from '../errors.ts'
import { completeMerged, failItem } from './commands.ts'

export class HeldMerges {
  readonly #team: TeamContext
  readonly #onError: (error: unknown) => void
  #unsubscribe: () => void = () => {}

  constructor(team: TeamContext, onError: (error: unknown) => void) {
    this.#team = team
    this.#onError = onError
  }

  /** Looks at what was settled while no host was there, and listens from now on. */
  async open(): Promise<void> {
    this.#unsubscribe = this.#team.feed.subscribe((event) => {
      if (event.type === 'merge.completed' || event.type === 'merge.rejected')
        void this.#settle(event).catch(this.#onError)
    })
    const settled = await this.#team.store.read(async (reader) => {
      const waiting = await reader.list('item', { where: { state: 'waiting' } })
      const found = []
      for (const { id, attempt, waiting: reason } of waiting) {
        if (reason?.for !== 'merge' || attempt === null) continue
        const [merge] = await reader.list('merge', { where: { attempt }, limit: 1 })
        if (merge !== undefined) found.push({ item: id, attempt, merge })
      }
      return found
    })
    for (const { item, attempt, merge } of settled) {
      if (merge.state === 'merged') await this.#complete(item, attempt, merge.commit as string)
      else if (merge.state === 'rejected' && merge.error !== null)
        await failItem(this.#team, item, merge.error)
    }
  }

  close(): void {
    this.#unsubscribe()
  }

  async #settle({
    type,
    data,
  }: Extract<AtelierEvent, { type: 'merge.completed' | 'merge.rejected' }>): Promise<void> {
    const item = await this.#team.store.read((reader) => reader.get('item', data.item))
    // Else its attempt runs, and settles it itself.
    if (item?.waiting?.for !== 'merge') return
    if (type === 'merge.completed') await this.#complete(data.item, data.attempt, data.commit)
    else await failItem(this.#team, data.item, data.error)
  }

  async #complete(item: string, attempt: string, commit: string): Promise<void> {
    try {
      await completeMerged(this.#team, item, { attempt, commit })
    } catch (error) {
      // Another host was quicker.
      if (!isAtelierError(error, 'invalid_transition')) throw error
    }
  }
}
