/** What a run would do, without doing it: its waves, who would do what, what it reads, and what it may cost. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { AgentDefinition } from '../agents/definition.ts'
import { isAtelierError, type ErrorData } from '../errors.ts'
import type { Json } from '../json.ts'
import { microsOf, usdOf } from '../money/usd.ts'
import { estimateScope } from '../money/ledger.ts'
import { DEFAULT_ASSUME_USD, reservationFor } from '../money/reservation.ts'
import type { Reader } from '../store.ts'
import { liveWorkers } from '../workers/staff.ts'
import type {
  AgentWork,
  GateStage,
  StageDefinition,
  Work,
  WorkflowDefinition,
} from '../workflow/definition.ts'
import { evaluate } from '../workflow/expressions.ts'
import { graphOf } from '../workflow/graph.ts'
import { planOf, targetOf, type Plan } from '../workflow/plan.ts'
import type { RunContext } from './commands.ts'
import { definitionBy, workOf } from './definitions.ts'
import type { PlannedCost, RunPlan, StagePlan } from './plan-types.ts'

/** How deep workflows within workflows are looked into; runs end there, too. */
const MAX_DEPTH = 5

export interface PlanningContext extends RunContext {
  /** What an agent that there is not yet would run with. */
  readonly resolve: (agent: string, profile: string) => AgentDefinition
}

export interface PlannedStart {
  readonly definition: WorkflowDefinition
  readonly inputs: Readonly<Record<string, Json>>
  /** Why it would not start. */
  readonly problems: readonly ErrorData[]
  /** Paths that its stages take from. */
  readonly files: readonly string[]
}

/** The plan of a run. Nothing is stored. */
export async function planRun(
  context: PlanningContext,
  { definition, inputs, problems, files }: PlannedStart,
): Promise<RunPlan> {
  const plan = planOf(definition)
  const { nodes, waves } = graphOf(plan)
  const stages = await context.team.store.read(async (reader) => {
    const costing = new Costing(context, reader)
    const lines: StagePlan[] = []
    for (const { id, kind, wave, who, notes } of nodes) {
      const stage = plan.stages.get(id)?.definition as StageDefinition
      lines.push({
        ...{ stage: id, kind, wave, who, notes },
        ...(await staffOf(reader, context, stage)),
        ...(await costing.stage(plan, stage, inputs, 0)),
      })
    }
    return lines
  })
  const total = sumOf(stages)
  const { budgetUsd } = definition
  const cap = budgetUsd ?? Number.POSITIVE_INFINITY
  return {
    workflow: definition.name,
    stages,
    waves,
    inputs,
    files: await Promise.all(files.map((path) => sizeOf(context.dir, path))),
    minCostUsd: Math.min(total.minCostUsd, cap),
    maxCostUsd: total.maxCostUsd === null ? budgetUsd : Math.min(total.maxCostUsd, cap),
    budgetUsd,
    problems,
  }
}

async function sizeOf(dir: string, path: string): Promise<RunPlan['files'][number]> {
  const found = await stat(resolve(dir, path)).catch(() => undefined)
  return { path, bytes: found?.isFile() === true ? found.size : null }
}

type Staff = Pick<StagePlan, 'agent' | 'profile' | 'type' | 'worker' | 'isMade'>

/** Who would do a stage: a worker of its type that runs now, else its agent, which may still have to be made. */
async function staffOf(reader: Reader, { profiles }: RunContext, stage: StageDefinition): Promise<Staff> {
  const work = workOf(stage)
  if (work?.kind !== 'agent') return { agent: null, profile: null, type: null, worker: null, isMade: false }
  const { type } = work
  const workers = type === null ? [] : (await liveWorkers(reader)).filter((each) => each.type === type)
  const wanted = work.agent ?? work.profile
  const worker = workers.find(({ name }) => name === wanted) ?? workers[0]
  const row = wanted === null ? undefined : await reader.get('agent', wanted)
  const known = new Set(profiles())
  const profile = row?.profile ?? work.profile ?? (wanted !== null && known.has(wanted) ? wanted : null)
  return { agent: wanted, profile, type, worker: worker?.name ?? null, isMade: row?.state === 'active' }
}

const NOTHING: PlannedCost = { turnUsd: null, basis: null, rounds: 1, minCostUsd: 0, maxCostUsd: 0 }

/** What stages may cost, from what turns of the same profile have cost. */
class Costing {
  readonly #context: PlanningContext
  readonly #reader: Reader

  constructor(context: PlanningContext, reader: Reader) {
    this.#context = context
    this.#reader = reader
  }

  async stage(
    plan: Plan,
    stage: StageDefinition,
    inputs: Readonly<Record<string, Json>>,
    depth: number,
  ): Promise<PlannedCost> {
    const work = workOf(stage)
    const rounds = roundsOf(plan, stage)
    if (work === undefined || work.kind === 'join') return { ...NOTHING, rounds }
    const once = await this.#work(work, depth)
    const times = stage.kind === 'map' ? sizeOfMap(stage.over, inputs) : 1
    const isSure = stage.when === null && stage.arm === null
    return {
      ...once,
      rounds,
      minCostUsd: isSure ? once.minCostUsd * (times ?? 0) : 0,
      maxCostUsd:
        once.maxCostUsd === 0
          ? 0
          : once.maxCostUsd === null || times === null
            ? null
            : once.maxCostUsd * times * rounds,
    }
  }

  /** One round of one item. */
  async #work(work: Work, depth: number): Promise<PlannedCost> {
    if (work.kind === 'workflow') return this.#child(work.workflow, depth)
    if (work.kind !== 'agent') return NOTHING
    const { turnUsd, basis } = await this.#turn(work)
    // A consultation is one more turn; every try is one, those of its fallbacks included.
    const tries = work.retry.attempts + work.fallback.length + (work.consult === null ? 0 : 1)
    const limit = work.maxCostUsd ?? Number.POSITIVE_INFINITY
    return {
      ...{ turnUsd, basis, rounds: 1 },
      minCostUsd: Math.min(turnUsd, limit),
      maxCostUsd: Math.min(turnUsd * tries, limit),
    }
  }

  async #child(workflow: string | WorkflowDefinition, depth: number): Promise<PlannedCost> {
    const unknown: PlannedCost = { ...NOTHING, maxCostUsd: null }
    if (depth >= MAX_DEPTH) return unknown
    const definition = typeof workflow === 'string' ? await this.#named(workflow) : workflow
    if (definition === undefined) return unknown
    const plan = planOf(definition)
    const costs: PlannedCost[] = []
    for (const stage of definition.stages) costs.push(await this.stage(plan, stage, {}, depth + 1))
    return { ...NOTHING, ...sumOf(costs) }
  }

  async #named(workflow: string): Promise<WorkflowDefinition | undefined> {
    const row = await this.#reader.get('workflow', workflow)
    return row === undefined ? undefined : (await definitionBy(this.#reader, row.definition)).definition
  }

  /** What is set aside before a turn: its cap, else what such turns cost, else what is assumed. */
  async #turn({ agent, profile }: AgentWork): Promise<{ turnUsd: number; basis: PlannedCost['basis'] }> {
    const name = agent ?? profile
    const row = name === null ? undefined : await this.#reader.get('agent', name)
    const from = row?.profile ?? profile ?? name
    const definition = name === null ? undefined : await this.#definition(name, from ?? name)
    const ledger =
      name === null
        ? undefined
        : await this.#reader.get(
            'ledger',
            estimateScope({ agent: name, profile: row === undefined ? from : row.profile }),
          )
    const capMicros = definition?.maxBudgetUsd === undefined ? null : microsOf(definition.maxBudgetUsd)
    const recentMicros = ledger?.recentMicros ?? []
    const assumeMicros = microsOf(definition?.assumeUsd ?? DEFAULT_ASSUME_USD)
    const basis = capMicros !== null ? 'cap' : recentMicros.length > 0 ? 'recent' : 'assumed'
    return { turnUsd: usdOf(reservationFor({ capMicros, recentMicros, assumeMicros })), basis }
  }

  async #definition(name: string, profile: string): Promise<AgentDefinition | undefined> {
    const row = await this.#reader.get('agent', name)
    if (row?.state === 'active') {
      const body = await this.#reader.blob(row.definition)
      return body === undefined ? undefined : (JSON.parse(body) as AgentDefinition)
    }
    try {
      return this.#context.resolve(name, profile)
    } catch (error) {
      // Who cannot be made is told as a problem of the start.
      if (isAtelierError(error)) return undefined
      throw error
    }
  }
}

/** Rounds of a stage at most: its own, and those to which gates behind it send it back. */
function roundsOf(plan: Plan, stage: StageDefinition): number {
  const own = stage.kind === 'loop' ? stage.maxRounds : 1
  const gates = plan.definition.stages.filter((each): each is GateStage => each.kind === 'gate')
  return gates
    .filter((gate) => isRewound(plan, gate, stage.id))
    .reduce((rounds, { maxRounds }) => rounds * maxRounds, own)
}

function isRewound(plan: Plan, gate: GateStage, stage: string): boolean {
  const target = targetOf(plan, gate)
  if (target === null || plan.descendants(gate.id).has(stage)) return false
  return target === stage || plan.descendants(target).has(stage)
}

/** How many elements a map has, where the inputs alone tell it. */
function sizeOfMap(over: string, inputs: Readonly<Record<string, Json>>): number | null {
  try {
    const value = evaluate(over, { inputs })
    return value.ok && Array.isArray(value.value) ? value.value.length : null
  } catch {
    return null
  }
}

function sumOf(
  costs: readonly Pick<PlannedCost, 'minCostUsd' | 'maxCostUsd'>[],
): Pick<PlannedCost, 'minCostUsd' | 'maxCostUsd'> {
  let maxCostUsd: number | null = 0
  for (const { maxCostUsd: max } of costs)
    maxCostUsd = maxCostUsd === null || max === null ? null : maxCostUsd + max
  return { minCostUsd: costs.reduce((sum, { minCostUsd }) => sum + minCostUsd, 0), maxCostUsd }
}
