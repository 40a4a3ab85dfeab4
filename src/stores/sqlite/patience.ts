/** How the store waits without blocking anybody: for a lock, and for its turn on the event loop. */
import { randomFraction } from '../../ids.ts'
import { sleep } from '../../time/clock.ts'
import { monotonicMs, soon, systemClock } from '../../time/system-clock.ts'
import { isBusy } from './errors.ts'

/** Jitter between two tries, so that waiting processes do not march in step. */
const RETRY_MIN_MS = 1
const RETRY_MAX_MS = 5
/**
 * The longest pause doubles up to this while the lock stays taken. Many who wait for short pauses take the processor from the
 * one who has the lock, and each change of hands empties a cache: 16 processes did twice as much with it.
 */
const CROWDED_MAX_MS = 40

/** The event loop gets a turn at least every two of these, however much there is to do. */
const TURN_MS = 4

/** How long to wait between two tries for a lock that nobody announces as free: longer after some of them. */
export function pauseMs(tries: number): number {
  const longest = Math.min(CROWDED_MAX_MS, RETRY_MAX_MS * 2 ** tries)
  return RETRY_MIN_MS + randomFraction() * (longest - RETRY_MIN_MS)
}

/**
 * Calls `act` until it finds no lock of another process in its way.
 * @throws the last error of SQLite once the deadline has passed
 */
export async function whenUnlocked<Result>(deadlineMs: number, act: () => Result): Promise<Result> {
  const deadline = monotonicMs() + deadlineMs
  for (let tries = 0; ; tries++) {
    try {
      return act()
    } catch (error) {
      if (!isBusy(error) || monotonicMs() > deadline) throw error
    }
    // Its timer keeps the process alive: somebody waits for the command.
    await sleep(systemClock, pauseMs(tries))
  }
}

/** One turn of the event loop: timers and I/O that have come due are served. */
function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    soon(resolve)
  })
}

/** Keeps work that never waits, such as a loop of awaited commands, from starving the event loop. */
export class LoopShare {
  /** Last time at which the event loop is known to have turned. */
  #turnedAt = monotonicMs()
  /** When the look whether it turns was begun. */
  #lookingSince: number | undefined

  /** A promise to await if the event loop has had no turn for too long. */
  due(): Promise<void> | undefined {
    const now = monotonicMs()
    if (this.#lookingSince !== undefined)
      return now - this.#lookingSince < TURN_MS ? undefined : eventLoopTurn()
    if (now - this.#turnedAt >= TURN_MS) {
      this.#lookingSince = now
      soon(() => {
        this.#lookingSince = undefined
        this.#turnedAt = monotonicMs()
      })
    }
    return undefined
  }
}
