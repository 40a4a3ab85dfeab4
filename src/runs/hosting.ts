/** The parts of one host that are about runs: who does their items, and their timers. */
import type { AgentEvent } from '../agent-backend.ts'
import type { DueTimer } from '../team/due-timer.ts'
import type { StartedTurn } from '../team/turn-start.ts'
import type { WorkerContext } from '../workers/context.ts'
import type { HostRunContext } from './on-demand.ts'
import { StageWorkers } from './stage-workers.ts'
import { stageTimer } from './wake-stages.ts'

export class RunsOfHost {
  readonly #stages: StageWorkers
  readonly #timer: DueTimer

  constructor(runs: HostRunContext, worker: WorkerContext, backends: readonly string[]) {
    this.#stages = new StageWorkers({ ...worker, backends, functions: runs.functions })
    this.#timer = stageTimer(runs, worker.host, worker.onError)
  }

  async open(): Promise<void> {
    await this.#stages.open()
    await this.#timer.open()
  }

  get busy(): boolean {
    return this.#stages.busy || this.#timer.busy
  }

  get armed(): boolean {
    return this.#timer.armed
  }

  /** Agents that may work on items of runs at the same time. */
  get capacity(): number {
    return this.#stages.capacity
  }

  /** Told of what happens in turns of this host. */
  activity(turn: StartedTurn, event: AgentEvent): void {
    this.#stages.activity(turn, event)
  }

  stopAccepting(): void {
    this.#stages.stopAccepting()
    this.#timer.stopAccepting()
  }

  async ended(): Promise<void> {
    await Promise.all([this.#stages.ended(), this.#timer.ended()])
  }

  abandonAll(): void {
    this.#stages.abandonAll()
  }

  close(): void {
    this.#stages.close()
    this.#timer.close()
  }
}
