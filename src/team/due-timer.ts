/** Does what rows say is due at a time: deadlines, pauses, claims that run out. Any process may, and only one does. */
import type { AtelierEvent } from '../events.ts'
import type { CancelTimer, Clock } from '../time/clock.ts'
import type { HostWork, TeamContext } from './context.ts'

/** When to look again at what is due here, and not yet by the clock of the store. */
const SKEW_MS = 100
/** Longest time that a timer is set for: longer ones overflow. */
const LONGEST_MS = 2 ** 31 - 1

/** What is due, and when. */
export interface DueWork {
  /** True for an event after which something may be due at another time. */
  isNews(event: AtelierEvent): boolean
  /**
   * Does what is due; ends early where the timer is closed.
   * @returns the next time, ms since the epoch; null where there is none
   */
  act(isClosed: () => boolean): Promise<number | null>
  readonly onError: (error: unknown) => void
  /** Whose timers are set; the loops of the team, which keep no process alive, unless it says otherwise. */
  readonly timers?: Clock
}

/** Looks when it is opened, when there is news, and when the next time has come; one look at a time. */
export class DueTimer implements HostWork {
  readonly #team: TeamContext
  readonly #work: DueWork
  #cancel: CancelTimer = () => {}
  #unsubscribe: () => void = () => {}
  #looking: Promise<void> | undefined
  #again = false
  #closed = true
  #armed = false

  constructor(team: TeamContext, work: DueWork) {
    this.#team = team
    this.#work = work
  }

  async open(): Promise<void> {
    this.#closed = false
    this.#unsubscribe = this.#team.feed.subscribe((event) => {
      if (this.#work.isNews(event)) this.#look()
    })
    this.#look()
    await this.#looking
  }

  stopAccepting(): void {
    this.#closed = true
    this.#cancel()
    this.#unsubscribe()
  }

  async ended(): Promise<void> {
    while (this.#looking !== undefined) await this.#looking
  }

  /** What it does is one commit after the other, each of which is done or not. */
  abandonAll(): void {}

  close(): void {
    this.stopAccepting()
  }

  get busy(): boolean {
    return this.#looking !== undefined
  }

  /** Something is going to be due: this host is not idle for good. */
  get armed(): boolean {
    return this.#armed
  }

  #look(): void {
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    this.#looking = this.#act()
      .catch(this.#work.onError)
      .finally(() => {
        this.#looking = undefined
        if (!this.#again) return
        this.#again = false
        this.#look()
      })
  }

  async #act(): Promise<void> {
    this.#cancel()
    if (this.#closed) return
    const next = await this.#work.act(() => this.#closed)
    this.#armed = next !== null
    if (next === null || this.#closed) return
    const { loops, clock } = this.#team
    this.#cancel = (this.#work.timers ?? loops).after(restMs(next, clock.now()), () => this.#look())
  }
}

/** How long a timer for a time runs, ms. */
export function restMs(at: number, now: number): number {
  return at > now ? Math.min(LONGEST_MS, at - now) : SKEW_MS
}
