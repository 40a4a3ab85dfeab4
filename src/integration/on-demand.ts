/** The integrator of a host, opened when there is something to merge or to set aside: most hosts work in no worktree, and some in no repository. */
import type { HostWork, TeamContext } from '../team/context.ts'
import type { Integrator, IntegratorOptions } from './integrator.ts'

export class IntegratorOnDemand implements HostWork {
  readonly #team: TeamContext
  readonly #options: IntegratorOptions
  #integrator: Promise<Integrator | undefined> | undefined
  #opened: Integrator | undefined
  #accepting = false
  #unsubscribe: () => void = () => {}

  constructor(team: TeamContext, options: IntegratorOptions) {
    this.#team = team
    this.#options = options
  }

  /** Goes on with what other hosts left. */
  async open(): Promise<void> {
    this.#accepting = true
    this.#unsubscribe = this.#team.feed.subscribe(({ type }) => {
      if (type === 'merge.requested' || type === 'change.closed') this.#start()
    })
    const open = await this.#team.store.read(async (reader) => {
      for (const state of ['queued', 'taken', 'intended', 'held'] as const)
        if ((await reader.list('merge', { where: { state }, limit: 1 })).length > 0) return true
      return false
    })
    if (open) this.#start()
  }

  get busy(): boolean {
    return this.#opened?.busy === true
  }

  get armed(): boolean {
    return false
  }

  stopAccepting(): void {
    this.#accepting = false
    this.#unsubscribe()
    this.#opened?.stopAccepting()
  }

  async ended(): Promise<void> {
    await (await this.#integrator)?.ended()
  }

  abandonAll(): void {
    void this.close().catch(this.#options.onError)
  }

  async close(): Promise<void> {
    this.stopAccepting()
    await (await this.#integrator)?.close()
  }

  #start(): void {
    if (!this.#accepting || this.#integrator !== undefined) return
    this.#integrator = this.#load().catch((error: unknown) => {
      this.#options.onError(error)
      return undefined
    })
  }

  async #load(): Promise<Integrator> {
    const { Integrator } = await import('./integrator.ts')
    const integrator = new Integrator(this.#team, this.#options)
    this.#opened = integrator
    if (this.#accepting) await integrator.open()
    return integrator
  }
}
