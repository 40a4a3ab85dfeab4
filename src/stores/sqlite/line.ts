/**
 * The line in front of the write lock. SQLite has none: who finds the lock taken can only try again, and of many who try at
 * random most come while it is taken, so that it lies idle, and its owner takes it once more before anybody else.
 *
 * Who waits puts a ticket into a folder beside the database and watches it. Who has had the lock for its time, or needs
 * it no more, takes the oldest ticket away, which wakes its owner and nobody else. Tickets are advice, and the lock stays
 * SQLite's: where one is lost, or its owner is dead, or nothing can be watched, those who wait try again by time.
 */
import { existsSync, mkdirSync, readdirSync, unlinkSync, watch, writeFileSync, type FSWatcher } from 'node:fs'
import { join } from 'node:path'
import { newId, randomFraction } from '../../ids.ts'
import type { CancelTimer } from '../../time/clock.ts'
import { systemClock } from '../../time/system-clock.ts'
import { pauseMs } from './patience.ts'

/**
 * How long somebody in line waits for the call before it tries by itself: rarely, as each try takes the processor from whoever
 * has the lock, and the lock from whoever was called. Half of it is jitter.
 */
const CALL_MS = 100

/**
 * How long who has called somebody leaves the lock to them: on a crowded machine they may not get a processor for much longer,
 * and the lock would lie idle meanwhile. They keep their place.
 */
const COURTESY_MS = 2

/** Digits of a time in ms until the year 5138: names in order of their text are in order of time. */
const TIME_DIGITS = 14

export class Line {
  readonly #folder: string

  /** @param path of the database */
  constructor(path: string) {
    this.#folder = `${path}-line`
  }

  /** A place at the end. */
  join(): Place {
    return new Place(this.#folder)
  }

  /** How many wait. */
  length(): number {
    return existsSync(this.#folder) ? this.#tickets().length : 0
  }

  /** Wakes who has waited longest; false if nobody waits. */
  callNext(): boolean {
    if (!existsSync(this.#folder)) return false
    for (const ticket of this.#tickets()) if (removed(join(this.#folder, ticket))) return true
    return false
  }

  #tickets(): readonly string[] {
    try {
      return readdirSync(this.#folder).toSorted()
    } catch {
      return []
    }
  }
}

/** One who waits. */
export class Place {
  readonly #folder: string
  readonly #ticket: string
  #watcher: FSWatcher | undefined
  #wake: () => void = () => {}

  constructor(folder: string) {
    this.#folder = folder
    const time = String(systemClock.now()).padStart(TIME_DIGITS, '0')
    this.#ticket = join(folder, `${time}-${newId('proc')}`)
    this.#stand()
  }

  /**
   * Resolves when this place is called, and after a time at the latest: false where only that is over, and the call can still
   * come. Its timer keeps the process alive: somebody waits for the command.
   * @param tries that were made before; none by who has called somebody else first
   */
  async called(tries: number): Promise<boolean> {
    this.#stand()
    const ms =
      tries === 0 ? COURTESY_MS : this.#isWatching ? CALL_MS * (0.5 + randomFraction() / 2) : pauseMs(tries)
    let cancel: CancelTimer = () => {}
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      cancel = systemClock.after(ms, resolve)
    })
    cancel()
    return !this.#isWatching || !existsSync(this.#ticket)
  }

  get #isWatching(): boolean {
    return this.#watcher !== undefined
  }

  leave(): void {
    this.#close()
    if (existsSync(this.#ticket)) removed(this.#ticket)
  }

  /** Puts the ticket there, unless it is: who was called and came too late stands where it stood. */
  #stand(): void {
    if (this.#watcher !== undefined) return
    try {
      // Not with its parents: where the database was taken away, nothing is made again.
      if (!existsSync(this.#folder)) mkdirSync(this.#folder)
      writeFileSync(this.#ticket, '')
      this.#watcher = watch(this.#ticket, () => this.#called()).on('error', () => this.#called())
    } catch {
      // It was taken away at once, or there is nothing to watch with: the time wakes it, and nobody calls in vain.
      removed(this.#ticket)
    }
  }

  #called(): void {
    this.#close()
    this.#wake()
  }

  #close(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }
}

/** Takes a ticket away; false if somebody else has done so. */
function removed(ticket: string): boolean {
  try {
    unlinkSync(ticket)
    return true
  } catch {
    return false
  }
}
