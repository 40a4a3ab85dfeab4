/** What a host has for runs, loaded when there is a run: most workshops have none, and start faster without it. */
import type { AgentEvent } from '../agent-backend.ts'
import type { Projection, Store } from '../store.ts'
import type { HostWork } from '../team/context.ts'
import type { StartedTurn } from '../team/turn-start.ts'
import type { Clock } from '../time/clock.ts'
import type { WorkerContext } from '../workers/context.ts'
import type { RunContext } from './commands.ts'
import { FollowingStore } from './following-store.ts'
import type { StageFunction } from './perform.ts'
import type { RunsOfHost } from './hosting.ts'

/** A store in which runs go on with whatever settles their items. */
export function followRuns(store: Store, clock: Clock, projection: Projection): Store {
  return new FollowingStore(store, clock, async () => (await import('./follower.ts')).runFollower(projection))
}

export interface HostRunContext extends RunContext {
  readonly functions: ReadonlyMap<string, StageFunction>
}

/** Lets the workers of a host do items of runs. */
export function workerOfRuns(
  { functions }: HostRunContext,
  parts: Omit<WorkerContext, 'inputsOf' | 'perform'>,
): WorkerContext {
  const worker: WorkerContext = {
    ...parts,
    inputsOf: async (item, definition, signal) =>
      (await import('./consulting.ts')).guided(worker, item, definition, signal),
    perform: async (attempt) => (await import('./perform.ts')).perform(worker, functions, attempt),
  }
  return worker
}

export class RunsOnDemand implements HostWork {
  readonly #context: HostRunContext
  readonly #worker: WorkerContext
  readonly #backends: readonly string[]
  #loading: Promise<void> | undefined
  #runs: RunsOfHost | undefined
  #accepting = false
  #unsubscribe: () => void = () => {}

  constructor(context: HostRunContext, worker: WorkerContext, backends: readonly string[]) {
    this.#context = context
    this.#worker = worker
    this.#backends = backends
  }

  /** Goes on with what other hosts left. */
  async open(): Promise<void> {
    const { team } = this.#context
    this.#accepting = true
    this.#unsubscribe = team.feed.subscribe(({ type }) => {
      if (type === 'run.started' || type === 'run.reopened') this.#start()
    }, true)
    const isThere = await team.store.read(async (reader) => {
      for (const state of ['running', 'paused'] as const)
        if ((await reader.list('run', { where: { state }, limit: 1 })).length > 0) return true
      return false
    })
    if (isThere) this.#start()
  }

  get busy(): boolean {
    return this.#runs?.busy === true
  }

  get armed(): boolean {
    return this.#runs?.armed === true
  }

  /** Agents that work on items of runs now. */
  get capacity(): number {
    return this.#runs?.capacity ?? 0
  }

  /** Told of what happens in turns of this host. */
  activity(turn: StartedTurn, event: AgentEvent): void {
    this.#runs?.activity(turn, event)
  }

  stopAccepting(): void {
    this.#accepting = false
    this.#unsubscribe()
    this.#runs?.stopAccepting()
  }

  async ended(): Promise<void> {
    await this.#loading
    await this.#runs?.ended()
  }

  abandonAll(): void {
    this.#runs?.abandonAll()
  }

  async close(): Promise<void> {
    this.stopAccepting()
    await this.#loading
    this.#runs?.close()
  }

  #start(): void {
    if (!this.#accepting || this.#loading !== undefined) return
    this.#loading = this.#load().catch(this.#worker.onError)
  }

  async #load(): Promise<void> {
    const { RunsOfHost: Runs } = await import('./hosting.ts')
    this.#runs = new Runs(this.#context, this.#worker, this.#backends)
    if (this.#accepting) await this.#runs.open()
  }
}
