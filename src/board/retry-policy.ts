/** When a failed attempt is followed by another. */
import type { ErrorCode, ErrorData } from '../errors.ts'

export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number
  /** Pauses before the second, third … try, ms; the last one stays. Without it: base x factor^n, at most `maxMs`. */
  readonly delaysMs?: readonly number[]
  readonly baseMs: number
  readonly factor: number
  readonly maxMs: number
  /** Share of a pause by which it is shortened at random, 0 to 1, so that items that failed together do not return together. */
  readonly jitter: number
  /** The last try is asked for the core of the task only. */
  readonly simplifyOnLast: boolean
  /** Only errors with these codes; without it every error that another try may cure. */
  readonly retryOn?: readonly ErrorCode[]
}

export type RetryPreset = 'exponential' | 'hub' | 'none'

const EXPONENTIAL: RetryPolicy = {
  attempts: 3,
  baseMs: 1000,
  factor: 2,
  maxMs: 60_000,
  jitter: 0,
  simplifyOnLast: false,
}

export const RETRY_PRESETS: Readonly<Record<RetryPreset, RetryPolicy>> = {
  exponential: EXPONENTIAL,
  hub: { ...EXPONENTIAL, delaysMs: [5000, 15_000], simplifyOnLast: true },
  none: { ...EXPONENTIAL, attempts: 1 },
}

/** A policy as it is written: a preset, a number of retries, or the fields that differ from `exponential`. */
export type RetryInput =
  | RetryPreset
  | number
  | (Partial<RetryPolicy> & { readonly preset?: RetryPreset; readonly maxRetries?: number })

/** The policy in full. `maxRetries: n` and a bare number n are 1 + n attempts. */
export function retryPolicy(input: RetryInput = 'exponential'): RetryPolicy {
  if (typeof input === 'string') return RETRY_PRESETS[input]
  if (typeof input === 'number') return { ...EXPONENTIAL, attempts: input + 1 }
  const { preset = 'exponential', maxRetries, ...fields } = input
  const attempts = maxRetries === undefined ? {} : { attempts: maxRetries + 1 }
  return { ...RETRY_PRESETS[preset], ...attempts, ...fields }
}

/** Errors that the same attempt would only meet again. */
const LASTING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'already_done',
  'already_exists',
  'budget_exceeded',
  'cancelled',
  'circular_dependency',
  'invalid_config',
  'invalid_input',
  'invalid_stage',
  'invalid_transition',
  'no_capable_agent',
  'not_found',
  'permission_timeout',
  'stale_claim',
  'unknown_dependency',
  'unsupported',
])

/**
 * The pause before the next try, or undefined if there is none.
 * @param made tries made so far
 * @param random in [0, 1), for the jitter
 */
export function nextPauseMs(
  policy: RetryPolicy,
  made: number,
  error: ErrorData,
  random: number,
): number | undefined {
  if (made >= policy.attempts) return undefined
  const isRetried = policy.retryOn?.includes(error.code) ?? isCurable(error)
  if (!isRetried) return undefined
  return Math.round(pauseMs(policy, made) * (1 - policy.jitter * random))
}

/** True if another try may end better. A failed turn says itself whether it may. */
export function isCurable({ code, details }: ErrorData): boolean {
  const retryable = details?.['retryable']
  return typeof retryable === 'boolean' ? retryable : !LASTING.has(code)
}

function pauseMs({ delaysMs, baseMs, factor, maxMs }: RetryPolicy, made: number): number {
  const listed = delaysMs?.[Math.min(made, delaysMs.length) - 1]
  return listed ?? Math.min(maxMs, baseMs * factor ** (made - 1))
}

/**
 * True if this try is the last that the policy allows, and the task is to be cut to its core.
 * @param number of the try, without those that ended because a host died
 */
export function isSimplified(policy: RetryPolicy, number: number): boolean {
  return policy.simplifyOnLast && policy.attempts > 1 && number >= policy.attempts
}
