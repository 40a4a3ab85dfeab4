/**
 * The time port. Nothing outside `time/` reads the system's clock or sets a timer, so that a test
 * moves time instead of waiting for it.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `act` once after `ms` milliseconds; the returned function takes it back. */
  after(ms: number, act: () => void): CancelTimer
}

export type CancelTimer = () => void

/**
 * Waits `ms` milliseconds on the clock.
 * @returns true if the time passed, false if `signal` was aborted first
 */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve(false)
    const aborted = (): void => {
      cancel()
      resolve(false)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', aborted)
      resolve(true)
    })
    signal?.addEventListener('abort', aborted, { once: true })
  })
}

/** Calls `act` every `ms` milliseconds, never twice at once: the next interval starts when `act` has ended. */
export function repeat(clock: Clock, ms: number, act: () => void | Promise<void>): CancelTimer {
  let stopped = false
  let cancel: CancelTimer = () => {}
  const arm = (): void => {
    cancel = clock.after(ms, () => {
      void Promise.resolve(act()).finally(() => {
        if (!stopped) arm()
      })
    })
  }
  arm()
  return () => {
    stopped = true
    cancel()
  }
}
