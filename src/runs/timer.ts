/** Wakes the stages of runs whose time has come; any host may, and only one does. A host that opens finds what is due. */
import { restMs } from '../team/inbox-waiting.ts'
import type { CancelTimer } from '../time/clock.ts'
import { onRun, type RunContext } from './commands.ts'

export class RunTimer {
  readonly #context: RunContext
  readonly #onError: (error: unknown) => void
  #cancel: CancelTimer = () => {}
  #unsubscribe: () => void = () => {}
  #looking: Promise<void> | undefined
  #again = false
  #closed = true
  #armed = false

  constructor(context: RunContext, host: string, onError: (error: unknown) => void) {
    this.#context = { ...context, team: { ...context.team, by: { actor: host, via: 'host' } } }
    this.#onError = onError
  }

  async open(): Promise<void> {
    this.#closed = false
    this.#unsubscribe = this.#context.team.feed.subscribe((event) => {
      if (event.type === 'stage.opened' && event.data.wakeAt !== null) this.#look()
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

  close(): void {
    this.stopAccepting()
  }

  get busy(): boolean {
    return this.#looking !== undefined
  }

  /** A stage goes on by itself: this host is not idle for good. */
  get armed(): boolean {
    return this.#armed
  }

  #look(): void {
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    this.#looking = this.#wake()
      .catch(this.#onError)
      .finally(() => {
        this.#looking = undefined
        if (!this.#again) return
        this.#again = false
        this.#look()
      })
  }

  async #wake(): Promise<void> {
    this.#cancel()
    const { team } = this.#context
    for (;;) {
      if (this.#closed) return
      const [next] = await team.store.read((reader) =>
        // No time is 0, and this leaves out stages that wait for no time.
        reader.list('stage', { where: { state: 'open' }, orderBy: 'wakeAt', after: 0, limit: 1 }),
      )
      this.#armed = next?.wakeAt != null
      if (next?.wakeAt == null) return
      const { run, stage, round, wakeAt } = next
      if (wakeAt > team.clock.now()) {
        this.#cancel = team.loops.after(restMs(wakeAt, team.clock.now()), () => this.#look())
        return
      }
      await onRun(this.#context, run, { on: 'woken', stage, round })
    }
  }
}
