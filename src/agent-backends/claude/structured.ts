/** Checks a structured answer once more: Claude Code completes a turn also where there is none. */
import { createRequire } from 'node:module'
import type { z as zodNamespace, ZodType } from 'zod'

import type { TurnFailure } from '../../agents/failures.ts'
import { messageOf } from '../../errors.ts'
import type { Json } from '../../json.ts'

/** Enough to see what is wrong. */
const SHOWN_ISSUES = 5

/** The check that a schema stands for, or why it cannot be checked. */
export function readSchema(
  schema: Json,
): { readonly ok: true; readonly check: ZodType } | { readonly ok: false; readonly why: string } {
  // Loaded at first use, some 35 ms: most turns have no schema.
  const { z } = createRequire(import.meta.url)('zod') as { z: typeof zodNamespace }
  try {
    return { ok: true, check: z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]) }
  } catch (error) {
    return { ok: false, why: messageOf(error) }
  }
}

/** Why an answer does not fit; undefined if it does. */
export function checkStructured(answer: Json | undefined, schema: Json): TurnFailure | undefined {
  if (answer === undefined) {
    return { kind: 'schema', message: 'Claude Code ended without the structured answer that was asked for.' }
  }
  const read = readSchema(schema)
  if (!read.ok)
    return { kind: 'invalid_request', message: `The output schema cannot be checked: ${read.why}` }
  const result = read.check.safeParse(answer)
  if (result.success) return undefined
  const issues = result.error.issues
    .slice(0, SHOWN_ISSUES)
    .map(({ path, message }) => `/${path.map(String).join('/')}: ${message}`)
  return { kind: 'schema', message: `The structured answer does not fit its schema. ${issues.join('; ')}` }
}
