/**
 * The rows of a run while one thing that happened is worked out. Events are applied to them at once, by the same functions as
 * by the store, so that what follows sees what came before.
 */
import type { EventBodies, NewEvent } from '../events.ts'
import type { Json } from '../json.ts'
import type { RowLookup } from '../tables.ts'
import type { Command, Reads, RoundOf, Slice } from './advance.ts'
import { resultKey } from './names.ts'
import type { Plan, PlannedStage } from './plan.ts'
import {
  applyWorkflow,
  canHappen,
  untouchedStage,
  type StageEvent,
  type WorkflowEvent,
} from './projection.ts'
import type { RunRow, StageRow } from './run.ts'

/** What an event of a stage says beyond which stage, in which round. */
type Said<T extends StageEvent['type']> = Omit<
  EventBodies[T],
  'run' | 'stage' | 'round' | 'position' | 'needs'
>

export class Step {
  readonly plan: Plan
  readonly now: number
  readonly inputs: Slice['inputs']
  readonly commands: Command[] = []
  /** Stages that may start: nothing that they need is left. */
  readonly ready: string[] = []
  /** How often something was looked for that is not loaded. */
  misses = 0
  /** Something was settled that no checkpoint holds. */
  hasSettled = false
  hasCheckpoint = false
  #run: RunRow
  readonly #slice: Slice
  readonly #stages = new Map<string, StageRow>()
  readonly #wanted = {
    stages: new Set<string>(),
    results: new Map<string, RoundOf>(),
    states: new Set<HeldState>(),
  }
  #wantedQueued = 0
  /** Of the queued ones that were loaded, those that have been looked at. */
  #taken = 0
  readonly #queuedHere: string[] = []

  constructor(plan: Plan, slice: Slice, now: number) {
    this.plan = plan
    this.now = now
    this.inputs = slice.inputs
    this.#slice = slice
    this.#run = slice.run
  }

  get run(): RunRow {
    return this.#run
  }

  /** A failure that nothing handles: nothing new starts, and the run ends when what runs has ended. */
  get isDoomed(): boolean {
    return this.#run.unhandled > 0
  }

  /** Whether new work may begin at all. */
  get isHeld(): boolean {
    return this.#run.state !== 'running' || this.isDoomed
  }

  /** The row of a stage. One that is not loaded is taken as untouched, and asked for. */
  stage(id: string): StageRow {
    const known = this.#stages.get(id)
    if (known !== undefined) {
      if (this.#wanted.stages.has(id)) this.misses++
      return known
    }
    const loaded = this.#slice.stages.get(id)
    if (loaded === undefined) {
      this.misses++
      this.#wanted.stages.add(id)
    }
    const { position, needs } = this.plan.stages.get(id) as PlannedStage
    const row = loaded ?? untouchedStage(this.#run.id, id, position, needs.length)
    this.#stages.set(id, row)
    return row
  }

  /** True if a stage has a row: something has happened to it. */
  isTouched(id: string): boolean {
    const row = this.stage(id)
    return row.state !== 'pending' || row.unmet < this.plannedOf(row).needs.length || row.round > 1
  }

  plannedOf({ stage }: StageRow): PlannedStage {
    return this.plan.stages.get(stage) as PlannedStage
  }

  /** The result of a round of a stage; null where there is none, or none is loaded. */
  result(stage: string, round: number): Json | null {
    const key = resultKey(stage, round)
    const loaded = this.#slice.results.get(key)
    if (loaded === undefined) {
      this.misses++
      this.#wanted.results.set(key, { stage, round })
    }
    return loaded ?? null
  }

  /** Every stage in a state. */
  inState(state: HeldState): StageRow[] {
    const loaded = this.#slice.states.get(state)
    if (loaded === undefined) {
      this.misses++
      this.#wanted.states.add(state)
    }
    for (const row of loaded ?? []) if (!this.#stages.has(row.stage)) this.#stages.set(row.stage, row)
    return [...this.#stages.values()]
      .filter((row) => row.state === state)
      .toSorted((a, b) => a.position - b.position)
  }

  /** The next stage that waits for its turn; undefined where there is none, or none is loaded. */
  nextQueued(): string | undefined {
    const { queued } = this.#slice
    for (; this.#taken < queued.length; this.#taken++) {
      const row = queued[this.#taken] as StageRow
      if (!this.#stages.has(row.stage)) this.#stages.set(row.stage, row)
      if (this.stage(row.stage).state === 'queued') return row.stage
    }
    if (queued.length < this.#slice.run.queued) {
      this.misses++
      // As many as there is room for: one, where one has been settled.
      this.#wantedQueued = queued.length + Math.max(1, this.plan.definition.concurrency - this.#run.busy)
      return undefined
    }
    while (this.#queuedHere.length > 0) {
      const id = this.#queuedHere[0] as string
      if (this.stage(id).state === 'queued') return id
      this.#queuedHere.shift()
    }
    return undefined
  }

  emit(event: Extract<NewEvent, { readonly type: `run.${string}` | `stage.${string}` }>): void {
    this.commands.push({ do: 'event', event })
    const applied = { ...event, seq: 0, at: this.now, actor: '', via: 'host', version: 1 } as WorkflowEvent
    for (const change of applyWorkflow(applied, this.#lookup)) {
      if (change.table === 'run') this.#run = change.row as RunRow
      else this.#stages.set((change.row as StageRow).stage, change.row as StageRow)
    }
  }

  /** Tells what happened to a stage, in its present round or in the one that is named. */
  tell<T extends StageEvent['type']>(
    type: T,
    row: StageRow,
    said: Said<T> & { readonly round?: number },
  ): void {
    const { stage, position, round } = row
    // What is worked out without rows that are missing may contradict those that are there.
    if (this.misses > 0 && !canHappen(this.stage(stage), type)) return
    const needs = this.plannedOf(row).needs.length
    const fact = { run: this.#run.id, stage, round, position, needs }
    this.emit({ type, data: { ...fact, ...said } } as unknown as Extract<NewEvent, { readonly type: T }>)
    if (type === 'stage.queued') this.#queuedHere.push(stage)
  }

  /** What was looked for and is not loaded. */
  wanted(): Reads {
    const { stages, results, states } = this.#wanted
    return {
      stages: [...stages],
      results: [...results.values()],
      states: [...states],
      queued: this.#wantedQueued,
    }
  }

  readonly #lookup: RowLookup = ((table: string, key: string) =>
    table === 'run' ? this.#run : this.#stages.get(key.slice(this.#run.id.length + 1))) as RowLookup
}

/** States of which a step may want every stage: few are in one of them at any time. */
export type HeldState = 'open' | 'failed' | 'cancelled'
