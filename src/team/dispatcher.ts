/** Decides which waiting agents this host starts next, and keeps the turns that it runs. */
import type { AgentEvent, CancelReason } from '../agent-backend.ts'
import { messageOf } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import { repeat, type CancelTimer } from '../time/clock.ts'
import { DefinitionCache, type HostEnvironment, type TeamContext } from './context.ts'
import { AccountLimits } from './account-limits.ts'
import { runTurn, type ActivityListener, type RunningTurn } from './turn-runner.ts'
import { startTurn, type StartedTurn } from './turn-start.ts'

export interface DispatchOptions {
  /** Turns at the same time. */
  readonly concurrency: () => number
  /** Only these agents; every agent without it. */
  readonly agents?: ReadonlySet<string>
  readonly onActivity: ActivityListener
  /** Told of an error that no caller waits for. */
  readonly onError: (error: unknown) => void
}

/** A safety net for what no event announced; wake-ups come from events. */
const SCAN_INTERVAL_MS = 2000
const SCAN_LIMIT = 256

/** Who has just posted is likely to post again: other processes are looked at closely for so long. */
const ALERT_MS = 2000

export class Dispatcher {
  readonly #team: TeamContext
  readonly #environment: HostEnvironment
  readonly #host: string
  readonly #options: DispatchOptions
  readonly #definitions = new DefinitionCache()
  /** Agents that may have something to start, in order of arrival. */
  readonly #candidates = new Set<string>()
  readonly #running = new Map<string, RunningTurn>()
  readonly #busyAgents = new Set<string>()
  /** Busy agents that were offered meanwhile: what was posted just as a turn ended is not left behind. */
  readonly #offered = new Set<string>()
  #starting = 0
  #onlyItems = false
  #accepting = false
  #stopScan: CancelTimer = () => {}
  #unsubscribe: () => void = () => {}
  /** Ends looking closely at other processes. */
  #relax: (() => void) | undefined
  /** Accounts whose quota is used up, and what starts their agents again. */
  readonly #limits: AccountLimits
  #lastPostAt = 0
  readonly #idleListeners = new Set<() => void>()

  constructor(team: TeamContext, environment: HostEnvironment, host: string, options: DispatchOptions) {
    this.#team = team
    this.#environment = environment
    this.#host = host
    this.#options = options
    this.#limits = new AccountLimits(team.clock, () => void this.scan())
  }

  /** Begins to start turns: first of what waits already. */
  async open(): Promise<void> {
    this.#accepting = true
    this.#unsubscribe = this.#team.feed.subscribe((event) => this.#observe(event))
    for (const { account, limitedUntil } of await this.#team.store.read((reader) => reader.list('account'))) {
      this.#limits.set(account, limitedUntil)
    }
    this.#stopScan = repeat(this.#team.loops, SCAN_INTERVAL_MS, () => this.scan())
    await this.scan()
  }

  /** Looks for agents that are ready; only reads. */
  async scan(): Promise<void> {
    if (!this.#accepting) return
    try {
      const ready = await this.#team.store.read((reader) =>
        reader.list('agent', { where: { ready: 1 }, limit: SCAN_LIMIT }),
      )
      for (const agent of ready) {
        if (this.#environment.backend(agent.backend) === undefined || this.#limits.has(agent.account))
          continue
        this.#offer(agent.name)
      }
      this.#pump()
    } catch (error) {
      this.#options.onError(error)
    }
  }

  /** Starts what an agent was just sent, as if the event of its message had come. */
  startSoon(agent: string): void {
    this.#offer(agent)
    this.#pump()
  }

  /** True while a turn runs or is about to. */
  get busy(): boolean {
    return this.#running.size > 0 || this.#starting > 0 || this.#candidates.size > 0
  }

  /** Calls `listener` whenever there is nothing more to do. */
  onIdle(listener: () => void): () => void {
    this.#idleListeners.add(listener)
    return () => this.#idleListeners.delete(listener)
  }

  /** Resolves when nothing runs and nothing is left to start. */
  async idle(signal?: AbortSignal): Promise<void> {
    await this.scan()
    while (this.busy && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          off()
          signal?.removeEventListener('abort', done)
          resolve()
        }
        const off = this.onIdle(done)
        signal?.addEventListener('abort', done, { once: true })
      })
    }
  }

  /** Starts only what attempts at items that already run still ask. */
  startOnlyItems(): void {
    this.#onlyItems = true
  }

  /** Starts nothing more. */
  stopAccepting(): void {
    this.#accepting = false
    this.#candidates.clear()
    this.#stopScan()
    this.#relax?.()
    this.#limits.close()
  }

  /** Ends the turns that run, without settling them. */
  abandonAll(): void {
    for (const turn of this.#running.values()) turn.abandon()
  }

  /** The turns that run. */
  get turns(): readonly string[] {
    return [...this.#running.keys()]
  }

  /** Resolves when no turn of a message runs here. */
  async turnEnded(message: string): Promise<void> {
    const own = [...this.#running.values()].filter(({ started }) => started.message.id === message)
    await Promise.allSettled(own.map((turn) => turn.ended))
  }

  /** Waits for the turns that run. */
  async ended(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map((turn) => turn.ended))
  }

  close(): void {
    this.stopAccepting()
    this.#unsubscribe()
  }

  #observe(event: AtelierEvent): void {
    switch (event.type) {
      case 'message.posted':
        if (this.#environment.backend(event.data.backend) !== undefined) {
          this.#offer(event.data.agent)
          this.#pump()
          this.#beAlert(event.at)
        }
        return
      case 'message.cancelled':
        return this.#cancelMessage(event.data.message, { kind: 'cancelled', message: event.data.reason })
      case 'account.limited':
        return this.#limits.set(event.data.account, event.data.until)
      case 'message.failed':
        // It failed without a turn: the one behind it may start.
        this.#offer(event.data.agent)
        this.#pump()
        return
      case 'turn.lost':
        this.#running.get(event.data.turn)?.abandon()
        void this.scan()
        return
      case 'turn.finished':
        // Another host's turn ended: its next message may be for this one.
        if (!this.#running.has(event.data.turn)) void this.scan()
        return
      default:
        return
    }
  }

  #beAlert(postedAt: number): void {
    this.#lastPostAt = postedAt
    if (this.#relax !== undefined || !this.#accepting) return
    const unsubscribe = this.#team.feed.subscribe(() => {}, true)
    const look = (): void => {
      const restMs = this.#lastPostAt + ALERT_MS - this.#team.loops.now()
      if (restMs > 0) cancel = this.#team.loops.after(restMs, look)
      else this.#relax?.()
    }
    let cancel = this.#team.loops.after(ALERT_MS, look)
    this.#relax = () => {
      this.#relax = undefined
      cancel()
      unsubscribe()
    }
  }

  #cancelMessage(message: string, reason: CancelReason): void {
    for (const turn of this.#running.values()) if (turn.started.message.id === message) turn.cancel(reason)
  }

  #offer(agent: string): void {
    if (!this.#accepting) return
    if (this.#busyAgents.has(agent)) {
      this.#offered.add(agent)
      return
    }
    if (this.#options.agents === undefined || this.#options.agents.has(agent)) this.#candidates.add(agent)
  }

  #pump(): void {
    for (const agent of this.#candidates) {
      if (this.#running.size + this.#starting >= this.#options.concurrency()) return
      this.#candidates.delete(agent)
      void this.#run(agent)
    }
    if (!this.busy) for (const listener of [...this.#idleListeners]) listener()
  }

  /** A turn tells of a used-up account some time before it ends: nothing is started on it from then on. */
  #follow({ turn, agent }: StartedTurn, event: AgentEvent): void {
    if (event.t === 'limit' && event.state !== 'near') this.#limits.hold(turn, agent.account)
    else if (event.t === 'text' || event.t === 'tool') this.#limits.release(turn)
  }

  async #run(agent: string): Promise<void> {
    this.#starting++
    this.#busyAgents.add(agent)
    let more = false
    let counted = true
    try {
      const started = await startTurn({
        team: this.#team,
        environment: this.#environment,
        definitions: this.#definitions,
        host: this.#host,
        agent,
        isLimited: (account) => this.#limits.has(account),
        onlyItems: this.#onlyItems,
      })
      if (started === undefined) return
      const running = runTurn(this.#team, this.#environment, this.#host, started, (turn, event) => {
        this.#follow(turn, event)
        this.#options.onActivity(turn, event)
      })
      this.#running.set(started.turn, running)
      this.#starting--
      counted = false
      try {
        more = await running.ended
      } finally {
        this.#running.delete(started.turn)
        this.#limits.release(started.turn)
      }
    } catch (error) {
      this.#options.onError(new Error(`Turn of "${agent}": ${messageOf(error)}`, { cause: error }))
    } finally {
      if (counted) this.#starting--
      this.#busyAgents.delete(agent)
      if (this.#offered.delete(agent) || more) this.#offer(agent)
      this.#pump()
    }
  }
}
