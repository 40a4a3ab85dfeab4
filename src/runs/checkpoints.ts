/** The checkpoints of a run, read from its events: how it stood then, and what came next. */
import { toError } from '../errors.ts'
import { EVENT_VERSIONS, type EventOf, type EventType } from '../events.ts'
import type { Json } from '../json.ts'
import type { Reader, StoreView } from '../store.ts'
import type { RowLookup } from '../tables.ts'
import { checkpointOf, isOfUse, type CheckpointType } from '../workflow/checkpoint.ts'
import { isSettled } from '../workflow/lifecycle.ts'
import { applyWorkflow, type WorkflowEvent } from '../workflow/projection.ts'
import type { RunRow, StageRow } from '../workflow/run.ts'
import { standingOf } from '../workflow/status.ts'
import { definitionBy, type KnownDefinition } from './definitions.ts'
import { ENGINE_OWNER } from './parts.ts'
import { resultOf } from './values.ts'
import type { CheckpointLevel, CheckpointView } from './view-types.ts'
import { lookUpRun } from './views.ts'

/** Events of all runs are read along, so many at a time. */
const PAGE_EVENTS = 5000
const TYPES = (Object.keys(EVENT_VERSIONS) as EventType[]).filter((type) => /^(run|stage)\./u.test(type))

type Saved = EventOf<'run.checkpointed'>

/**
 * The latest checkpoints of a run, or of the last run of a workflow, newest first: those that are still of use, or all.
 * @throws AtelierError `not_found`
 */
export async function viewCheckpoints(
  store: StoreView,
  name: string,
  {
    limit,
    level,
    all,
    now,
  }: { readonly limit: number; readonly level: CheckpointLevel; readonly all: boolean; readonly now: number },
): Promise<readonly CheckpointView[]> {
  const run = await store.read((reader) => lookUpRun(reader, name))
  if (run === null) return []
  if ('refused' in run) throw toError(run.refused)
  const events = await eventsOf(store, run.id)
  const wanted = events
    .flatMap((event, index) => (event.type === 'run.checkpointed' ? [{ event, index }] : []))
    .filter(({ event, index }) => {
      const type = typeOf(events[index - 1], events[index + 1])
      return (
        all || isOfUse({ type, at: event.at, later: run.checkpoints - event.data.number }, run.state, now)
      )
    })
    .map(({ event }) => event)
    .slice(-limit)
  return store.read(async (reader) => {
    const views: CheckpointView[] = []
    for (const moment of momentsOf(events, wanted)) views.push(await viewMoment(reader, moment, level))
    return views.toReversed()
  })
}

/** The events of a run from its start on. An earlier run of the same id that was forgotten does not count. */
async function eventsOf(store: StoreView, run: string): Promise<readonly WorkflowEvent[]> {
  const events: WorkflowEvent[] = []
  for (let after = 0; ;) {
    const page = (await store.events({ after, limit: PAGE_EVENTS, types: TYPES })) as readonly WorkflowEvent[]
    const last = page.at(-1)
    if (last === undefined) return events
    for (const event of page) {
      if (!('run' in event.data) || event.data.run !== run) continue
      if (event.type === 'run.started') events.length = 0
      events.push(event)
    }
    after = last.seq
  }
}

/** A run as it stood at a checkpoint. */
interface Moment {
  readonly saved: Saved
  readonly type: CheckpointType
  readonly run: RunRow
  readonly stages: readonly StageRow[]
}

/** Applies the events as the projection does, and looks at the rows behind each of the checkpoints. */
function momentsOf(events: readonly WorkflowEvent[], wanted: readonly Saved[]): readonly Moment[] {
  const runs = new Map<string, RunRow>()
  const stages = new Map<string, StageRow>()
  const rows = ((table, key) =>
    table === 'run' ? runs.get(key) : table === 'stage' ? stages.get(key) : undefined) as RowLookup
  const moments: Moment[] = []
  for (const [index, event] of events.entries()) {
    for (const { table, row } of applyWorkflow(event, rows)) {
      if (table === 'run' && row !== null) runs.set(row.id, row)
      if (table === 'stage' && row !== null) stages.set(row.id, row)
    }
    const run = runs.get('run' in event.data ? event.data.run : '')
    if (event.type !== 'run.checkpointed' || !wanted.includes(event) || run === undefined) continue
    const type = typeOf(events[index - 1], events[index + 1])
    moments.push({ saved: event, type, run, stages: [...stages.values()] })
  }
  return moments
}

/** Why it was made, which its neighbours in the log say. */
function typeOf(before: WorkflowEvent | undefined, after: WorkflowEvent | undefined): CheckpointType {
  if (after?.type === 'run.ended' && /complete/u.test(after.data.state)) return 'complete'
  return before?.type === 'run.warned' ? 'budget-warning' : 'phase-complete'
}

async function viewMoment(
  reader: Reader,
  { saved, type, run, stages }: Moment,
  level: CheckpointLevel,
): Promise<CheckpointView> {
  const definition = await definitionBy(reader, run.definition)
  const standing = { plan: definition.plan, run, stages }
  const agents = await agentsOf(reader, run.id, stages)
  const { name, priority, metadata, tasks, nextActions, summary } = checkpointOf({
    ...standing,
    ...{ type, at: saved.at, agents },
  })
  const counts = {
    dispatched: tasks.dispatched.length,
    completed: tasks.completed.length,
    pending: tasks.pending.length,
    failed: tasks.failed.length,
  }
  const view = { run: run.id, number: saved.data.number, name, type, priority, at: saved.at, summary, counts }
  const told: CheckpointView = { ...view, level, nextActions }
  if (level === 'summary') return told
  const results = await resultsOf(reader, definition, stages)
  const context: CheckpointView = { ...told, agents, tasks, results }
  if (level === 'context') return context
  const states = standingOf(standing).map(({ row }) => ({
    stage: row.stage,
    status: row.state,
    round: row.round,
    item: row.subject,
    decision: row.decision,
    scores: row.scores,
    error: row.error,
    startedAt: row.startedAt,
    settledAt: row.settledAt,
  }))
  return { ...context, checksum: metadata.checksum, stages: states }
}

/** What the stages that were settled then had brought. */
async function resultsOf(
  reader: Reader,
  definition: KnownDefinition,
  stages: readonly StageRow[],
): Promise<Readonly<Record<string, Json>>> {
  const results: Record<string, Json> = {}
  for (const row of stages) {
    const result = isSettled(row.state) ? await resultOf(reader, { definition }, row) : undefined
    if (result !== undefined) results[row.stage] = result
  }
  return results
}

/** Who has worked on the rounds that had begun then. */
async function agentsOf(
  reader: Reader,
  run: string,
  stages: readonly StageRow[],
): Promise<readonly string[]> {
  const rounds = new Map(stages.map(({ stage, round, startedAt }) => [stage, startedAt === null ? 0 : round]))
  const items = await reader.list('item', { where: { run } })
  const owners = items.flatMap(({ owner, stage, round }) =>
    owner === null || owner === ENGINE_OWNER || (round ?? 1) > (rounds.get(stage ?? '') ?? 0) ? [] : [owner],
  )
  return [...new Set(owners)].toSorted()
}
