/** Reads a script that comes as data: from a configuration file, or from the definition of an agent. */
import type { ZodType } from 'zod'

import type { FailureKind } from '../../agents/failures.ts'
import { parseDuration } from '../../time/duration.ts'
import { fields, lazySchema, readable, readSettings, type Zod } from '../settings.ts'
import { parsePattern, type Script, type Step } from './script.ts'

/**
 * Checks a script that comes as data.
 * @param what where it stands, such as `backendConfig`
 * @throws AtelierError `invalid_config` naming each wrong field and what is allowed there
 */
export function parseScript(data: unknown, what = 'script'): Script {
  return readSettings(schema, data, what)
}

/** The word by which each kind of step is known. */
type StepWord = Step extends infer S ? (S extends Step ? Exclude<keyof S, 'pieces' | 'every'> : never) : never

/** Complete by its type: a new kind of failure has to be added here. */
const FAILURE_KINDS: Readonly<Record<FailureKind, true>> = {
  auth: true,
  rate_limit: true,
  usage_limit: true,
  overloaded: true,
  network: true,
  model_not_found: true,
  context_overflow: true,
  invalid_request: true,
  refused: true,
  schema: true,
  spawn: true,
  missing_executable: true,
  version_unsupported: true,
  protocol: true,
  process_exit: true,
  empty_output: true,
  timeout: true,
  idle: true,
  turn_limit: true,
  budget_exceeded: true,
  permission_timeout: true,
  cancelled: true,
  host_lost: true,
  merge_conflict: true,
  gate_rejected: true,
  verification_failed: true,
  unknown: true,
}

const schema = lazySchema((z) => {
  const step = stepSchema(z)
  const reply = z.union([
    z.string(),
    z.custom((value) => typeof value === 'function', 'neither a text nor a function'),
  ])
  const answer = { reply: reply.optional(), steps: z.array(step).optional() }
  const rule = fields(z, {
    agent: z.string().optional(),
    match: z.union([z.string().check(readable(parsePattern)), z.instanceof(RegExp)]).optional(),
    turn: z.int().positive().optional(),
    times: z.int().positive().optional(),
    ...answer,
  })
  return fields(z, {
    rules: z.array(rule).optional(),
    costUsd: z.number().nonnegative().optional(),
    usage: usageSchema(z).optional(),
    ...answer,
  }) as unknown as ZodType<Script>
})

function stepSchema(z: Zod): ZodType<Step> {
  const duration = z.union([z.string(), z.number()]).check(readable((value) => parseDuration(value)))
  const path = z.string().min(1)
  const kinds: Record<StepWord, ZodType> = {
    say: fields(z, {
      say: z.string(),
      pieces: z.int().positive().optional(),
      every: duration.optional(),
    }),
    think: fields(z, { think: z.string() }),
    delay: fields(z, { delay: duration }),
    tool: fields(z, {
      tool: fields(z, {
        name: z.string().min(1),
        kind: z.enum(['read', 'edit', 'exec', 'mcp', 'other']).optional(),
        input: z.json().optional(),
        output: z.string().optional(),
        ok: z.boolean().optional(),
      }),
    }),
    run: fields(z, { run: z.string().min(1) }),
    edit: fields(z, {
      edit: z.union([
        fields(z, { path, content: z.string() }),
        fields(z, { path, find: z.string().min(1), replace: z.string() }),
      ]),
    }),
    append: fields(z, { append: fields(z, { path, text: z.string() }) }),
    usage: fields(z, { usage: usageSchema(z) }),
    cost: fields(z, { cost: z.number().nonnegative() }),
    event: fields(z, {
      event: z.looseObject({
        t: z.enum(['session', 'text', 'reasoning', 'tool', 'file', 'usage', 'retry', 'limit', 'warn', 'raw']),
      }),
    }),
    fail: fields(z, {
      fail: fields(z, {
        kind: z.enum(Object.keys(FAILURE_KINDS) as FailureKind[]),
        message: z.string().optional(),
        status: z.int().optional(),
        resetsAt: z.number().optional(),
        resetsIn: duration.optional(),
      }),
    }),
    hang: fields(z, { hang: z.literal(true) }),
    crash: fields(z, { crash: z.string() }),
    session: fields(z, { session: z.enum(['new', 'none', 'lost']) }),
  }
  const words = Object.keys(kinds) as StepWord[]
  // By its word, so that an error is about the kind of step that was meant.
  return z.unknown().check((context) => {
    const { value } = context
    const word = words.find((known) => typeof value === 'object' && value !== null && known in value)
    if (word === undefined) {
      context.issues.push({ code: 'invalid_value', values: words, input: value, message: 'is not a step' })
      return
    }
    const result = kinds[word].safeParse(value)
    for (const issue of result.error?.issues ?? [])
      context.issues.push({ ...issue, input: value } as (typeof context.issues)[number])
  }) as unknown as ZodType<Step>
}

function usageSchema(z: Zod): ZodType {
  const tokens = z.int().nonnegative().optional()
  return fields(z, {
    input: tokens,
    output: tokens,
    cacheRead: tokens,
    cacheWrite: tokens,
    reasoning: tokens,
  })
}
