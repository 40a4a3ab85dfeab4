/** Which stages could run together, and how long the longest way through a workflow is. What `--dry-run` shows. */
import type { Plan, PlannedStage } from './plan.ts'

/** How long a stage is expected to take, ms. */
export type Expected = (stage: string) => number

/** Stages that could run at the same time, in order: each stands in the first wave in which all that it needs has run. */
export function wavesOf(plan: Plan): string[][] {
  const waves: string[][] = []
  const waveOf = new Map<string, number>()
  for (const { id, needs } of inOrder(plan)) {
    const wave = needs.reduce((latest, need) => Math.max(latest, (waveOf.get(need) as number) + 1), 0)
    waveOf.set(id, wave)
    const members = waves[wave]
    if (members === undefined) waves.push([id])
    else members.push(id)
  }
  return waves
}

/** The longest way through a workflow. */
export interface CriticalPath {
  readonly stages: readonly string[]
  readonly ms: number
}

/** The stages that decide how long a workflow takes. Those that are expected to take no time are not named. */
export function criticalPathOf(plan: Plan, expected: Expected): CriticalPath {
  const total = new Map<string, number>()
  const before = new Map<string, string>()
  let last: string | undefined
  for (const { id, needs } of inOrder(plan)) {
    const [longest] = needs.toSorted((a, b) => (total.get(b) as number) - (total.get(a) as number))
    if (longest !== undefined) before.set(id, longest)
    total.set(id, expected(id) + (longest === undefined ? 0 : (total.get(longest) as number)))
    if (last === undefined || (total.get(id) as number) > (total.get(last) as number)) last = id
  }
  if (last === undefined) return { stages: [], ms: 0 }
  const ms = total.get(last) as number
  const stages: string[] = []
  for (let id: string | undefined = last; id !== undefined; id = before.get(id)) {
    if (expected(id) > 0) stages.unshift(id)
  }
  return { stages, ms }
}

/** Every stage after what it needs, those that were written first in front. */
export function inOrder(plan: Plan): PlannedStage[] {
  const open = new Map([...plan.stages.values()].map(({ id, needs }) => [id, needs.length]))
  const order: PlannedStage[] = [...plan.stages.values()].filter(({ needs }) => needs.length === 0)
  for (const { successors } of order) {
    for (const successor of successors) {
      const left = (open.get(successor) as number) - 1
      open.set(successor, left)
      if (left === 0) order.push(plan.stages.get(successor) as PlannedStage)
    }
  }
  return order
}
