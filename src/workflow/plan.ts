/**
 * A definition with its indexes: what needs what, what is told of what, and which results an expression names. It follows
 * from the definition alone, so that the effects keep it by the definition's hash.
 */
import type { Expression, GateStage, StageDefinition, WorkflowDefinition } from './definition.ts'
import { namesIn, type Names } from './scope.ts'

export interface PlannedStage {
  readonly id: string
  readonly definition: StageDefinition
  /** Place in the definition. */
  readonly position: number
  /** Stages that must be settled before, each once; what it takes from and what its expressions name included. */
  readonly needs: readonly string[]
  /** Stages that need it, in order of their place. */
  readonly successors: readonly string[]
}

export interface Plan {
  readonly definition: WorkflowDefinition
  readonly stages: ReadonlyMap<string, PlannedStage>
  /** Stages that need nothing, in order of their place. */
  readonly roots: readonly string[]
  /** Stages that wait for a signal, by its name. */
  readonly signals: ReadonlyMap<string, readonly string[]>
  /** Everything that rests on a stage, directly or through others. Worked out when it is first asked for. */
  descendants(stage: string): ReadonlySet<string>
  /** What an expression names. */
  names(expression: Expression): Names
}

/** The plan of a checked definition. What it names and does not have is left out, so that a plan is made of anything. */
export function planOf(definition: WorkflowDefinition): Plan {
  const ids = new Set(definition.stages.map(({ id }) => id))
  const known = new Map<Expression, Names>()
  const names = (expression: Expression): Names => {
    let found = known.get(expression)
    if (found === undefined) known.set(expression, (found = namesIn(expression)))
    return found
  }
  const needs = new Map(
    definition.stages.map((stage) => [
      stage.id,
      [...needsOf(stage, names)].filter((need) => ids.has(need) && need !== stage.id),
    ]),
  )
  const successors = new Map<string, string[]>(definition.stages.map(({ id }) => [id, []]))
  for (const [stage, its] of needs) {
    for (const need of its) (successors.get(need) as string[]).push(stage)
  }
  const stages = new Map(
    definition.stages.map((stage, position): [string, PlannedStage] => [
      stage.id,
      {
        id: stage.id,
        definition: stage,
        position,
        needs: needs.get(stage.id) as string[],
        successors: successors.get(stage.id) as string[],
      },
    ]),
  )
  const reached = new Map<string, ReadonlySet<string>>()
  return {
    definition,
    stages,
    roots: [...stages.values()].filter((stage) => stage.needs.length === 0).map(({ id }) => id),
    signals: signalsOf(definition),
    names,
    descendants: (stage) => {
      let found = reached.get(stage)
      if (found === undefined) reached.set(stage, (found = reachedFrom(stage, stages)))
      return found
    },
  }
}

/** Every expression of a stage that is worked out by the interpreter, or when its work is posted. */
export function expressionsOf(stage: StageDefinition): Expression[] {
  const found: Expression[] = stage.from.flatMap((source) => ('value' in source ? [source.value] : []))
  if (stage.when !== null) found.push(stage.when)
  switch (stage.kind) {
    case 'loop':
      found.push(stage.until)
      break
    case 'map':
      found.push(stage.over)
      break
    case 'gate':
      if (stage.judge.by !== 'person') found.push(stage.judge.pass)
      break
    case 'branch':
      found.push(...stage.cases.map(({ when }) => when))
      break
    default:
  }
  const work = 'work' in stage ? stage.work : null
  if (work?.kind === 'workflow') found.push(...Object.values(work.inputs))
  return found
}

/** Branches and gates take the failure of what they need as a fact. */
export function takesFailures(stage: StageDefinition): boolean {
  return stage.kind === 'gate' || stage.kind === 'branch'
}

/** The stage whose next round a rejection posts: one on which the gate rests, else there is no way back. */
export function targetOf(plan: Plan, gate: GateStage): string | null {
  return gate.onReject !== null && plan.descendants(gate.onReject).has(gate.id) ? gate.onReject : null
}

function needsOf(stage: StageDefinition, names: Plan['names']): Set<string> {
  return new Set([
    ...stage.needs,
    ...(stage.arm === null ? [] : [stage.arm.branch]),
    ...stage.from.flatMap((source) => ('stage' in source ? [source.stage] : [])),
    ...expressionsOf(stage).flatMap((expression) => names(expression).stages),
  ])
}

function signalsOf({ stages }: WorkflowDefinition): Map<string, string[]> {
  const signals = new Map<string, string[]>()
  for (const stage of stages) {
    if (stage.kind !== 'wait' || stage.until.for !== 'signal') continue
    const { signal } = stage.until
    signals.set(signal, [...(signals.get(signal) ?? []), stage.id])
  }
  return signals
}

function reachedFrom(stage: string, stages: ReadonlyMap<string, PlannedStage>): ReadonlySet<string> {
  const reached = new Set<string>()
  const open = [stage]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const successor of stages.get(next)?.successors ?? []) {
      if (reached.has(successor)) continue
      reached.add(successor)
      open.push(successor)
    }
  }
  return reached
}
