/** How users write a retry policy: a preset, a number of retries, or the fields that differ. */
import { z } from 'zod'
import {
  duration,
  fieldsObject,
  inForms,
  oneOf,
  trueOrFalse,
  wholeNumber,
  type Shape,
} from '../agents/field-schemas.ts'
import { isPlainObject } from '../agents/json-snapshot.ts'
import { given } from '../agents/parsing.ts'
import { ERROR_CODES, type ErrorCode } from '../errors.ts'
import { parseDuration, type Duration } from '../time/duration.ts'
import { RETRY_PRESETS, retryPolicy, type RetryPolicy, type RetryPreset } from './retry-policy.ts'

/** More tries than this end with the same error, only later. */
const MAX_ATTEMPTS = 100
const MAX_FACTOR = 100

const PRESETS = Object.keys(RETRY_PRESETS) as readonly RetryPreset[]
const RETRY_RULE = `one of ${PRESETS.join(', ')}, a number of retries from 0 to ${MAX_ATTEMPTS - 1}, or an object with attempts, delays or others`

/** A retry policy as users write it. `maxRetries: n`, and a bare number n, are 1 + n attempts. */
export type RetryOptions =
  | RetryPreset
  | number
  | {
      readonly preset?: RetryPreset | undefined
      readonly attempts?: number | undefined
      readonly maxRetries?: number | undefined
      readonly delays?: readonly Duration[] | undefined
      readonly base?: Duration | undefined
      readonly factor?: number | undefined
      readonly max?: Duration | undefined
      readonly jitter?: number | undefined
      readonly simplifyOnLast?: boolean | undefined
      readonly retryOn?: readonly ErrorCode[] | undefined
    }

type RetryFields = Exclude<RetryOptions, RetryPreset | number>

const retries = wholeNumber(0, MAX_ATTEMPTS - 1)
const FACTOR_RULE = `a number from 1 to ${MAX_FACTOR}`
const JITTER_RULE = 'a share from 0 to 1'
const DELAYS_RULE = `a list of 1 to ${MAX_ATTEMPTS} durations`

/** A duration that may be nothing: to be tried again at once. */
const pause: z.ZodType<Duration> = inForms<Duration>(
  (value) => (value === 0 ? z.literal(0) : duration),
  'a duration',
)

export const retryShape: Shape<RetryFields> = {
  preset: oneOf(PRESETS).optional().describe('What fields that are left out follow; default `exponential`.'),
  attempts: wholeNumber(1, MAX_ATTEMPTS).optional().describe('Tries in all, the first included.'),
  maxRetries: retries.optional().describe('The same without the first.'),
  delays: z
    .array(pause, DELAYS_RULE)
    .min(1, DELAYS_RULE)
    .max(MAX_ATTEMPTS, DELAYS_RULE)
    .optional()
    .describe('Pauses before the second, third … try; the last one stays.'),
  base: pause.optional().describe('The first pause, where no delays are listed.'),
  factor: z
    .number(FACTOR_RULE)
    .min(1, FACTOR_RULE)
    .max(MAX_FACTOR, FACTOR_RULE)
    .optional()
    .describe('By how much each pause is longer than the one before.'),
  max: pause.optional().describe('The longest pause.'),
  jitter: z
    .number(JITTER_RULE)
    .min(0, JITTER_RULE)
    .max(1, JITTER_RULE)
    .optional()
    .describe('Share of a pause by which it is shortened at random.'),
  simplifyOnLast: trueOrFalse.optional().describe('The last try is asked for the core of the task only.'),
  retryOn: z
    .array(oneOf(Object.keys(ERROR_CODES) as readonly ErrorCode[]), 'a list of error codes')
    .optional()
    .describe('Only errors with these codes; default is every error that another try may cure.'),
}

const retryFields: z.ZodType<RetryFields> = fieldsObject(retryShape).check(({ value, issues }) => {
  if (value.attempts !== undefined && value.maxRetries !== undefined)
    issues.push({
      code: 'custom',
      input: value.maxRetries,
      path: ['maxRetries'],
      message: 'left out where attempts is given: both say how often',
    })
})

export const retrySchema: z.ZodType<RetryOptions> = inForms<RetryOptions>((value) => {
  if (typeof value === 'string') return oneOf(PRESETS)
  if (typeof value === 'number') return retries
  return isPlainObject(value) ? retryFields : undefined
}, RETRY_RULE)

/** The policy in full. Delays that are listed win over `base`, unless only the latter was written. */
export function toRetryPolicy(options: RetryOptions = 'exponential'): RetryPolicy {
  if (typeof options !== 'object') return retryPolicy(options)
  const { delays, base, max, ...fields } = options
  return retryPolicy(
    given({
      ...fields,
      delaysMs: delays?.map((each) => parseDuration(each)),
      baseMs: base === undefined ? undefined : parseDuration(base),
      maxMs: max === undefined ? undefined : parseDuration(max),
    }),
  )
}
