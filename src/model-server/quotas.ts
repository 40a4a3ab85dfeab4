/** Limits of accounts: so many calls, then refused until the reset. */
import type { Clock } from '../time/clock.ts'
import type { Quota, UsageLimit } from './scenario.ts'

interface Window {
  calls: number
  resetsAt: number
  /** How many there were before it. */
  readonly earlier: number
}

export class Quotas {
  readonly #quotas: Readonly<Record<string, Quota>>
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()

  constructor(quotas: Readonly<Record<string, Quota>>, clock: Clock) {
    this.#quotas = quotas
    this.#clock = clock
  }

  /** Counts a call of the account; gives the limit that it meets, if any. */
  call(account: string): UsageLimit | undefined {
    const quota = this.#quotas[account]
    if (quota === undefined) return undefined
    const now = this.#clock.now()
    let window = this.#windows.get(account)
    if (window === undefined || now >= window.resetsAt) {
      const earlier = window === undefined ? 0 : window.earlier + 1
      window = { calls: 0, resetsAt: Number.POSITIVE_INFINITY, earlier }
      this.#windows.set(account, window)
    }
    if (window.calls < quota.calls || window.earlier >= (quota.times ?? Number.POSITIVE_INFINITY)) {
      window.calls++
      return undefined
    }
    // The wire says whole seconds; the account goes on when it said so, not earlier.
    if (window.resetsAt === Number.POSITIVE_INFINITY)
      window.resetsAt = Math.ceil((now + quota.resetsInMs) / 1000) * 1000
    return { resetsAt: window.resetsAt, ...(quota.window !== undefined && { window: quota.window }) }
  }
}
