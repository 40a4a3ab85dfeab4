/**
 * Settles the items that wait for a merge, when it is made or refused after all: because it was held, or because the host
 * of its attempt died when only the merge was missing.
 */
import { INTERRUPTED, type ItemRow } from '../board/item.ts'
import type { MergeRow } from '../board/merge.ts'
import { isReworked, type ReworkPolicy } from '../board/rework.ts'
import { isAtelierError } from '../errors.ts'
import { mergeOfAttempt } from '../integration/requests.ts'
import type { TeamContext } from '../team/context.ts'
import { completeMerged, failItem } from './commands.ts'
import { sendBack } from './rework.ts'
import { definitionOf } from './rows.ts'

export interface HeldMergesOptions {
  readonly onError: (error: unknown) => void
  /** Told when an item was settled whose attempt nobody ends any more. */
  readonly onDone: () => void
}

export class HeldMerges {
  readonly #team: TeamContext
  readonly #options: HeldMergesOptions
  #unsubscribe: () => void = () => {}

  constructor(team: TeamContext, options: HeldMergesOptions) {
    this.#team = team
    this.#options = options
  }

  /** Looks at what was settled while no host was there, and listens from now on. */
  async open(): Promise<void> {
    this.#unsubscribe = this.#team.feed.subscribe(({ type, data }) => {
      // An item may begin to wait when its merge is settled already.
      if (
        type === 'merge.completed' ||
        type === 'merge.rejected' ||
        (type === 'item.deferred' && data.waiting.for === 'merge')
      )
        void this.#look(data.item).catch(this.#options.onError)
    })
    const waiting = await this.#team.store.read((reader) =>
      reader.list('item', { where: { state: 'waiting' } }),
    )
    for (const item of waiting) if (item.waiting?.for === 'merge') await this.#look(item.id)
  }

  close(): void {
    this.#unsubscribe()
  }

  async #look(id: string): Promise<void> {
    const { item, rework, merge } = await this.#team.store.read(async (reader) => {
      const row = await reader.get('item', id)
      const attempt = row?.waiting?.for === 'merge' ? row.attempt : null
      return {
        item: row,
        rework: row === undefined ? null : (await definitionOf(reader, row)).rework,
        merge: attempt === null ? undefined : await mergeOfAttempt(reader, attempt),
      }
    })
    // Else its attempt runs, and settles it itself.
    if (item === undefined || merge === undefined) return
    try {
      await this.#settle(item, merge, rework)
    } catch (error) {
      // Another host was quicker.
      if (!isAtelierError(error, 'invalid_transition')) throw error
    }
  }

  async #settle(
    item: ItemRow,
    { state, attempt, commit, error }: MergeRow,
    rework: ReworkPolicy | null,
  ): Promise<void> {
    if (state === 'merged') {
      await completeMerged(this.#team, item.id, { attempt, commit })
      return this.#options.onDone()
    }
    if (state !== 'rejected' || error === null) return
    // The attempt is over, and nobody has looked at what it was rejected for: the next one is told.
    const isInterrupted = item.waiting?.for === 'merge' && item.waiting.reason === INTERRUPTED
    return rework !== null && (isInterrupted || isReworked(error))
      ? sendBack(this.#team, item.id, { attempt, error })
      : failItem(this.#team, item.id, error)
  }
}
