/** What people and programs see of workflows and runs. */
import { errorData, nearestNames, toError, type ErrorData } from '../errors.ts'
import type { ItemRow } from '../board/item.ts'
import { headOf, type Json } from '../json.ts'
import type { Reader, StoreView } from '../store.ts'
import { formatDuration } from '../time/duration.ts'
import { metricsOf } from '../workflow/metrics.ts'
import { subjectId } from '../workflow/names.ts'
import type { PlannedStage } from '../workflow/plan.ts'
import type { RunRow, StageRow } from '../workflow/run.ts'
import { fillPlain } from '../workflow/templates.ts'
import { sayWaits, standingOf, type WaitsFor } from '../workflow/status.ts'
import { escalationId } from './asking.ts'
import { runsOf, unknownRun } from './commands.ts'
import { definitionBy } from './definitions.ts'
import { FILES } from './files.ts'
import { costOfItem, itemsOfStage } from './items.ts'
import { ENGINE_OWNER } from './parts.ts'
import { partsOf } from './steps.ts'
import { inputsOfRun, runResult } from './values.ts'
import type { RunView, StageView, TraceLine, WorkflowLine } from './view-types.ts'

const SHOWN_RESULT = 200

/** All workflows by name. */
export function viewWorkflows(store: StoreView): Promise<readonly WorkflowLine[]> {
  return store.read(async (reader) => {
    const lines: WorkflowLine[] = []
    for (const { name, definition: hash, runs, definedAt } of await reader.list('workflow')) {
      const { definition } = await definitionBy(reader, hash)
      const last = (await runsOf(reader, name)).at(-1)
      lines.push({
        name,
        description: definition.description,
        status: last?.state ?? 'defined',
        stages: definition.stages.length,
        runs,
        run: last?.id ?? null,
        definedAt,
      })
    }
    return lines
  })
}

/**
 * A run by its id, or the last run of a workflow by its name; null where the workflow has none yet.
 * @throws AtelierError `not_found`
 */
export async function lookUpRun(
  reader: Reader,
  name: string,
): Promise<RunRow | null | { readonly refused: ErrorData }> {
  const run = await reader.get('run', name)
  if (run !== undefined) return run
  if ((await reader.get('workflow', name)) !== undefined) return (await runsOf(reader, name)).at(-1) ?? null
  const known = [...(await reader.list('workflow')).map((row) => row.name)]
  const near = nearestNames(name, known)
  if (near.length === 0) return { refused: await unknownRun(reader, name) }
  return {
    refused: errorData(
      'not_found',
      `There is no workflow or run "${headOf(name, 80)}". Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`,
      { workflow: name, nearest: near },
    ),
  }
}

/** The last run of a workflow, or one run; null where there is none yet. */
export async function viewRun(store: StoreView, name: string, now: number): Promise<RunView | null> {
  const view = await store.read(async (reader) => {
    const run = await lookUpRun(reader, name)
    return run === null || 'refused' in run ? run : readRun(reader, run, now)
  })
  if (view !== null && 'refused' in view) throw toError(view.refused)
  return view
}

async function readRun(reader: Reader, run: RunRow, now: number): Promise<RunView> {
  const { plan } = await definitionBy(reader, run.definition)
  const standing = { plan, run, stages: await reader.list('stage', { where: { run: run.id } }) }
  const stages: StageView[] = []
  for (const { row, waitsFor } of standingOf(standing))
    stages.push(
      await viewStage(reader, { row, waitsFor, planned: plan.stages.get(row.stage) as PlannedStage, now }),
    )
  const children = await reader.list('run', { where: { parentRun: run.id } })
  const { [FILES]: _files, ...inputs } = await inputsOfRun(reader, run)
  const costUsd = stages.reduce((sum, stage) => sum + stage.costUsd, 0)
  return {
    id: run.id,
    workflow: run.workflow,
    status: run.state,
    reason: run.reason,
    error: run.error,
    inputs,
    stages,
    children: children.map(({ id }) => id),
    steps: run.steps,
    checkpoints: run.checkpoints,
    costUsd,
    metrics: metricsOf({ ...standing, now, activeAgents: await activeIn(reader, standing.stages) }),
    startedBy: run.startedBy,
    startedAt: run.startedAt,
    settledAt: run.settledAt,
  }
}

async function activeIn(reader: Reader, rows: readonly StageRow[]): Promise<number> {
  const owners = new Set<string>()
  for (const row of rows.filter(({ state }) => state === 'open'))
    for (const id of partsOf(row)) {
      const item = await reader.get('item', id)
      if (item?.state === 'running' && item.owner !== null && item.owner !== ENGINE_OWNER)
        owners.add(item.owner)
    }
  return owners.size
}

interface StageInput {
  readonly row: StageRow
  readonly waitsFor: WaitsFor | null
  readonly planned: PlannedStage
  readonly now: number
}

async function viewStage(reader: Reader, { row, waitsFor, planned, now }: StageInput): Promise<StageView> {
  const { definition, needs } = planned
  const item = row.subject === null ? undefined : await reader.get('item', row.subject)
  let costUsd = 0
  for (const id of await itemsOfStage(reader, row)) costUsd += await costOfItem(reader, id)
  return {
    stage: row.stage,
    title: definition.title,
    kind: definition.kind,
    status: row.state,
    round: row.round,
    needs,
    why: waitsFor === null ? null : why(row, waitsFor, item, now),
    item: row.subject,
    owner: item?.owner ?? null,
    elements:
      definition.kind === 'map' && row.startedAt !== null
        ? { size: row.size, posted: row.posted, done: row.succeeded, failed: row.failures }
        : null,
    decision: row.decision,
    scores: row.scores,
    costUsd,
    error: row.error,
    startedAt: row.startedAt,
    settledAt: row.settledAt,
  }
}

/** What a stage waits for, in words, with what a person needs to do something about it. */
function why(row: StageRow, waitsFor: WaitsFor, item: ItemRow | undefined, now: number): string {
  switch (waitsFor.for) {
    case 'approval':
      return `waits for your approval: ${row.subject ?? ''}`
    case 'decision':
      return `${sayWaits(waitsFor)}: ${escalationId(subjectId(row.run, row.stage, row.round))}`
    case 'time':
      return `goes on in ${formatDuration(Math.max(0, waitsFor.at - now))}`
    case 'work':
      if (item?.state === 'running') return `${item.owner ?? 'somebody'} works on it`
      if (item?.state === 'ready') return `is ready for ${item.type}`
      return item?.waiting == null ? sayWaits(waitsFor) : `waits: ${item.waiting.for}`
    default:
      return sayWaits(waitsFor)
  }
}

/** Who made what from what in a run. */
export async function viewTrace(store: StoreView, name: string): Promise<readonly TraceLine[]> {
  const trace = await store.read(async (reader) => {
    const run = await lookUpRun(reader, name)
    return run === null ? [] : 'refused' in run ? run : readTrace(reader, run)
  })
  if ('refused' in trace) throw toError(trace.refused)
  return trace
}

async function readTrace(reader: Reader, run: RunRow): Promise<readonly TraceLine[]> {
  const definition = await definitionBy(reader, run.definition)
  const lines: { readonly at: readonly number[]; readonly line: TraceLine }[] = []
  const rows = await reader.list('stage', { where: { run: run.id } })
  const rounds = new Map(rows.map(({ stage, round }) => [stage, round]))
  const inputs = await inputsOfRun(reader, run)
  for (const row of rows) {
    const stage = definition.stage(row.stage)
    const from = (stage?.from ?? []).flatMap((source) =>
      'file' in source
        ? filePath(source.file, inputs)
        : 'stage' in source
          ? [`${source.stage}#${rounds.get(source.stage) ?? 1}`]
          : [],
    )
    for (const id of await itemsOfStage(reader, row)) {
      const item = await reader.get('item', id)
      if (item === undefined) continue
      const text =
        item.result === null ? null : typeof item.result === 'string' ? item.result : item.result.head
      const line = {
        item: id,
        stage: row.stage,
        round: item.round ?? 1,
        owner: item.owner,
        status: item.state,
        from,
        result: text === null ? null : headOf(text, SHOWN_RESULT),
        costUsd: await costOfItem(reader, id),
        settledAt: item.settledAt,
      }
      // Much happens in one millisecond: then the order of the definition tells.
      lines.push({ at: [item.postedAt, row.position, line.round, item.index ?? 0], line })
    }
  }
  return lines.toSorted((a, b) => inOrder(a.at, b.at)).map(({ line }) => line)
}

function inOrder(a: readonly number[], b: readonly number[]): number {
  return a.map((value, index) => value - (b[index] as number)).find((difference) => difference !== 0) ?? 0
}

/** How a run ended, once it has. */
export type RunEnding =
  | { readonly ok: true; readonly result: Json }
  | { readonly ok: false; readonly error: ErrorData }

/** The result of a run that has ended, or why it has none; undefined while it runs. */
export async function endingOf(reader: Reader, id: string): Promise<RunEnding | undefined> {
  const run = await reader.get('run', id)
  if (run === undefined) return { ok: false, error: await unknownRun(reader, id) }
  switch (run.state) {
    case 'running':
    case 'paused':
      return undefined
    case 'completed':
    case 'partially_completed':
      return { ok: true, result: (await runResult(reader, run)) ?? null }
    case 'cancelled':
      return {
        ok: false,
        error: run.error ?? errorData('cancelled', `The run ${id} was cancelled.`, { run: id }),
      }
    case 'failed':
      return {
        ok: false,
        error: run.error ?? errorData('turn_failed', `The run ${id} has failed.`, { run: id }),
      }
  }
}

/** The path with the values of inputs in it; none where they leave it blank. */
function filePath(named: string, inputs: Readonly<Record<string, Json>>): readonly string[] {
  const filled = fillPlain(named, { inputs })
  return filled.ok ? [filled.text].filter((path) => path !== '') : [named]
}
