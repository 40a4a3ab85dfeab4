/** What stages that run one after the other know together: the members of their results, the later ones over the earlier. */
import type { Json } from '../json.ts'

export interface StageResult {
  readonly stage: string
  readonly result: Json
}

/** Who wrote a member of a merged context, and whose it took the place of, the last of them at the end. */
export interface Provenance {
  readonly stage: string
  readonly overwrote: readonly string[]
}

export interface MergedContext {
  readonly context: Readonly<Record<string, Json>>
  readonly provenance: Readonly<Record<string, Provenance>>
}

/** Merges results in the order in which they are given. One that is no object counts as a member under its stage's name. */
export function mergedContext(results: readonly StageResult[]): MergedContext {
  const context = new Map<string, Json>()
  const provenance = new Map<string, Provenance>()
  for (const { stage, result } of results) {
    for (const [key, value] of membersOf(stage, result)) {
      const before = provenance.get(key)
      context.set(key, value)
      provenance.set(key, {
        stage,
        overwrote: before === undefined ? [] : [...before.overwrote, before.stage],
      })
    }
  }
  return { context: Object.fromEntries(context), provenance: Object.fromEntries(provenance) }
}

function membersOf(stage: string, result: Json): [string, Json][] {
  if (result === null || typeof result !== 'object' || Array.isArray(result)) return [[stage, result]]
  return Object.entries(result).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))
}
