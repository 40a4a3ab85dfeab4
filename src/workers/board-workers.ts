/**
 * The board workers of one host: each is an agent, or several, that takes items of one type. They are woken when an item
 * becomes ready, in this process or another; the interval is only for what no event announced.
 */
import { CIRCUIT_LIMITS } from '../board/circuit.ts'
import type { AgentEvent } from '../agent-backend.ts'
import type { AtelierEvent, EventOf } from '../events.ts'
import type { StartedTurn } from '../team/turn-start.ts'
import type { OperationalChange } from '../store.ts'
import { MergeApprovals } from '../integration/approvals.ts'
import { repeat, type CancelTimer } from '../time/clock.ts'
import { runAttempt } from './attempt.ts'
import { claimTimer } from './external.ts'
import { claimNext, type ClaimedItem } from './claims.ts'
import { reportProgress } from './commands.ts'
import { scalePool } from './pool-scaling.ts'
import type { WorkerContext } from './context.ts'
import { HeldMerges } from './held-merges.ts'
import { Leftovers } from './leftovers.ts'
import { LongWaits } from './long-waits.ts'
import { ProgressReader } from './progress.ts'
import { Submissions } from './submissions.ts'
import type { DueTimer } from '../team/due-timer.ts'
import { WakeTimer } from './wake-timer.ts'
import {
  newWorker,
  withOutcome,
  workerRow,
  type BoardWorkerSpec,
  type Running,
  type Worker,
} from './worker.ts'

/** How often a worker looks for work that no event announced, where it names no interval. */
export const DEFAULT_INTERVAL_MS = 60_000

/** What is known of a worker by whoever runs it. */
export interface BoardWorkerState extends BoardWorkerSpec {
  readonly items: readonly string[]
  /** Items that it has settled as done since it began. */
  readonly finished: number
}

export class BoardWorkers {
  readonly #context: WorkerContext
  readonly #workers = new Map<string, Worker>()
  readonly #wake: WakeTimer
  readonly #held: HeldMerges
  readonly #claims: DueTimer
  readonly #approvals: MergeApprovals
  readonly #leftovers: Leftovers
  readonly #waits: LongWaits
  readonly #submissions: Submissions
  /** Looks by the time at which they are due. */
  readonly #looks = new Map<number, CancelTimer>()
  /** Looks at the board that may claim something. */
  readonly #claiming = new Set<Promise<void>>()
  #accepting = false
  #abandoned = false
  #unsubscribe: () => void = () => {}

  constructor(context: WorkerContext) {
    this.#context = context
    this.#wake = new WakeTimer(context.team, context.onError)
    this.#leftovers = new Leftovers(context)
    this.#waits = new LongWaits(context.team, context)
    this.#submissions = new Submissions(context)
    this.#held = new HeldMerges(context.team, {
      onError: context.onError,
      onDone: () => this.#leftovers.look(),
    })
    this.#claims = claimTimer(context.team, context.onError)
    this.#approvals = new MergeApprovals(context.team, context.onError)
  }

  async open(): Promise<void> {
    if (this.#accepting) return
    this.#accepting = true
    this.#unsubscribe = this.#context.team.feed.subscribe((event) => this.#observe(event), true)
    await this.#wake.open()
    await this.#held.open()
    await this.#claims.open()
    await this.#approvals.open()
    await this.#submissions.open()
    const { accounts, circuits } = await this.#context.team.store.read(async (reader) => ({
      accounts: await reader.list('account'),
      circuits: await reader.list('circuit'),
    }))
    for (const { limitedUntil } of accounts) this.#lookAt(limitedUntil)
    for (const { since } of circuits) if (since !== null) this.#lookAt(since + CIRCUIT_LIMITS.timeoutMs + 1)
    for (const worker of this.#workers.values()) this.#look(worker)
  }

  /** Adds a worker, or changes the one of that name: its agents, its type. What runs goes on. */
  add(spec: BoardWorkerSpec): void {
    this.remove(spec.name)
    const worker = newWorker(spec, this.#context.team.clock.now())
    worker.stopTimer = repeat(this.#context.team.loops, spec.intervalMs, async () => this.#look(worker))
    this.#workers.set(spec.name, worker)
    this.#register(worker)
    this.#look(worker)
  }

  /** The worker takes nothing more; what it runs goes on. */
  remove(name: string): void {
    const worker = this.#workers.get(name)
    if (worker === undefined) return
    worker.dismissed = true
    worker.stopTimer()
    this.#workers.delete(name)
    const row: OperationalChange = { table: 'worker', remove: [this.#context.host, name] }
    this.#context.team.store.write([row]).catch(this.#context.onError)
  }

  /** Shows the worker to other processes. */
  #register(worker: Worker): void {
    const { host, team, onError } = this.#context
    team.store.write([{ table: 'worker', put: workerRow(worker, host) }]).catch(onError)
  }

  get states(): readonly BoardWorkerState[] {
    return [...this.#workers.values()].map(({ spec, running, finished }) => ({
      ...spec,
      items: [...running.values()].map(({ item }) => item),
      finished,
    }))
  }

  /** True while an attempt runs. */
  get busy(): boolean {
    return this.#running().length > 0 || this.#submissions.busy
  }

  /** Takes nothing more. */
  stopAccepting(): void {
    this.#accepting = false
    this.#submissions.stopAccepting()
    this.#wake.close()
    for (const { stopTimer } of this.#workers.values()) stopTimer()
    for (const cancel of this.#looks.values()) cancel()
    this.#looks.clear()
  }

  /** Ends the attempts that run, without settling them: their items were given back, or will be. */
  abandonAll(): void {
    this.#abandoned = true
    this.#submissions.abandonAll()
    for (const { controller } of this.#running()) controller.abort()
  }

  async ended(): Promise<void> {
    // A claim that is under way becomes an attempt.
    for (let pending = this.#pending(); pending.length > 0; pending = this.#pending())
      await Promise.allSettled(pending)
    await this.#leftovers.ended()
  }

  close(): void {
    this.stopAccepting()
    for (const name of [...this.#workers.keys()]) this.remove(name)
    this.#unsubscribe()
    this.#held.close()
    this.#claims.close()
    this.#approvals.close()
    this.#submissions.close()
    this.#leftovers.close()
    this.#context.settlements.close()
  }

  /** Agents that may work at the same time. */
  get capacity(): number {
    return [...this.#workers.values()].reduce(
      (sum, { spec, agents }) => sum + Math.max(agents.length, spec.limits.max),
      0,
    )
  }

  /** A worker waits for items to come. */
  get armed(): boolean {
    return this.#workers.size > 0
  }

  #running(): Running[] {
    return [...this.#attempts.values()]
  }

  #pending(): readonly Promise<void>[] {
    const attempts = this.#running().map(({ ended }) => ended)
    return [...this.#claiming, ...attempts, ...this.#submissions.running]
  }

  /** Told of what happens in turns of this host. */
  activity({ message }: StartedTurn, event: AgentEvent): void {
    if (message.itemAttempt !== null) this.#attempts.get(message.itemAttempt)?.progress.read(event)
  }

  /** Attempts by id, also those of workers that were changed meanwhile. */
  readonly #attempts = new Map<string, Running>()

  #observe(event: AtelierEvent): void {
    this.#waits.observe(event)
    switch (event.type) {
      case 'item.readied':
        return this.#lookAll()
      case 'account.limited':
        return this.#lookAt(event.data.until)
      case 'circuit.changed':
        if (event.data.since !== null) this.#lookAt(event.data.since + CIRCUIT_LIMITS.timeoutMs + 1)
        return
      case 'attempt.ended':
        this.#noteEnd(event.data)
        // A cancelled item, or one that was taken from this host: its attempt ends without a word.
        if (event.data.outcome !== 'done' && event.data.outcome !== 'failed')
          this.#attempts.get(event.data.attempt)?.controller.abort()
        // What must not run beside it may run now.
        return this.#lookAll()
      default:
        return
    }
  }

  /** Looks when what kept a worker from claiming has passed. */
  #lookAt(at: number): void {
    if (!this.#accepting || this.#looks.has(at)) return
    const { clock } = this.#context.team
    const cancel = clock.after(Math.max(0, at - clock.now()), () => {
      this.#looks.delete(at)
      this.#lookAll()
    })
    this.#looks.set(at, cancel)
  }

  #lookAll(): void {
    for (const worker of this.#workers.values()) this.#look(worker)
  }

  #look(worker: Worker): void {
    if (!this.#accepting || worker.dismissed) return
    this.#scale(worker)
    if (worker.idle.size === 0) return
    if (worker.looking) {
      worker.again = true
      return
    }
    worker.looking = true
    const claiming = this.#claim(worker)
      .catch(this.#context.onError)
      .finally(() => {
        this.#claiming.delete(claiming)
        worker.looking = false
        if (!worker.again) return
        worker.again = false
        this.#look(worker)
      })
    this.#claiming.add(claiming)
  }

  /** The size of a pool follows its work. */
  #scale(worker: Worker): void {
    const { limits } = worker.spec
    if (limits.min === limits.max || worker.scaling) return
    worker.scaling = true
    const scaling = scalePool(this.#context, worker)
      .then(({ isChanged, lookAt }) => {
        if (worker.dismissed) return
        if (lookAt !== null) this.#lookAt(lookAt)
        if (!isChanged) return
        this.#register(worker)
        // There may be work for one more still.
        this.#lookAt(this.#context.team.clock.now())
      })
      .catch(this.#context.onError)
      .finally(() => {
        worker.scaling = false
        this.#claiming.delete(scaling)
      })
    this.#claiming.add(scaling)
  }

  /** What failed counts against its worker; what is done is noted when its agent is free. */
  #noteEnd({ attempt, outcome }: EventOf<'attempt.ended'>['data']): void {
    const worker = [...this.#workers.values()].find(({ mine }) => mine.delete(attempt))
    if (worker === undefined || outcome !== 'failed') return
    worker.recent = withOutcome(worker.recent, 0)
    this.#register(worker)
  }

  /** Notes what the attempt says of its progress; a report that comes too late is nobody's error. */
  #progressOf({ item, attempt }: ClaimedItem): ProgressReader {
    return new ProgressReader((progress) => {
      reportProgress(this.#context.team, item.id, attempt, progress).catch(() => {})
    })
  }

  /** Claims for each idle agent until there is nothing to claim. */
  async #claim(worker: Worker): Promise<void> {
    const { spec, idle } = worker
    for (const agent of [...idle]) {
      if (!this.#accepting || worker.dismissed) return
      if (!idle.has(agent)) continue
      worker.asking = agent
      let isLeft = false
      const claimed = await claimNext(this.#context.team, {
        type: spec.type,
        agent,
        host: this.#context.host,
        routing: spec.routing,
        canHandleOf: this.#context.canHandleOf,
        onLeft: (until) => {
          isLeft = true
          this.#lookAt(until)
        },
      })
      worker.asking = null
      // What one leaves to another may be left to the next of these.
      if (claimed === undefined && isLeft) continue
      if (claimed === undefined) return
      const controller = new AbortController()
      // The host ended meanwhile, and has given the item back.
      if (this.#abandoned) controller.abort()
      idle.delete(agent)
      const { attempt } = claimed
      let isFree = false
      const free = (isDone: boolean): void => {
        if (isFree) return
        isFree = true
        if (isDone) worker.finished++
        if (isDone) worker.recent = withOutcome(worker.recent, 1)
        if (isDone && !worker.dismissed) this.#register(worker)
        idle.add(agent)
        this.#look(worker)
      }
      const ended = runAttempt(this.#context, {
        claimed,
        agent: claimed.owner,
        worktree: spec.worktree,
        signal: controller.signal,
        onFree: free,
        waits: this.#waits,
      })
        .catch((error: unknown) => this.#context.onError(error))
        .finally(() => {
          this.#attempts.delete(attempt)
          worker.running.delete(attempt)
          free(false)
        })
      const progress = this.#progressOf(claimed)
      const running = { item: claimed.item.id, agent, controller, ended, progress }
      worker.running.set(attempt, running)
      worker.mine.add(attempt)
      this.#attempts.set(attempt, running)
    }
  }
}
