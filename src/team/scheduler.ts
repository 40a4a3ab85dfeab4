/** Prompts that repeat: any host may post a tick that is due, and only one does. */
import { NEVER } from '../agents/projection.ts'
import { decideTick } from '../agents/schedule.ts'
import { newId } from '../ids.ts'
import type { CancelTimer } from '../time/clock.ts'
import type { TeamContext } from './context.ts'

/** Wakes when the next schedule is due, and when a schedule changes. */
export class Scheduler {
  readonly #team: TeamContext
  readonly #host: string
  readonly #onError: (error: unknown) => void
  #cancel: CancelTimer = () => {}
  #unsubscribe: () => void = () => {}
  #closed = false
  #armed = false

  constructor(team: TeamContext, host: string, onError: (error: unknown) => void) {
    this.#team = team
    this.#host = host
    this.#onError = onError
  }

  async open(): Promise<void> {
    this.#unsubscribe = this.#team.feed.subscribe((event) => {
      if (
        event.type === 'schedule.created' ||
        event.type === 'schedule.cancelled' ||
        event.type === 'schedule.ticked'
      ) {
        void this.#arm().catch(this.#onError)
      }
    })
    await this.#arm()
  }

  /** A prompt is going to repeat: this host is not idle for good. */
  get armed(): boolean {
    return this.#armed
  }

  close(): void {
    this.#closed = true
    this.#cancel()
    this.#unsubscribe()
  }

  async #arm(): Promise<void> {
    if (this.#closed) return
    const [next] = await this.#team.store.read((reader) =>
      reader.list('schedule', { orderBy: 'nextAt', limit: 1 }),
    )
    this.#cancel()
    this.#armed = next !== undefined && next.nextAt !== NEVER
    if (next === undefined || !this.#armed || this.#closed) return
    this.#cancel = this.#team.clock.after(next.nextAt - this.#team.clock.now(), () => {
      void this.#tick(next.agent).catch(this.#onError)
    })
  }

  async #tick(agent: string): Promise<void> {
    const message = newId('msg')
    const { events } = (await this.#team.store.transact({
      name: 'schedule.tick',
      keys: [`agent:${agent}`],
      by: { actor: this.#host, via: 'host' },
      load: async (reader) => ({
        row: await reader.get('schedule', agent),
        agent: await reader.get('agent', agent),
      }),
      decide: ({ row, agent: target }, now) => decideTick(row, target, message, now),
    })) as { events?: readonly unknown[] }
    if (events === undefined || events.length === 0) await this.#arm()
  }
}
