/** The values that a run is started with. */
import { showValue } from '../agents/shown-values.ts'
import { AtelierError, nearestNames } from '../errors.ts'
import type { Json } from '../json.ts'
import type { WorkflowDefinition } from './definition.ts'
import { fits } from './json-schema.ts'

/**
 * The inputs of a run with the defaults of those that were not given.
 * @throws AtelierError `invalid_input` if one is missing, unknown, or does not fit its schema
 */
export function inputsOf(
  { name, inputs }: Pick<WorkflowDefinition, 'name' | 'inputs'>,
  given: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const known = Object.keys(inputs)
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown !== undefined) {
    const nearest = nearestNames(unknown.slice(0, 64), known)
    const has = known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`
    const advice = nearest.length === 0 ? `; ${has}` : `. Did you mean ${nearest.join(' or ')}?`
    throw refused(name, unknown, `has no input ${showValue(unknown)}${advice}`, known)
  }
  const values = Object.entries(inputs).map(([key, { schema, default: value }]) => {
    // Nothing is a value, too, where there is no other: the round before the first has brought none.
    const found = given[key] ?? value ?? (Object.hasOwn(given, key) ? null : undefined)
    if (found === undefined) throw refused(name, key, `needs the input ${key}, which has no default`, schema)
    const fit = fits(schema, found)
    if (!fit.ok)
      throw refused(
        name,
        key,
        `cannot start with ${key}: ${showValue(found)} does not fit: ${fit.why}`,
        schema,
      )
    return [key, found] as const
  })
  return Object.fromEntries(values)
}

function refused(workflow: string, input: string, why: string, allowed: unknown): AtelierError {
  return new AtelierError(
    'invalid_input',
    `Workflow ${JSON.stringify(workflow)} ${why}${/[.?]$/u.test(why) ? '' : '.'}`,
    {
      details: { workflow, field: `inputs.${input}`, allowed },
    },
  )
}
