/** What a host has for runs: the store that lets them go on, who does their items, and their timers. */
import type { AgentEvent } from '../agent-backend.ts'
import type { Projection, Store } from '../store.ts'
import type { HostWork } from '../team/context.ts'
import type { StartedTurn } from '../team/turn-start.ts'
import type { Clock } from '../time/clock.ts'
import type { WorkerContext } from '../workers/context.ts'
import type { RunContext } from './commands.ts'
import { guided } from './consulting.ts'
import { runFollower } from './follower.ts'
import { FollowingStore } from './following-store.ts'
import { perform, type StageFunction } from './perform.ts'
import { StageWorkers } from './stage-workers.ts'
import { RunTimer } from './timer.ts'

/** A store in which runs go on with whatever settles their items. */
export function followRuns(store: Store, clock: Clock, projection: Projection): Store {
  return new FollowingStore(store, clock, runFollower(projection))
}

export interface HostRunContext extends RunContext {
  readonly functions: ReadonlyMap<string, StageFunction>
}

/** The parts of one host that are about runs. */
export class RunsOfHost {
  /** What all workers of the host work with. */
  readonly worker: WorkerContext
  readonly work: readonly HostWork[]
  readonly #stages: StageWorkers

  constructor(
    runs: HostRunContext,
    parts: Omit<WorkerContext, 'inputsOf' | 'perform'>,
    backends: readonly string[],
  ) {
    const worker: WorkerContext = {
      ...parts,
      inputsOf: (item, definition, signal) => guided(worker, item, definition, signal),
      perform: (attempt) => perform(worker, runs.functions, attempt),
    }
    this.worker = worker
    this.#stages = new StageWorkers({ ...worker, backends, functions: runs.functions })
    this.work = [this.#stages, new RunTimer(runs, parts.host, parts.onError)]
  }

  /** Agents that may work on items of runs at the same time. */
  get capacity(): number {
    return this.#stages.capacity
  }

  /** Told of what happens in turns of this host. */
  activity(turn: StartedTurn, event: AgentEvent): void {
    this.#stages.activity(turn, event)
  }
}
