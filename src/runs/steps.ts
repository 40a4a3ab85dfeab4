/**
 * What follows in runs from what happened: the interpreter says it, and here its commands become events of the board, of the
 * inbox and of child runs. It goes on until nothing follows any more, within one transaction.
 */
import type { ItemRow } from '../board/item.ts'
import { isSettled } from '../board/item-lifecycle.ts'
import { decideCancel, decideDefer, decideWake } from '../board/settling.ts'
import type { NewEvent } from '../events.ts'
import type { Blob } from '../ids.ts'
import { decideWithdraw } from '../inbox/answering.ts'
import { withdrawals } from '../inbox/withdrawing.ts'
import { loadDownstream } from '../workers/rows.ts'
import type { Command, Happening, Outcome } from '../workflow/advance.ts'
import { hasEnded } from '../workflow/lifecycle.ts'
import { subjectId } from '../workflow/names.ts'
import type { RunRow, StageRow } from '../workflow/run.ts'
import { closeWriters } from './leftover-changes.ts'
import { askAbout, escalationId } from './asking.ts'
import { budgetAfter } from './budget.ts'
import { startChild } from './children.ts'
import { definitionBy, workOf, type KnownDefinition } from './definitions.ts'
import { happenedIn, type Happened } from './happened.ts'
import { advanceRun } from './slices.ts'
import { mayBePart } from './parts.ts'
import { beforeEnd, mergesOf, mergeStage, writerAfter } from './final-merge.ts'
import { postPart } from './posting.ts'
import type { Rows } from './rows.ts'

/** More than any definition asks for in one commit: a run that goes round without end must not hold the store. */
const MOST_STEPS = 100_000

/** The events of a transaction about runs, in the making. */
export class RunSteps {
  readonly rows: Rows
  readonly now: number
  readonly events: NewEvent[] = []
  readonly blobs: Blob[] = []
  readonly #queue: Happened[] = []

  constructor(rows: Rows, now: number) {
    this.rows = rows
    this.now = now
  }

  /** Lets it happen, with all that follows. */
  async happen(...happened: readonly Happened[]): Promise<void> {
    this.#queue.push(...happened)
    for (let steps = 0; ; steps++) {
      const next = this.#queue.shift()
      if (next === undefined) return
      if (steps > MOST_STEPS) throw new Error(`The run ${next.run} does not come to an end of its steps.`)
      await this.#step(next)
    }
  }

  /** Takes events that were decided, and lets what they mean for runs happen behind what happens now. */
  async take(events: readonly NewEvent[]): Promise<void> {
    this.events.push(...events)
    await this.see(events)
  }

  /** The same for events that somebody else commits with these. */
  async see(events: readonly NewEvent[]): Promise<void> {
    const settled = await this.#settledItems(events)
    await this.rows.apply(events)
    for (const event of events) {
      // What had ended before was counted then, and its stage does not remember which it was.
      if ('item' in event.data && settled.has(event.data.item)) continue
      const happened = await happenedIn(this.rows, event)
      if (happened === undefined) continue
      this.#queue.push(happened)
      if ('item' in event.data) await this.#watchBudget(event.data.item)
    }
  }

  /** The items of runs that had ended before these events, such as one that failed and is skipped now. */
  async #settledItems(events: readonly NewEvent[]): Promise<ReadonlySet<string>> {
    const settled = new Set<string>()
    for (const { data } of events) {
      const item = 'item' in data && mayBePart(data.item) ? await this.rows.get('item', data.item) : undefined
      if (item !== undefined && isSettled(item.state)) settled.add(item.id)
    }
    return settled
  }

  #store(blobs: readonly Blob[]): void {
    this.blobs.push(...blobs)
    this.rows.keep(blobs)
  }

  async #watchBudget(id: string): Promise<void> {
    const item = await this.rows.get('item', id)
    const called = item === undefined ? undefined : await budgetAfter(this.rows, item)
    if (called === undefined) return
    // What is paused now starts nothing behind the item that was settled.
    if (called.happening !== undefined) this.#queue.unshift({ run: called.run, happening: called.happening })
    await this.take(called.events)
  }

  async #step({ run: id, happening }: Happened): Promise<void> {
    const run = await this.rows.get('run', id)
    if (run === undefined) return
    const definition = await definitionBy(this.rows, run.definition)
    if (happening.on === 'settled' && happening.stage === mergeStage(definition))
      return this.#merged(run, definition, happening.outcome)
    for (const command of await advanceRun(this.rows, { run, definition, happening, now: this.now }))
      await this.#carryOut(run, definition, command)
  }

  async #carryOut(run: RunRow, definition: KnownDefinition, command: Command): Promise<void> {
    switch (command.do) {
      case 'event':
        if (command.event.type === 'run.ended' && (await this.#isKept(command.event.data))) return
        await this.take([command.event])
        return this.#afterwards(run, definition, command.event)
      case 'post': {
        const { stage, round, from, to } = command
        for (let index = from; index < to; index++) await this.#post(run, definition, { stage, round, index })
        return
      }
      case 'cancel':
        return this.#cancel(run, definition, command)
      case 'ask': {
        const row = await this.rows.get('stage', subjectId(run.id, command.stage, 1))
        if (row === undefined) return
        const asked = await askAbout(this.rows, { run, definition, row, kind: command.kind, now: this.now })
        this.#store(asked.blobs)
        return this.take(asked.events)
      }
    }
  }

  /** A run that is through with its stages has not ended before its work is where it belongs. */
  async #isKept({
    run: id,
    state,
  }: Extract<NewEvent, { readonly type: 'run.ended' }>['data']): Promise<boolean> {
    const run = await this.rows.get('run', id)
    if (run === undefined || (state !== 'completed' && state !== 'partially_completed')) return false
    const events = await beforeEnd(this.rows, run, await definitionBy(this.rows, run.definition))
    if (events !== undefined) await this.take(events)
    return events !== undefined
  }

  /** The merge at the end of a run has come to its end. */
  async #merged(run: RunRow, definition: KnownDefinition, outcome: Outcome): Promise<void> {
    if (hasEnded(run.state)) return
    if (outcome.ok) {
      const state = run.flawed > 0 ? 'partially_completed' : 'completed'
      await this.take(await closeWriters(this.rows, run, definition))
      return this.take([{ type: 'run.ended', data: { run: run.id, state, error: null } }])
    }
    const writer = await writerAfter(this.rows, run, definition, outcome.error)
    if (writer !== undefined) this.#queue.push({ run: run.id, happening: { on: 'retried', stage: writer } })
    else
      await this.take([{ type: 'run.ended', data: { run: run.id, state: 'failed', error: outcome.error } }])
  }

  async #afterwards(run: RunRow, definition: KnownDefinition, event: NewEvent): Promise<void> {
    switch (event.type) {
      case 'run.ended':
        for (const merge of await mergesOf(this.rows, run.id, definition))
          await this.#cancelItem(merge.id, `The run ${run.id} is ${event.data.state}.`)
        return
      case 'run.paused':
        return this.#hold(run)
      case 'run.resumed':
        return this.#release(run)
      default:
        return
    }
  }

  async #post(
    { id }: RunRow,
    definition: KnownDefinition,
    {
      stage: stageId,
      round,
      index,
    }: { readonly stage: string; readonly round: number; readonly index: number },
  ): Promise<void> {
    const stage = definition.stage(stageId)
    const run = await this.rows.get('run', id)
    const work = stage === undefined ? undefined : workOf(stage)
    if (stage === undefined || run === undefined || work === undefined) return
    const part = { run: id, stage: stageId, round, index: stage.kind === 'map' ? index : null }
    const made =
      work.kind === 'workflow'
        ? await startChild(this.rows, { run, definition, stage, work, part })
        : await postPart(this.rows, { run, definition, stage, work, part })
    if ('refused' in made) {
      const outcome: Outcome = { ok: false, error: made.refused }
      this.#queue.push({ run: id, happening: { on: 'settled', stage: stageId, round, index, outcome } })
      return
    }
    this.#store(made.blobs)
    await this.take(made.events)
    if (made.started !== undefined) this.#queue.push({ run: made.started, happening: { on: 'started' } })
  }

  /** Ends what is open of a stage in a round: its items, its child runs, and what was asked about it. */
  async #cancel(
    run: RunRow,
    definition: KnownDefinition,
    { stage: id, round, reason }: Extract<Command, { readonly do: 'cancel' }>,
  ): Promise<void> {
    const stage = definition.stage(id)
    const row = await this.rows.get('stage', subjectId(run.id, id, 1))
    if (stage === undefined || row === undefined) return
    const whole = subjectId(run.id, id, round)
    await this.#withdraw([whole, escalationId(whole)], reason)
    const parts =
      stage.kind === 'map'
        ? Array.from({ length: Math.max(row.posted, row.size) }, (_, index) =>
            subjectId(run.id, id, round, index),
          )
        : [whole]
    for (const part of parts) {
      const child = await this.rows.get('run', part)
      if (child !== undefined) this.#queue.push({ run: part, happening: { on: 'cancelled', reason } })
      else await this.#cancelItem(part, reason)
    }
  }

  async #cancelItem(id: string, reason: string): Promise<void> {
    const item = await this.rows.get('item', id)
    if (item === undefined || isSettled(item.state)) return
    const decided = decideCancel(item, reason, await loadDownstream(this.rows, id))
    if ('refused' in decided) return
    const open = await this.rows.list('inbox', { where: { state: 'open', subject: id } })
    await this.take([...decided.events, ...withdrawals(decided.events, open)])
  }

  async #withdraw(requests: readonly string[], reason: string): Promise<void> {
    for (const id of requests) {
      const request = await this.rows.get('inbox', id)
      if (request?.state === 'open') await this.take(decideWithdraw(request, reason))
    }
  }

  /** What nobody has claimed waits for the run; what runs ends. */
  async #hold(run: RunRow): Promise<void> {
    for (const item of await this.#openItems(run)) {
      if (item.state !== 'ready') continue
      const decided = decideDefer(item, { for: 'run', id: run.id })
      if ('events' in decided) await this.take(decided.events)
    }
    await this.#tellChildren(run, { on: 'paused', reason: run.reason ?? `The run ${run.id} is paused.` })
  }

  async #release(run: RunRow): Promise<void> {
    for (const item of await this.#openItems(run)) {
      if (item.waiting?.for !== 'run') continue
      const decided = decideWake(item)
      if ('events' in decided) await this.take(decided.events)
    }
    await this.#tellChildren(run, { on: 'resumed' })
  }

  async #openItems(run: RunRow): Promise<readonly ItemRow[]> {
    const items: ItemRow[] = []
    for (const id of await this.#openParts(run)) {
      const item = await this.rows.get('item', id)
      if (item !== undefined) items.push(item)
    }
    return items
  }

  async #tellChildren(run: RunRow, happening: Happening): Promise<void> {
    for (const id of await this.#openParts(run))
      if ((await this.rows.get('run', id)) !== undefined) this.#queue.push({ run: id, happening })
  }

  async #openParts({ id }: RunRow): Promise<readonly string[]> {
    const open = await this.rows.list('stage', { where: { run: id, state: 'open' } })
    return open.flatMap(partsOf)
  }
}

/** The ids of what a stage has posted in its present round. */
function partsOf({ run, stage, round, size, posted, subject }: StageRow): readonly string[] {
  if (subject !== null) return [subject]
  if (size === 0) return []
  return Array.from({ length: posted }, (_, index) => subjectId(run, stage, round, index))
}
