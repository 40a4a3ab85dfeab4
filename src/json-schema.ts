/** Checks values against a JSON Schema, and finds the JSON in what an agent has written. */
import { createRequire } from 'node:module'
import type { z as zodNamespace, ZodType } from 'zod'
import { messageOf } from './errors.ts'
import type { Json } from './json.ts'

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

/** What of a value does not fit, each with its place in the value; none where all fits. */
export function misfits(check: ZodType, value: unknown): readonly string[] {
  const result = check.safeParse(value)
  if (result.success) return []
  return result.error.issues
    .slice(0, SHOWN_ISSUES)
    .map(({ path, message }) => `/${path.map(String).join('/')}: ${message}`)
}

const FENCED = /^(`{3,})[^\n`]*\n([\s\S]*?)\n\1[ \t]*$/gmu

/** The JSON of an answer: the whole text, or the last fenced block that is JSON; undefined where there is none. */
export function jsonIn(text: string): Json | undefined {
  const blocks = [...text.matchAll(FENCED)].map(([, , body]) => body as string)
  for (const candidate of [text, ...blocks.toReversed()]) {
    try {
      return JSON.parse(candidate) as Json
    } catch {
      // The next block may be it.
    }
  }
  return undefined
}

/** An answer as it has to be, or what is wrong with it. */
export type TypedAnswer =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly problems: readonly string[] }

/** Reads an answer that has to be JSON of a schema. */
export function readTyped(text: string, schema: Json): TypedAnswer {
  const value = jsonIn(text)
  if (value === undefined)
    return { ok: false, problems: ['it has no JSON: neither the whole text nor a fenced block of it is'] }
  const read = readSchema(schema)
  if (!read.ok) return { ok: false, problems: [`the schema cannot be checked: ${read.why}`] }
  const problems = misfits(read.check, value)
  return problems.length === 0 ? { ok: true, value } : { ok: false, problems }
}
