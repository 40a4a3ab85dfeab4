/** Takes the defaults of requests whose deadline has passed; any host may, and only one does. */
import type { Identity } from '../events.ts'
import type { CancelTimer } from '../time/clock.ts'
import type { HostWork } from './context.ts'
import { expireDue, type InboxContext } from './inbox.ts'
import { restMs } from './inbox-waiting.ts'

/** Wakes at the next deadline, and when a request comes or goes. */
export class InboxTimer implements HostWork {
  readonly #inbox: InboxContext
  readonly #by: Identity
  readonly #onError: (error: unknown) => void
  #cancel: CancelTimer = () => {}
  #unsubscribe: () => void = () => {}
  #looking: Promise<void> | undefined
  #again = false
  #closed = true
  #armed = false

  constructor(inbox: InboxContext, host: string, onError: (error: unknown) => void) {
    this.#inbox = inbox
    this.#by = { actor: host, via: 'host' }
    this.#onError = onError
  }

  async open(): Promise<void> {
    this.#closed = false
    this.#unsubscribe = this.#inbox.team.feed.subscribe(({ type }) => {
      if (type.startsWith('inbox.')) this.#look()
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
    await this.#looking
  }

  /** What it does is one commit, which is done or not. */
  abandonAll(): void {}

  close(): void {
    this.stopAccepting()
  }

  get busy(): boolean {
    return this.#looking !== undefined
  }

  /** A default is going to be taken: this host is not idle for good. */
  get armed(): boolean {
    return this.#armed
  }

  #look(): void {
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    this.#looking = this.#expire()
      .catch(this.#onError)
      .finally(() => {
        this.#looking = undefined
        if (!this.#again) return
        this.#again = false
        this.#look()
      })
  }

  async #expire(): Promise<void> {
    this.#cancel()
    if (this.#closed) return
    const { loops, clock } = this.#inbox.team
    const next = await expireDue(this.#inbox, this.#by)
    this.#armed = next !== null
    if (next === null || this.#closed) return
    this.#cancel = loops.after(restMs(next, clock.now()), () => this.#look())
  }
}
