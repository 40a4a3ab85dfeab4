/** Inputs of a workflow from words such as `spec=specs/login.md`, each read as its schema wants it. */
import { AtelierError } from '../errors.ts'
import type { Json } from '../json.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'

/**
 * Reads `name=value` words. A value is a text where the input takes texts, else JSON where it is some.
 * @throws AtelierError `invalid_input` for a word without `=`, and for a list of values that is no object
 */
export function readInputs(
  { inputs: known }: Pick<WorkflowDefinition, 'inputs'>,
  words: readonly string[],
  given: Json = {},
): Readonly<Record<string, Json>> {
  if (given === null || typeof given !== 'object' || Array.isArray(given))
    throw new AtelierError('invalid_input', 'The inputs must be an object of values by their names.', {
      details: { field: 'inputs' },
    })
  const inputs: Record<string, Json> = { ...(given as Readonly<Record<string, Json>>) }
  for (const word of words) {
    const equals = word.indexOf('=')
    if (equals < 1)
      throw new AtelierError(
        'invalid_input',
        `The input "${word}" is not of the form name=value, such as ticket=BUG-7.`,
        { details: { field: 'input', allowed: 'name=value' } },
      )
    const name = word.slice(0, equals)
    inputs[name] = valueOf(known[name]?.schema['type'], word.slice(equals + 1))
  }
  return inputs
}

function valueOf(type: Json | undefined, text: string): Json {
  if (type === 'string') return text
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
