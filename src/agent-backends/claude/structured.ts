/** Checks a structured answer once more: Claude Code completes a turn also where there is none. */
import type { TurnFailure } from '../../agents/failures.ts'
import type { Json } from '../../json.ts'
import { misfits, readSchema } from '../../json-schema.ts'

/** Why an answer does not fit; undefined if it does. */
export function checkStructured(answer: Json | undefined, schema: Json): TurnFailure | undefined {
  if (answer === undefined) {
    return { kind: 'schema', message: 'Claude Code ended without the structured answer that was asked for.' }
  }
  const read = readSchema(schema)
  if (!read.ok)
    return { kind: 'invalid_request', message: `The output schema cannot be checked: ${read.why}` }
  const issues = misfits(read.check, answer)
  if (issues.length === 0) return undefined
  return { kind: 'schema', message: `The structured answer does not fit its schema. ${issues.join('; ')}` }
}
