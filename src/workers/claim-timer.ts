/** Gives items back whose claim from outside has run out; any process may, and only one does. */
import type { CancelTimer } from '../time/clock.ts'
import type { TeamContext } from '../team/context.ts'
import { expireClaims } from './external.ts'

/** Longest time that a timer is set for: longer ones overflow. */
const LONGEST_MS = 2 ** 31 - 1

export class ClaimTimer {
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
      if (event.type === 'item.claimed' && event.data.host === null) void this.#arm().catch(this.#onError)
    })
    await this.#arm()
  }

  close(): void {
    this.#closed = true
    this.#cancel()
    this.#unsubscribe()
  }

  /** A claim that was extended meanwhile is looked at again at its new end. */
  async #arm(): Promise<void> {
    const next = await expireClaims(this.#team)
    this.#cancel()
    if (next === null || this.#closed) return
    const { loops } = this.#team
    // It has run out when its end lies in the past.
    this.#cancel = loops.after(Math.min(LONGEST_MS, Math.max(0, next - loops.now()) + 1), () => {
      void this.#arm().catch(this.#onError)
    })
  }
}
