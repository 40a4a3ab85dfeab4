import type { Clock } from './clock.ts'

/** setTimeout takes at most 2^31 - 1 ms and fires at once beyond it. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The machine's own clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, act) {
    if (!Number.isFinite(ms)) return () => {}
    if (ms > LONGEST_TIMER_MS) {
      let cancel = (): void => {}
      const timer = setTimeout(() => {
        cancel = systemClock.after(ms - LONGEST_TIMER_MS, act)
      }, LONGEST_TIMER_MS)
      return () => {
        clearTimeout(timer)
        cancel()
      }
    }
    const timer = setTimeout(act, Math.max(0, ms))
    return () => clearTimeout(timer)
  },
}

/** The same clock whose timers do not keep the process alive: for heartbeats and polls. */
export const backgroundClock: Clock = {
  now: () => Date.now(),
  after(ms, act) {
    if (!Number.isFinite(ms)) return () => {}
    const timer = setTimeout(act, Math.min(Math.max(0, ms), LONGEST_TIMER_MS))
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Calls `act` after the promises that are ready and the I/O that has arrived were served. */
export function soon(act: () => void): void {
  setImmediate(act)
}

/** Milliseconds of a clock that never jumps: for measuring how long something held a lock. */
export function monotonicMs(): number {
  return performance.now()
}
