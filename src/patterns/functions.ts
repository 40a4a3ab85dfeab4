/** Functions that every host has, for stages with `fn`. */
import type { Json } from '../json.ts'
import { mergedContext } from '../workflow/merged-context.ts'

interface Given {
  /** Results of the stages that it takes from, by id, and values by name. */
  readonly inputs: Readonly<Record<string, Json>>
}

/** By name. One that a program registers under the same name takes its place. */
export const FUNCTIONS: ReadonlyMap<string, (given: Given) => Json> = new Map([
  ['merged-context', mergedResults],
])

/** What the stages before know together: see `mergedContext`. A text that is a JSON object counts as that object. */
function mergedResults({ inputs }: Given): Json {
  const results = Object.entries(inputs).map(([stage, result]) => ({ stage, result: objectIn(result) }))
  const { context, provenance } = mergedContext(results)
  return {
    context,
    provenance: Object.fromEntries(
      Object.entries(provenance).map(([key, { stage, overwrote }]) => [key, { stage, overwrote }]),
    ),
  }
}

function objectIn(result: Json): Json {
  if (typeof result !== 'string' || !result.trimStart().startsWith('{')) return result
  try {
    return JSON.parse(result) as Json
  } catch {
    return result
  }
}
