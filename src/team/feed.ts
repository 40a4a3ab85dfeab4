/**
 * Every event exactly once and in order, in this process: what waits, watches and dispatches hangs
 * on it. Own commits arrive at once; those of other processes when the store notices them.
 */
import type { AtelierEvent } from '../events.ts'
import type { Store } from '../store.ts'

export type EventListener = (event: AtelierEvent) => void

/** Events read at a time while catching up. */
const PAGE = 500

export class EventFeed {
  readonly #store: Store
  readonly #listeners = new Set<EventListener>()
  #cursor = 0
  #urgent = 0
  #pulling: Promise<void> | undefined
  #again = false
  #unlisten: () => void = () => {}
  #closed = false

  constructor(store: Store) {
    this.#store = store
  }

  /** Starts behind the newest event. */
  async open(): Promise<void> {
    this.#listen()
    this.#cursor = await this.#store.lastSeq()
    await this.#pull()
  }

  /** The number of the last event that was handed out. */
  get cursor(): number {
    return this.#cursor
  }

  /**
   * Calls `listener` for each event from now on.
   * @param urgent somebody waits for what other processes commit
   */
  subscribe(listener: EventListener, urgent = false): () => void {
    this.#listeners.add(listener)
    if (urgent) this.#changeUrgency(1)
    return () => {
      if (this.#listeners.delete(listener) && urgent) this.#changeUrgency(-1)
    }
  }

  /** Resolves when everything that was committed before this call has been handed out. */
  async caughtUp(): Promise<void> {
    const last = await this.#store.lastSeq()
    if (this.#cursor < last) await this.#pull()
    if (this.#cursor < last) await this.#pull()
  }

  close(): void {
    this.#closed = true
    this.#unlisten()
    this.#listeners.clear()
  }

  #changeUrgency(by: number): void {
    const before = this.#urgent
    this.#urgent += by
    if (before === 0 || this.#urgent === 0) this.#listen()
  }

  #listen(): void {
    if (this.#closed) return
    const unlisten = this.#unlisten
    this.#unlisten = this.#store.onCommit((events) => this.#committed(events), { urgent: this.#urgent > 0 })
    unlisten()
  }

  #committed(events: readonly AtelierEvent[] | undefined): void {
    const next = events?.[0]
    if (next !== undefined && next.seq === this.#cursor + 1 && this.#pulling === undefined) {
      for (const event of events as readonly AtelierEvent[]) this.#hand(event)
      return
    }
    this.#pullSoon()
  }

  /** What cannot be read now is read after the next commit; the store's error shows at the next command. */
  #pullSoon(): void {
    this.#pull().catch(() => {})
  }

  async #pull(): Promise<void> {
    if (this.#pulling !== undefined) {
      this.#again = true
      return this.#pulling
    }
    this.#pulling = this.#catchUp().finally(() => {
      this.#pulling = undefined
      if (this.#again) {
        this.#again = false
        this.#pullSoon()
      }
    })
    return this.#pulling
  }

  async #catchUp(): Promise<void> {
    while (!this.#closed) {
      let page: readonly AtelierEvent[]
      try {
        page = await this.#store.events({ after: this.#cursor, limit: PAGE })
      } catch (error) {
        // A store that is being closed ends the feed; anything else shows at the next command.
        if (this.#closed) return
        throw error
      }
      for (const event of page) this.#hand(event)
      if (page.length < PAGE) return
    }
  }

  #hand(event: AtelierEvent): void {
    if (event.seq <= this.#cursor) return
    this.#cursor = event.seq
    for (const listener of [...this.#listeners]) listener(event)
  }
}
