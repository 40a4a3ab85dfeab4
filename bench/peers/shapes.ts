/** The work that every peer does: no-op steps in three shapes, the same for all. */
import { dagOf } from '../dags.ts'

export type Shape = 'chain' | 'fan' | 'dag'

export const SHAPES: readonly Shape[] = ['chain', 'fan', 'dag']

export interface Step {
  readonly id: string
  /** Only earlier steps of the list. */
  readonly dependsOn: readonly string[]
}

/**
 * Exactly `size` steps: one after the other; all but one side by side and then one that waits for all; or the pinned
 * board `local-30`, where each depends on one to three of the thirty before it.
 *
 * @throws Error if there is no such shape or size
 */
export function stepsOf(shape: string, size: number): readonly Step[] {
  if (!Number.isInteger(size) || size < 1) throw new Error(`There are no ${size} steps.`)
  switch (shape) {
    case 'chain':
      return Array.from({ length: size }, (_, n) => ({
        id: idOf(n),
        dependsOn: n === 0 ? [] : [idOf(n - 1)],
      }))
    case 'fan': {
      const ids = Array.from({ length: size - 1 }, (_, n) => idOf(n))
      return [...ids.map((id) => ({ id, dependsOn: [] })), { id: idOf(size - 1), dependsOn: ids }]
    }
    case 'dag':
      return dagOf('local-30', size).items.map(({ id, dependsOn }) => ({ id, dependsOn }))
    default:
      throw new Error(`There is no shape ${shape}.`)
  }
}

/** For a peer that knows sequences of parallel steps only: each step one level after the last that it depends on. */
export function levelsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const levels: Step[][] = []
  const levelOf = new Map<string, number>()
  for (const step of steps) {
    const level = Math.max(-1, ...step.dependsOn.map((each) => levelOf.get(each) ?? -1)) + 1
    levelOf.set(step.id, level)
    const same = (levels[level] ??= [])
    same.push(step)
  }
  return levels
}

function idOf(n: number): string {
  return `item-${n}`
}
