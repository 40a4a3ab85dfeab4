import type { CancelTimer, Clock } from './clock.ts'

interface Timer {
  readonly at: number
  readonly act: () => void
}

/** Turns of the event loop given to promises and I/O between two timers. */
const SETTLE_TURNS = 10

/**
 * A clock that stands still until a test moves it. Timers fire in order of their time, and
 * everything that a timer set off has settled before the next one fires.
 */
export class ManualClock implements Clock {
  #now: number
  /** In the order in which they were set. */
  readonly #timers = new Set<Timer>()

  /** @param now where time starts, in ms since the Unix epoch; default 2026-01-01T00:00:00Z */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, act: () => void): CancelTimer {
    if (!Number.isFinite(ms)) return () => {}
    const timer: Timer = { at: this.#now + Math.max(0, ms), act }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** How many timers are set: a leak check for tests. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves time by `ms`, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await this.tick()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#now = next.at
      next.act()
      await this.tick()
    }
    this.#now = end
    await this.tick()
  }

  /** Lets promises and I/O that are ready settle, without moving time. */
  async tick(): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.at > end) continue
      if (first === undefined || timer.at < first.at) first = timer
    }
    return first
  }
}
