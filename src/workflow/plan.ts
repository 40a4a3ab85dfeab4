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
  /** Stages that must be settled before, each once. */
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
    if (found === undefined) {
      const { stages: named, variables } = namesIn(expression)
      found = { stages: named.filter((stage) => ids.has(stage)), variables }
      known.set(expression, found)
    }
    return found
  }
  const needs = new Map(
    definition.stages.map((stage) => [
      stage.id,
      [...new Set(stage.needs)].filter((need) => ids.has(need) && need !== stage.id),
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

/** Branches and gates take the failure of what they need as a fact. */
export function takesFailures(stage: StageDefinition): boolean {
  return stage.kind === 'gate' || stage.kind === 'branch'
}

/** The stage whose next round a rejection posts: one on which the gate rests, else there is no way back. */
export function targetOf(plan: Plan, gate: GateStage): string | null {
  return gate.onReject !== null && plan.descendants(gate.onReject).has(gate.id) ? gate.onReject : null
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
