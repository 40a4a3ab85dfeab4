/** A process that runs agents: registered, alive by its lease, and gone without a trace when it stops. */
import { newId } from '../ids.ts'
import type { HostRow } from '../tables.ts'
import { repeat, type CancelTimer } from '../time/clock.ts'
import { commit, type HostEnvironment, type HostWork, type TeamContext } from './context.ts'
import { Dispatcher } from './dispatcher.ts'
import { Liveness, loseTurns } from './liveness.ts'
import { Scheduler } from './scheduler.ts'
import type { ActivityListener } from './turn-runner.ts'

/** How long a host counts as alive after its last sign of life, for those that cannot see its process. */
export const HOST_LEASE_MS = 15_000
const HEARTBEAT_MS = 5000

export interface HostOptions {
  readonly kind: HostRow['kind']
  /** Turns at the same time; asked before each start. */
  readonly concurrency: () => number
  /** Only these agents; every agent without it. */
  readonly agents?: readonly string[]
  /** Ends by itself after this long without work, ms. */
  readonly idleExitMs?: number
  /** Further work of the host, made for its id. */
  readonly work?: (host: string) => readonly HostWork[]
  readonly onActivity?: ActivityListener
  readonly onError?: (error: unknown) => void
}

export class Host {
  readonly id: string = newId('host')
  readonly #team: TeamContext
  readonly #environment: HostEnvironment
  readonly #options: HostOptions
  readonly #onError: (error: unknown) => void
  readonly #dispatcher: Dispatcher
  readonly #liveness: Liveness
  readonly #scheduler: Scheduler
  readonly #work: readonly HostWork[]
  readonly #ended = Promise.withResolvers<void>()
  #stopHeartbeat: CancelTimer = () => {}
  #cancelIdleExit: CancelTimer = () => {}
  #unsubscribe: () => void = () => {}
  #stopping: Promise<void> | undefined
  #interrupt = new AbortController()

  constructor(team: TeamContext, environment: HostEnvironment, options: HostOptions) {
    const onError = options.onError ?? (() => {})
    this.#team = team
    this.#environment = environment
    this.#options = options
    this.#onError = onError
    this.#liveness = new Liveness(team, environment, this.id, onError)
    this.#scheduler = new Scheduler(team, this.id, onError)
    this.#work = options.work?.(this.id) ?? []
    this.#dispatcher = new Dispatcher(team, environment, this.id, {
      concurrency: options.concurrency,
      onActivity: options.onActivity ?? (() => {}),
      onError,
      ...(options.agents === undefined ? {} : { agents: new Set(options.agents) }),
    })
  }

  /** Resolves when the host has ended, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** Registers, recovers what dead hosts left, and begins to work. */
  async open(): Promise<void> {
    await this.#register()
    this.#unsubscribe = this.#team.feed.subscribe((event) => {
      if (event.type === 'host.stop_requested' && event.data.host === this.id)
        void this.stop({ now: event.data.now })
    })
    this.#stopHeartbeat = repeat(this.#team.loops, HEARTBEAT_MS, () => this.#register().catch(this.#onError))
    await this.#liveness.open()
    await this.#dispatcher.open()
    // A host for a few agents is there for their messages only.
    if (this.#options.agents === undefined) await this.#scheduler.open()
    for (const work of this.#work) await work.open()
    this.#armIdleExit()
  }

  /** Tells others at once what this host offers now, and looks for agents that it can run since then. */
  async backendsChanged(): Promise<void> {
    await this.#register()
    await this.#dispatcher.scan()
  }

  /** Starts what an agent was just sent, as if the event of its message had come. */
  startSoon(agent: string): void {
    this.#dispatcher.startSoon(agent)
  }

  /** Resolves when no turn of a message runs here. */
  async turnEnded(message: string): Promise<void> {
    await this.#dispatcher.turnEnded(message)
  }

  /** Resolves when this host has nothing left that it could run. */
  idle(signal?: AbortSignal): Promise<void> {
    return this.#dispatcher.idle(signal)
  }

  /**
   * Ends the host: running turns are finished first, or with `now` given up, which puts their messages back.
   */
  stop({ now }: { readonly now: boolean }): Promise<void> {
    if (now) this.#interrupt.abort()
    this.#stopping ??= this.#stop().finally(() => this.#ended.resolve())
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#cancelIdleExit()
    this.#dispatcher.startOnlyItems()
    this.#scheduler.close()
    // Whoever looks for a host to use sees at once that this one is going.
    await this.#register().catch(this.#onError)
    const interrupted = aborted(this.#interrupt.signal)
    await Promise.race([this.#drainWork(), interrupted])
    this.#dispatcher.stopAccepting()
    await Promise.race([this.#dispatcher.ended(), interrupted])
    this.#liveness.close()
    this.#stopHeartbeat()
    // Settled first, so that another host can take the messages while processes are still ending here.
    await loseTurns(this.#team, this.#environment.holdings, {
      host: this.id,
      reason: 'host_stopped',
      by: this.id,
    })
    for (const work of this.#work) {
      work.stopAccepting()
      work.abandonAll()
    }
    this.#dispatcher.abandonAll()
    await Promise.all([this.#workEnded(), this.#dispatcher.ended()])
    for (const work of this.#work) await work.close()
    this.#dispatcher.close()
    this.#unsubscribe()
    await this.#environment.releaseHost(this.id).catch(this.#onError)
  }

  /** One after the other: what runs in the first may still need the second. */
  async #drainWork(): Promise<void> {
    for (const work of this.#work) {
      work.stopAccepting()
      await work.ended()
    }
  }

  async #workEnded(): Promise<void> {
    await Promise.all(this.#work.map((work) => work.ended()))
  }

  async #register(): Promise<void> {
    const { identity, backends } = this.#environment
    const { kind, idleExitMs } = this.#options
    await commit(this.#team.store, {
      name: 'host.change',
      keys: [`host:${this.id}`],
      by: { actor: this.id, via: 'host' },
      load: (reader) => reader.get('host', this.id),
      decide: (row, now) => ({
        events:
          row === undefined
            ? [{ type: 'host.started', data: { host: this.id, pid: identity.pid, kind } }]
            : [],
        rows: [
          {
            table: 'host',
            put: {
              id: this.id,
              kind,
              state: this.#stopping === undefined ? 'running' : 'draining',
              machine: identity.machine,
              pid: identity.pid,
              pidStart: identity.pidStart,
              backends,
              startedAt: row?.startedAt ?? now,
              expiresAt: now + HOST_LEASE_MS,
              idleExitMs: idleExitMs ?? null,
            },
          },
        ],
      }),
    })
  }

  #armIdleExit(): void {
    const { idleExitMs } = this.#options
    if (idleExitMs === undefined) return
    const arm = (): void => {
      this.#cancelIdleExit()
      if (this.#stopping !== undefined) return
      this.#cancelIdleExit = this.#team.clock.after(idleExitMs, () => {
        const isWorking = this.#work.some(({ busy, armed }) => busy || armed)
        if (this.#dispatcher.busy || this.#scheduler.armed || isWorking) return arm()
        void this.stop({ now: false })
      })
    }
    this.#dispatcher.onIdle(arm)
    arm()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
