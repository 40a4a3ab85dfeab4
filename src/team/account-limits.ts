/** Which accounts may not be used now, and a call when one may be again. */
import type { CancelTimer, Clock } from '../time/clock.ts'

export class AccountLimits {
  readonly #clock: Clock
  readonly #lifted: () => void
  /** Accounts by the turn that holds them. */
  readonly #held = new Map<string, string>()
  readonly #timers = new Map<string, { readonly until: number; readonly cancel: CancelTimer }>()

  constructor(clock: Clock, lifted: () => void) {
    this.#clock = clock
    this.#lifted = lifted
  }

  has(account: string): boolean {
    return this.#timers.has(account) || [...this.#held.values()].includes(account)
  }

  /** A running turn has met the limit: nothing is started until its end says for good what that means. */
  hold(turn: string, account: string): void {
    this.#held.set(turn, account)
  }

  /** The turn has ended, or goes on in spite of the limit. */
  release(turn: string): void {
    if (this.#held.delete(turn)) this.#lifted()
  }

  /** A later limit of the same account replaces the earlier one. */
  set(account: string, until: number): void {
    this.#timers.get(account)?.cancel()
    const restMs = until - this.#clock.now()
    if (restMs <= 0) {
      this.#timers.delete(account)
      return
    }
    const cancel = this.#clock.after(restMs, () => {
      this.#timers.delete(account)
      this.#lifted()
    })
    this.#timers.set(account, { until, cancel })
  }

  close(): void {
    for (const { cancel } of this.#timers.values()) cancel()
    this.#timers.clear()
  }
}
