/** What a run is started with, checked against what its definition asks for. */
import { nearestNames } from '../errors.ts'
import type { Json } from '../json.ts'
import { misfits, readSchema } from '../json-schema.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'

/** What is wrong with a given input; undefined where all is right. */
export function inputProblem(
  { inputs }: WorkflowDefinition,
  given: Readonly<Record<string, Json>>,
): { readonly input: string; readonly why: string } | undefined {
  for (const input of Object.keys(given)) {
    if (Object.hasOwn(inputs, input)) continue
    const known = Object.keys(inputs)
    const near = nearestNames(input, known)
    const hint = near.length > 0 ? `; did you mean "${near[0]}"?` : `; it has ${known.join(', ') || 'none'}`
    return { input, why: `the workflow has no such input${hint}` }
  }
  for (const [input, { schema, ...definition }] of Object.entries(inputs)) {
    if (!Object.hasOwn(given, input)) {
      if (!('default' in definition)) return { input, why: 'it has no default, so it must be given' }
      continue
    }
    if (Object.keys(schema).length === 0) continue
    const read = readSchema(schema as Json)
    const problems = read.ok
      ? misfits(read.check, given[input])
      : [`its schema cannot be checked: ${read.why}`]
    if (problems.length > 0) return { input, why: problems.join('; ') }
  }
  return undefined
}

/** The values of all inputs by name. */
export function inputsWithDefaults(
  { inputs }: WorkflowDefinition,
  given: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const values: Record<string, Json> = {}
  for (const [input, definition] of Object.entries(inputs))
    values[input] = given[input] ?? definition.default ?? null
  return values
}
