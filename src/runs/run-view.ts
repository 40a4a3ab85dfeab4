/** How a run stands: each stage with who does it, what it waits for, and what would help it on. */
import { DEFAULT_ESTIMATE_MS } from '../board/definition.ts'
import { toError } from '../errors.ts'
import type { RequestRow } from '../inbox/request.ts'
import type { StoredText } from '../json.ts'
import type { Reader, StoreView } from '../store.ts'
import { formatDuration } from '../time/duration.ts'
import { readLines } from '../workers/views.ts'
import type { ItemLine } from '../workers/view-types.ts'
import { graphOf, whoDoes } from '../workflow/graph.ts'
import { mermaidOf } from '../workflow/mermaid.ts'
import { metricsOf, type Standing } from '../workflow/metrics.ts'
import { subjectId } from '../workflow/names.ts'
import { planOf } from '../workflow/plan.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { RunRow, StageRow } from '../workflow/run.ts'
import { sayWaits, standingOf, type StageStanding } from '../workflow/status.ts'
import { escalationId } from './asking.ts'
import { definitionBy, type KnownDefinition } from './definitions.ts'
import { runsOf } from './commands.ts'
import { FILES } from './files.ts'
import { ENGINE_OWNER } from './parts.ts'
import { inputsOfRun } from './values.ts'
import type { RunView, StageView, WorkflowGraph } from './view-types.ts'
import { lookUpRun } from './views.ts'

export interface RunSource {
  readonly store: StoreView
  readonly now: number
  /** Whether a host runs that could do its work. */
  readonly isHosted: boolean
}

/**
 * The last run of a workflow, or one run, or without a name the last of all; null where there is none yet.
 * @throws AtelierError `not_found`
 */
export async function viewRun({ store, ...at }: RunSource, name?: string): Promise<RunView | null> {
  const view = await store.read(async (reader) => {
    const run = name === undefined ? await lastRun(reader) : await lookUpRun(reader, name)
    return run === null || 'refused' in run ? run : readRun(reader, run, at)
  })
  if (view !== null && 'refused' in view) throw toError(view.refused)
  return view
}

async function lastRun(reader: Reader): Promise<RunRow | null> {
  const runs = (await reader.list('run')).filter(({ parentRun }) => parentRun === null)
  return runs.toSorted((a, b) => a.startedAt - b.startedAt).at(-1) ?? null
}

/** The drawing of a definition; of a run, with how its stages stand. */
export function drawingOf(
  definition: WorkflowDefinition,
  run: Pick<RunView, 'id' | 'status' | 'stages'> | null,
): WorkflowGraph {
  const graph = graphOf(planOf(definition))
  const states =
    run === null
      ? null
      : new Map(run.stages.map(({ stage, status, round }) => [stage, { state: status, round }]))
  return {
    workflow: definition.name,
    run: run?.id ?? null,
    status: run?.status ?? null,
    nodes: graph.nodes.map((node) => {
      const drawn = states?.get(node.id)
      return { ...node, status: drawn?.state ?? null, round: drawn?.round ?? null }
    }),
    edges: graph.edges,
    waves: graph.waves,
    mermaid: mermaidOf(graph, states),
  }
}

/** What the stages of a run are told from. */
interface Facts {
  readonly reader: Reader
  readonly run: RunRow
  readonly definition: KnownDefinition
  readonly now: number
  readonly isHosted: boolean
  /** What the run has posted, by stage. */
  readonly items: ReadonlyMap<string | null, readonly ItemLine[]>
  /** What runs within it have cost, by stage. */
  readonly childCosts: ReadonlyMap<string | null, number>
}

async function readRun(
  reader: Reader,
  run: RunRow,
  { now, isHosted }: Omit<RunSource, 'store'>,
): Promise<RunView> {
  const definition = await definitionBy(reader, run.definition)
  const rows = await reader.list('stage', { where: { run: run.id } })
  const children = await reader.list('run', { where: { parentRun: run.id } })
  const lines = await linesOf(reader, run.id, now)
  const facts: Facts = {
    ...{ reader, run, definition, now, isHosted },
    items: Map.groupBy(lines, ({ part }) => part?.stage ?? null),
    childCosts: await costsOfChildren(reader, children, now),
  }
  const standing: Standing = { plan: definition.plan, run, stages: rows }
  const stages: StageView[] = []
  for (const each of standingOf(standing)) stages.push(await viewStage(facts, each))
  const { [FILES]: _files, ...inputs } = await inputsOfRun(reader, run)
  const earlier = await earlierTimes(reader, run)
  const running = lines.filter(({ state }) => state === 'running')
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
    // What is no stage's is the merge at its end.
    costUsd: stages.reduce((sum, { costUsd }) => sum + costUsd, costOf(facts.items.get(null) ?? [])),
    metrics: metricsOf({
      ...standing,
      now,
      activeAgents: new Set(running.map(({ claimedBy }) => claimedBy).filter((who) => who !== ENGINE_OWNER))
        .size,
      expected: (stage) => earlier.get(stage) ?? DEFAULT_ESTIMATE_MS,
    }),
    estimatedFrom: earlier.size > 0 ? 'earlier_run' : 'assumption',
    isHosted,
    startedBy: run.startedBy,
    startedAt: run.startedAt,
    settledAt: run.settledAt,
  }
}

async function linesOf(reader: Reader, run: string, now: number): Promise<readonly ItemLine[]> {
  return readLines(reader, await reader.list('item', { where: { run } }), now)
}

function costOf(lines: readonly ItemLine[]): number {
  return lines.reduce((sum, { costUsd }) => sum + costUsd, 0)
}

/** What the runs within a run have cost in all, by the stage that they are the work of. */
async function costsOfChildren(
  reader: Reader,
  children: readonly RunRow[],
  now: number,
): Promise<ReadonlyMap<string | null, number>> {
  const costs = new Map<string | null, number>()
  for (const { id, parentStage } of children) {
    const inner = await costsOfChildren(reader, await reader.list('run', { where: { parentRun: id } }), now)
    const below = [...inner.values()].reduce((sum, cost) => sum + cost, 0)
    const own = costOf(await linesOf(reader, id, now))
    costs.set(parentStage, (costs.get(parentStage) ?? 0) + own + below)
  }
  return costs
}

/** How long each stage took in the last run of the same workflow that came to its end. */
async function earlierTimes(reader: Reader, run: RunRow): Promise<ReadonlyMap<string, number>> {
  const runs = await runsOf(reader, run.workflow)
  const earlier = runs.findLast(({ id, state }) => id !== run.id && state === 'completed')
  if (earlier === undefined) return new Map()
  const rows = await reader.list('stage', { where: { run: earlier.id } })
  return new Map(
    rows.flatMap(({ stage, startedAt, settledAt }) =>
      startedAt === null || settledAt === null ? [] : [[stage, settledAt - startedAt] as const],
    ),
  )
}

async function viewStage(facts: Facts, standing: StageStanding): Promise<StageView> {
  const { row } = standing
  const planned = facts.definition.plan.stages.get(row.stage)
  if (planned === undefined) throw new TypeError(`The stage ${row.stage} has no plan.`)
  const { definition, needs } = planned
  const lines = facts.items.get(row.stage) ?? []
  const latest = lines.filter(({ part }) => part?.round === row.round)
  const owners = new Set((latest.length > 0 ? latest : lines).flatMap(({ claimedBy }) => claimedBy ?? []))
  const { why, help } = await whyAndHelp(facts, standing, latest)
  return {
    stage: row.stage,
    title: definition.title,
    kind: definition.kind,
    status: row.state,
    round: row.round,
    needs,
    who: whoDoes(definition),
    why,
    help,
    item: row.subject,
    owner: owners.size === 0 ? null : [...owners].join(', '),
    elements:
      definition.kind === 'map' && row.startedAt !== null
        ? { size: row.size, posted: row.posted, done: row.succeeded, failed: row.failures }
        : null,
    decision: row.decision,
    scores: row.scores,
    costUsd: costOf(lines) + (facts.childCosts.get(row.stage) ?? 0),
    error: row.error,
    startedAt: row.startedAt,
    settledAt: row.settledAt,
  }
}

interface WhyAndHelp {
  readonly why: string | null
  readonly help: string | null
}

const NOTHING: WhyAndHelp = { why: null, help: null }

/** What a stage waits for, in words, and the command line that helps, where somebody has to do something. */
async function whyAndHelp(
  facts: Facts,
  { row, waitsFor }: StageStanding,
  lines: readonly ItemLine[],
): Promise<WhyAndHelp> {
  const { run, now } = facts
  if (row.state === 'failed')
    return row.decision === 'handled'
      ? NOTHING
      : { why: null, help: `atelier workflow retry ${run.id} ${row.stage}` }
  if (waitsFor === null) return NOTHING
  const why = sayWaits(waitsFor)
  switch (waitsFor.for) {
    case 'stages':
    case 'turn':
      return { why, help: null }
    case 'run':
      return { why, help: `atelier workflow resume ${run.id}` }
    case 'approval': {
      const id = row.subject ?? subjectOf(row)
      const request = await openRequest(facts, id)
      return {
        why: `waits for your approval: ${request === undefined ? waitsFor.question : headOfText(request.question)}`,
        help: `atelier approve ${request?.id ?? id}`,
      }
    }
    case 'decision': {
      const id = escalationId(subjectOf(row))
      return { why, help: `atelier answer ${(await openRequest(facts, id))?.id ?? id} retry` }
    }
    case 'signal':
      return { why, help: `atelier workflow signal ${run.id} ${waitsFor.signal}` }
    case 'time': {
      const left = `goes on in ${formatDuration(Math.max(0, waitsFor.at - now))}`
      return facts.isHosted ? { why: left, help: null } : unhosted(facts, left)
    }
    case 'work':
      return waitsFor.size > 1 && lines.some(({ state }) => state === 'running')
        ? { why, help: null }
        : helpOfItems(facts, lines, why)
  }
}

function subjectOf({ run, stage, round }: StageRow): string {
  return subjectId(run, stage, round)
}

/** A stage that is asked about again in the same round has a request with a longer name. */
async function openRequest({ reader, run }: Facts, id: string): Promise<RequestRow | undefined> {
  const open = await reader.list('inbox', { where: { subject: run.id, state: 'open' } })
  return open.find((request) => request.id === id) ?? open.find((request) => request.id.startsWith(id))
}

function headOfText(text: StoredText): string {
  return typeof text === 'string' ? text : text.head
}

/** The first of its items that waits for somebody says why, in the words of the board. */
async function helpOfItems(facts: Facts, lines: readonly ItemLine[], why: string): Promise<WhyAndHelp> {
  const [waiting] = lines.filter(({ state }) => state === 'ready' || state === 'waiting')
  if (waiting === undefined) {
    const running = lines.find(({ state }) => state === 'running')
    if (running === undefined) return { why, help: null }
    return {
      why: running.why ?? progressOf(running) ?? `${running.claimedBy ?? 'somebody'} works on it`,
      help: null,
    }
  }
  const said = waiting.why ?? why
  switch (waiting.waiting?.for) {
    case 'approval':
    case 'permission':
      return { why: said, help: `atelier approve ${waiting.waiting.id}` }
    case 'answer':
      return { why: said, help: `atelier answer ${waiting.waiting.id} TEXT` }
    case 'failed_dependency':
      return { why: said, help: `atelier work retry ${waiting.waiting.causes[0] ?? waiting.id}` }
    case undefined:
      if (waiting.needsWorker)
        return { why: said, help: `atelier board-worker NAME ${waiting.type} --profile PROFILE` }
      return facts.isHosted ? { why: said, help: null } : unhosted(facts, 'is ready, and no host runs')
    default:
      return facts.isHosted ? { why: said, help: null } : unhosted(facts, said)
  }
}

function progressOf({ progress }: ItemLine): string | null {
  return progress === null ? null : `${progress.percent} % ${progress.step}`.trim()
}

function unhosted({ run }: Facts, why: string): WhyAndHelp {
  return { why, help: `atelier workflow resume ${run.id}` }
}
