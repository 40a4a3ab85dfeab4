/** The stages of a workflow in waves: what can run together once all before it is settled, as long as nothing is sent back. */
import type { Plan } from './plan.ts'

/** The ids of each wave, in order of their places: a stage is in the first wave after all that it needs. */
export function wavesOf({ stages, roots }: Pick<Plan, 'stages' | 'roots'>): readonly (readonly string[])[] {
  const unmet = new Map([...stages.values()].map(({ id, needs }) => [id, needs.length]))
  const position = (id: string): number => stages.get(id)?.position ?? 0
  const waves: string[][] = []
  for (let wave = [...roots]; wave.length > 0; ) {
    waves.push(wave)
    const next: string[] = []
    for (const id of wave)
      for (const successor of stages.get(id)?.successors ?? []) {
        const left = (unmet.get(successor) ?? 0) - 1
        unmet.set(successor, left)
        if (left === 0) next.push(successor)
      }
    wave = next.toSorted((a, b) => position(a) - position(b))
  }
  return waves
}
