/**
 * A run of nothing but the interpreter and a map of rows: what `src/runs` does with a store, without one, so that thousands of
 * runs are played in a second. Every event goes through the real projection.
 */
import type { ErrorCode } from '../../src/errors.ts'
import type { AtelierEvent, NewEvent } from '../../src/events.ts'
import type { Json } from '../../src/json.ts'
import { projection } from '../../src/projection.ts'
import type { RowLookup, TableName } from '../../src/tables.ts'
import {
  advance,
  isNothing,
  newSlice,
  type Choice,
  type Command,
  type Happening,
  type RoundOf,
} from '../../src/workflow/advance.ts'
import type { WorkflowDefinition } from '../../src/workflow/definition.ts'
import { resultKey } from '../../src/workflow/names.ts'
import { planOf, type Plan } from '../../src/workflow/plan.ts'
import type { RunRow, StageRow, StageState } from '../../src/workflow/run.ts'

export type Inputs = Readonly<Record<string, Json>>

/** Something that is posted and not settled. */
export interface OpenItem {
  readonly stage: string
  readonly round: number
  readonly index: number
}

/** Something that a person is asked. */
export interface Asked {
  readonly stage: string
  readonly round: number
  readonly kind: 'approval' | 'escalation'
}

const RUN = 'feature-1'
/** More would be a step that never finds out what it reads. */
const MAX_READS = 200

export class RowRun {
  readonly plan: Plan
  readonly inputs: Inputs
  readonly log: AtelierEvent[] = []
  /** What is posted and has not ended, in the order in which it was posted. */
  open: OpenItem[] = []
  /** What was asked and is not answered. */
  asked: Asked[] = []
  /** Every item that was ever posted, as `stage#round.index`. */
  readonly posted: string[] = []
  /** Results of items by stage, round and index. */
  readonly results: Map<string, Json> = new Map()
  /** Rows that the last step read. */
  rowsRead: number = 0
  now: number = 1000
  readonly #tables = new Map<TableName, Map<string, object>>()

  constructor(definition: WorkflowDefinition, inputs: Inputs = {}) {
    this.plan = planOf(definition)
    this.inputs = inputs
    const { name: workflow, stages } = definition
    const parent = { parentRun: null, parentStage: null, parentRound: null, parentIndex: null }
    this.#append({ type: 'workflow.defined', data: { workflow, definition: 'd'.repeat(64), shipped: false } })
    this.#append({
      type: 'run.started',
      data: {
        run: RUN,
        workflow,
        definition: 'd'.repeat(64),
        inputs: '{}',
        change: RUN,
        ...parent,
        total: stages.length,
      },
    })
    this.happen({ on: 'started' })
  }

  get run(): RunRow {
    return this.#table('run').get(RUN) as RunRow
  }

  get stages(): readonly StageRow[] {
    return [...(this.#table('stage').values() as Iterable<StageRow>)].toSorted(
      (a, b) => a.position - b.position,
    )
  }

  stage(id: string): StageRow | undefined {
    return this.#table('stage').get(`${RUN}/${id}`) as StageRow | undefined
  }

  /** States of all stages by id; those that nothing has touched are pending. */
  get states(): Readonly<Record<string, StageState>> {
    const { stages } = this.plan.definition
    return Object.fromEntries(stages.map(({ id }) => [id, this.stage(id)?.state ?? 'pending']))
  }

  /** Everything that followed from something. */
  happen(happening: Happening): readonly Command[] {
    this.now += 10
    const commands = this.#advance(happening)
    for (const command of commands) this.#execute(command)
    return commands
  }

  /** The item that a stage has open ends well; `began`: with other work than there is now. */
  done(stage: string, result: Json = null, index = 0, began?: string | null): readonly Command[] {
    const item = this.#take(stage, index)
    this.results.set(`${stage}#${item.round}.${index}`, result)
    const tree = `tree of ${stage}#${item.round}`
    return this.happen({
      on: 'settled',
      ...item,
      outcome: { ok: true, tree, began: began === undefined ? tree : began },
    })
  }

  /** The item that a stage has open fails for good. */
  failed(
    stage: string,
    message = 'It broke.',
    index = 0,
    code: ErrorCode = 'turn_failed',
  ): readonly Command[] {
    const item = this.#take(stage, index)
    return this.happen({ on: 'settled', ...item, outcome: { ok: false, error: { code, message } } })
  }

  /** A person answers what a stage asks. */
  answer(
    stage: string,
    choice: Choice,
    comment: string | null = null,
    began: string | null = null,
  ): readonly Command[] {
    const asked = this.asked.find((each) => each.stage === stage)
    if (asked === undefined) throw new Error(`"${stage}" asks nothing.`)
    this.asked = this.asked.filter((each) => each !== asked)
    const answer = { choice, comment, began, tree: null }
    return this.happen({ on: 'answered', stage, round: asked.round, answer })
  }

  #take(stage: string, index: number): OpenItem {
    const item = this.open.find((each) => each.stage === stage && each.index === index)
    if (item === undefined) throw new Error(`"${stage}" has nothing open of index ${index}.`)
    this.open = this.open.filter((each) => each !== item)
    return item
  }

  #advance(happening: Happening): readonly Command[] {
    const slice = newSlice(this.run, this.inputs)
    this.rowsRead = 0
    for (let passes = 0; passes < MAX_READS; passes++) {
      const { reads, commands } = advance(this.plan, slice, happening, this.now)
      if (isNothing(reads)) return commands
      for (const id of reads.stages) slice.stages.set(id, this.stage(id) ?? null)
      for (const each of reads.results)
        slice.results.set(resultKey(each.stage, each.round), this.#result(each))
      for (const state of reads.states) slice.states.set(state, this.#inState(state))
      if (reads.queued > 0) slice.queued = this.#inState('queued').slice(0, reads.queued)
      const held = reads.states.flatMap((state) => slice.states.get(state) ?? [])
      this.rowsRead += reads.stages.length + reads.results.length + reads.queued + held.length
    }
    throw new Error('The step never had what it reads.')
  }

  #inState(state: StageState): readonly StageRow[] {
    return this.stages.filter((row) => row.state === state)
  }

  #result({ stage, round }: RoundOf): Json | null {
    const row = this.stage(stage)
    const result = (index: number): Json => this.results.get(`${stage}#${round}.${index}`) ?? null
    const isMap = this.plan.stages.get(stage)?.definition.kind === 'map'
    return isMap ? Array.from({ length: row?.size ?? 0 }, (_, index) => result(index)) : result(0)
  }

  #execute(command: Command): void {
    switch (command.do) {
      case 'event':
        this.#append(command.event)
        return
      case 'post': {
        const { stage, round, from, to } = command
        for (let index = from; index < to; index++) {
          this.open.push({ stage, round, index })
          this.posted.push(`${stage}#${round}.${index}`)
        }
        return
      }
      case 'cancel': {
        const isOther = (each: { stage: string; round: number }): boolean =>
          each.stage !== command.stage || each.round !== command.round
        this.open = this.open.filter(isOther)
        this.asked = this.asked.filter(isOther)
        return
      }
      case 'ask': {
        const { stage, round, kind } = command
        this.asked.push({ stage, round, kind })
      }
    }
  }

  #append(event: NewEvent): void {
    const seq = this.log.length + 1
    const stored = { ...event, seq, at: this.now, actor: 'kim', via: 'library', version: 1 } as AtelierEvent
    this.log.push(stored)
    const lookup = ((table: TableName, key: string) => this.#table(table).get(key)) as RowLookup
    for (const { table, key, row } of projection.apply(stored, lookup)) {
      if (row === null) this.#table(table).delete(key as string)
      else this.#table(table).set(key as string, row)
    }
  }

  #table(name: TableName): Map<string, object> {
    let table = this.#tables.get(name)
    if (table === undefined) this.#tables.set(name, (table = new Map<string, object>()))
    return table
  }
}
