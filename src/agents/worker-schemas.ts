/** How a board worker is written: its agents, how many there are, and how they take items. */
import type { z } from 'zod'
import { parseDuration, type Duration } from '../time/duration.ts'
import {
  duration,
  fieldsObject,
  inForms,
  oneOfOr,
  text,
  trueOrFalse,
  wholeNumber,
  type Shape,
} from './field-schemas.ts'
import { isPlainObject } from './json-snapshot.ts'
import { agentShape, routingSchema, type AgentInput } from './option-schemas.ts'
import { given, parseWith } from './parsing.ts'
import type { PoolLimits } from './pool.ts'
import type { RoutingStrategy } from './routing.ts'
import { showValue } from './shown-values.ts'

/** Agents of one worker, at most: each is a process of a coding agent. */
const MAX_AGENTS = 64

export type Scaling = 'static' | 'reactive'

/** Items at the same time, each by an agent of its own: always as many, or from `min` to `max`. */
export type ConcurrencyInput =
  | number
  | { readonly min?: number | undefined; readonly start?: number | undefined; readonly max: number }

interface HowItTakes {
  readonly worktree?: boolean | undefined
  readonly concurrency?: ConcurrencyInput | undefined
  readonly scaling?: Scaling | undefined
  readonly interval?: Duration | undefined
  readonly routing?: RoutingStrategy | undefined
  readonly weight?: number | undefined
}

/** A board worker of a configuration. */
export type WorkerInput = Omit<AgentInput, 'worktree'> & HowItTakes & { readonly type: string }

const OTHER_SCALINGS: Readonly<Record<string, string>> = {
  predictive: 'nothing is known of items before they are posted; use reactive',
  time: 'a worker has no hours; start and stop it, or change its concurrency, from a schedule of your own',
  resource: 'nobody measures processors and memory; limit the agents with max, and use reactive',
  hybrid: 'it would be made of those that are not there; use reactive',
}

const CONCURRENCY_RULE = `a whole number from 1 to ${MAX_AGENTS}, or { min, start, max }`
const count = wholeNumber(1, MAX_AGENTS)

const range: z.ZodType<Exclude<ConcurrencyInput, number>> = fieldsObject<Exclude<ConcurrencyInput, number>>({
  min: count.optional(),
  start: count.optional(),
  max: count,
}).check(({ value, issues }) => {
  const { min = 1, max, start = min } = value
  if (min > max)
    issues.push({ code: 'custom', input: min, path: ['min'], message: `at most max, which is ${max}` })
  else if (start < min || start > max)
    issues.push({
      code: 'custom',
      input: start,
      path: ['start'],
      message: `from min to max, ${min} to ${max}`,
    })
})

const shape: Shape<HowItTakes> = {
  worktree: trueOrFalse.optional().describe('Each item in a git worktree of its own, merged when done.'),
  concurrency: inForms<ConcurrencyInput>(
    (value) => (typeof value === 'number' ? count : isPlainObject(value) ? range : undefined),
    CONCURRENCY_RULE,
  )
    .optional()
    .describe('Items at the same time, each by an agent of its own; default 1.'),
  scaling: oneOfOr(['static', 'reactive'] as const, OTHER_SCALINGS)
    .optional()
    .describe(
      '`reactive` adds and dismisses agents between min and max as work comes and goes; default `static`.',
    ),
  interval: duration.optional().describe('How often to look for items that nothing announced; default 60s.'),
  routing: routingSchema
    .optional()
    .describe('Which of several agents that are free takes an item; default `least_loaded`.'),
  weight: wholeNumber(1, 100).optional().describe('Its share under `weighted_round_robin`; default 1.'),
}

const takingSchema: z.ZodType<HowItTakes> = fieldsObject(shape)

export const workerSchema: z.ZodType<WorkerInput> = fieldsObject<WorkerInput>({
  ...agentShape,
  ...shape,
  type: text.describe('The items that it takes.'),
})

/** How a worker takes items, with everything that was left out. */
export interface ParsedWorker {
  readonly intervalMs: number | undefined
  readonly worktree: boolean
  readonly routing: RoutingStrategy | undefined
  readonly weight: number
  /** Agents to begin with. */
  readonly start: number
  readonly limits: PoolLimits
}

/**
 * Checks how a worker takes items.
 * @throws AtelierError `invalid_input`, or `unsupported` for a strategy of routing or scaling that is not there
 */
export function parseWorker(worker: string, options: HowItTakes): ParsedWorker {
  const parsed = parseWith(takingSchema, given({ ...options }), () => `Worker ${showValue(worker)}`)
  const { worktree = false, concurrency = 1, scaling = 'static', interval, routing, weight = 1 } = parsed
  const {
    min = 1,
    max,
    start = min,
  } = typeof concurrency === 'number'
    ? { min: scaling === 'static' ? concurrency : 1, max: concurrency }
    : concurrency
  return {
    intervalMs: interval === undefined ? undefined : parseDuration(interval, 'interval'),
    worktree,
    routing,
    weight,
    start,
    limits: scaling === 'static' ? { min: start, max: start } : { min, max },
  }
}
