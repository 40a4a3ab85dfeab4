/** A workflow as a drawing needs it: its stages in waves, in words, and the ways between them. */
import { formatDuration } from '../time/duration.ts'
import type { GateStage, StageDefinition, StageKind, Work } from './definition.ts'
import { targetOf, type Plan, type PlannedStage } from './plan.ts'
import { wavesOf } from './schedule.ts'

export interface GraphNode {
  readonly id: string
  readonly title: string
  readonly kind: StageKind
  /** Counted from 1. */
  readonly wave: number
  readonly needs: readonly string[]
  /** Who or what does it: `coder`, `run: npm test`, `workflow deploy`. */
  readonly who: string
  /** What is special about it: bounds, conditions, what it waits for; empty where nothing is. */
  readonly notes: readonly string[]
}

export interface GraphEdge {
  readonly from: string
  readonly to: string
  /** `needs`: `to` begins when `from` is settled. `case`: only where the branch chose it. `reject`: back, with what is to be better. */
  readonly kind: 'needs' | 'case' | 'reject'
  readonly label: string | null
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  readonly waves: readonly (readonly string[])[]
}

/** The drawing of a plan, its stages in the order of its waves. */
export function graphOf(plan: Plan): Graph {
  const waves = wavesOf(plan)
  const nodes = waves.flatMap((wave, index) =>
    wave.map((id) => nodeOf(plan, plan.stages.get(id) as PlannedStage, index + 1)),
  )
  return { nodes, edges: nodes.flatMap(({ id }) => edgesOf(plan, id)), waves }
}

function nodeOf(plan: Plan, { id, definition, needs }: PlannedStage, wave: number): GraphNode {
  return {
    id,
    title: definition.title,
    kind: definition.kind,
    wave,
    needs,
    who: whoDoes(definition),
    notes: notesOf(plan, definition),
  }
}

/** Those that end at a stage, and the way back from a gate. */
function edgesOf(plan: Plan, id: string): readonly GraphEdge[] {
  const { definition, needs } = plan.stages.get(id) as PlannedStage
  const { arm } = definition
  const edges = needs.map((from): GraphEdge =>
    arm?.branch === from
      ? { from, to: id, kind: 'case', label: arm.case }
      : { from, to: id, kind: 'needs', label: null },
  )
  const target = definition.kind === 'gate' ? targetOf(plan, definition) : null
  if (target === null) return edges
  const label = `rejected, at most ${roundsText((definition as GateStage).maxRounds)}`
  return [...edges, { from: id, to: target, kind: 'reject', label }]
}

/** Who or what does a stage, in a few words. */
export function whoDoes(stage: StageDefinition): string {
  switch (stage.kind) {
    case 'work':
    case 'loop':
    case 'map':
      return doerOf(stage.work)
    case 'gate':
      return stage.judge.by === 'reviewer'
        ? doerOf(stage.judge.work)
        : stage.judge.by === 'person'
          ? 'a person'
          : 'an expression'
    case 'branch':
      return 'an expression'
    case 'wait':
      return stage.until.for === 'time' ? 'the clock' : 'a signal'
    case 'join':
      return 'join'
  }
}

function doerOf(work: Work): string {
  switch (work.kind) {
    case 'agent': {
      const { agent, profile, capability, type } = work
      return agent ?? profile ?? (capability === null ? `any ${type ?? 'agent'}` : `can ${capability}`)
    }
    case 'run':
      return `run: ${work.run}`
    case 'workflow':
      return typeof work.workflow === 'string'
        ? `workflow ${work.workflow}`
        : `${work.workflow.stages.length} ${work.workflow.stages.length === 1 ? 'stage' : 'stages'} of its own`
    case 'fn':
      return `function ${work.fn}`
    case 'noop':
      return 'nobody'
  }
}

function notesOf(plan: Plan, stage: StageDefinition): readonly string[] {
  const { when, arm, onFailure } = stage
  return [
    ...(arm === null ? [] : [`if ${arm.branch} says ${arm.case}`]),
    ...(when === null ? [] : [`when ${when}`]),
    ...notesOfKind(plan, stage),
    ...(onFailure === 'skip' ? ['skipped if it fails'] : []),
    ...(onFailure === 'escalate' ? ['asks a person if it fails'] : []),
  ]
}

function notesOfKind(plan: Plan, stage: StageDefinition): readonly string[] {
  switch (stage.kind) {
    case 'work':
    case 'join':
      return []
    case 'loop':
      return [`again until ${stage.until}, at most ${roundsText(stage.maxRounds)}`]
    case 'map':
      return [`for each of ${stage.over}, ${stage.limit} at a time`]
    case 'gate': {
      const target = targetOf(plan, stage)
      const pass = stage.judge.by === 'person' ? stage.judge.question : `passes if ${stage.judge.pass}`
      return target === null
        ? [pass]
        : [pass, `else back to ${target}, at most ${roundsText(stage.maxRounds)}`]
    }
    case 'branch': {
      const cases = stage.cases.map((each) => `${each.name} if ${each.when}`)
      return [...cases, ...(stage.otherwise === null ? [] : [`else ${stage.otherwise}`])]
    }
    case 'wait': {
      const { until } = stage
      if (until.for === 'time') return [`for ${formatDuration(until.ms)}`]
      const limit = until.timeoutMs === null ? '' : `, at most ${formatDuration(until.timeoutMs)}`
      return [`signal ${until.signal}${limit}`]
    }
  }
}

function roundsText(rounds: number): string {
  return rounds === 1 ? '1 round' : `${rounds} rounds`
}
