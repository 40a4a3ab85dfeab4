/**
 * The fields of a step file: a workflow as other systems write it, `workflow: { id, steps }`, with agents, artifacts and gates. The
 * message of each schema is the phrase after "it must be".
 */
import { z } from 'zod'
import {
  fieldsObject,
  inForms,
  name,
  oneOf,
  prose,
  text,
  texts,
  trueOrFalse,
  wholeNumber,
} from '../../agents/field-schemas.ts'
import { isPlainObject } from '../../agents/json-snapshot.ts'
import { NAME_RULE } from '../../agents/text-rules.ts'
import { stageId } from '../input-fields.ts'

type AnyObject = Readonly<Record<string, unknown>>
type Tier = number | string

export interface StepSettings {
  readonly quality_gates?: boolean | undefined
  readonly code_scoring?: boolean | undefined
  readonly context_tier_default?: Tier | undefined
  readonly auto_detect?: boolean | undefined
}

export interface StepGate {
  /** Over the scores and the verdict of the step; without it, whether its scoring passed. */
  readonly condition?: string | undefined
  readonly on_pass?: string | undefined
  readonly on_fail?: string | undefined
}

/** By `NAME_min` or `NAME_max`. */
export type Thresholds = Readonly<Record<string, number>>

export interface StepScoring {
  readonly enabled?: boolean | undefined
  readonly thresholds?: Thresholds | undefined
}

export interface StepRetry {
  readonly max_attempts?: number | undefined
  readonly initial_backoff_seconds?: number | undefined
  readonly max_backoff_seconds?: number | undefined
  readonly backoff_multiplier?: number | undefined
}

/** What of the metadata of a step says how it runs; anything else in it is only for people. */
export interface StepRunning {
  readonly retry?: StepRetry | undefined
  readonly skip_on_fail?: boolean | undefined
}

export interface Step {
  readonly id: string
  readonly agent: string
  readonly action: string
  readonly context_tier?: Tier | undefined
  /** Artifacts: files and folders of the project, or only names. */
  readonly creates?: readonly string[] | undefined
  readonly requires?: readonly string[] | undefined
  readonly consults?: readonly string[] | undefined
  readonly condition?: 'required' | 'optional' | 'conditional' | undefined
  readonly next?: string | undefined
  readonly gate?: StepGate | undefined
  readonly optional_steps?: readonly string[] | undefined
  readonly notes?: string | undefined
  readonly repeats?: boolean | undefined
  readonly scoring?: StepScoring | undefined
  readonly metadata?: AnyObject | undefined
}

/** A step file without its steps, which are read one by one. */
export interface StepWorkflow {
  readonly id: string
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly version?: string | undefined
  readonly type?: 'greenfield' | 'brownfield' | 'hybrid' | undefined
  readonly schema_version?: '1.0' | '2.0' | undefined
  readonly settings?: StepSettings | undefined
  readonly auto_detect?: boolean | undefined
  readonly steps: readonly unknown[]
  readonly metadata?: AnyObject | undefined
}

const STEPS_RULE = 'a list of steps with at least one'
const TIER_RULE = 'a whole number from 0 to 9, or a text such as TIER2'
const THRESHOLD_RULE = 'a number from 0 to 100'
/** Not what an answer has besides its scores. */
const THRESHOLD_NAME = /^(?!(?:verdict|issues|feedback)_m)[a-z][a-z0-9_]{0,40}_(?:min|max)$/u
const SECONDS_RULE = 'a number of seconds from 0 to 86400'
const FACTOR_RULE = 'a number from 1 to 100'

const tier: z.ZodType<Tier> = inForms<Tier>(
  (value) =>
    typeof value === 'number'
      ? wholeNumber(0, 9)
      : typeof value === 'string'
        ? z.string().regex(/^(?:tier)?\d$/iu, TIER_RULE)
        : undefined,
  TIER_RULE,
)
const anyObject: z.ZodType<AnyObject> = inForms<AnyObject>(
  (value) => (isPlainObject(value) ? (z.unknown() as unknown as z.ZodType<AnyObject>) : undefined),
  'an object',
)
const seconds = z.number(SECONDS_RULE).min(0, SECONDS_RULE).max(86_400, SECONDS_RULE)

const thresholds: z.ZodType<Thresholds> = z
  .record(z.string(), z.number(THRESHOLD_RULE).min(0, THRESHOLD_RULE).max(100, THRESHOLD_RULE), {
    error: 'an object of numbers by name, such as { overall_min: 70 }',
  })
  .check(({ value, issues }) => {
    for (const key of Object.keys(value))
      if (!THRESHOLD_NAME.test(key))
        issues.push({
          code: 'custom',
          input: value,
          path: [key],
          message: 'a word in small letters with _min or _max behind it, such as security_min',
          params: { kind: 'name' },
        })
  })

const settings = fieldsObject<StepSettings>({
  quality_gates: trueOrFalse.optional(),
  code_scoring: trueOrFalse.optional(),
  context_tier_default: tier.optional(),
  auto_detect: trueOrFalse.optional(),
})

const gate = fieldsObject<StepGate>({
  condition: text.optional(),
  on_pass: text.optional(),
  on_fail: text.optional(),
})

const scoring = fieldsObject<StepScoring>({
  enabled: trueOrFalse.optional(),
  thresholds: thresholds.optional(),
})

export const runningSchema: z.ZodType<StepRunning> = fieldsObject<StepRunning>({
  retry: fieldsObject<StepRetry>({
    max_attempts: wholeNumber(1, 100).optional(),
    initial_backoff_seconds: seconds.optional(),
    max_backoff_seconds: seconds.optional(),
    backoff_multiplier: z.number(FACTOR_RULE).min(1, FACTOR_RULE).max(100, FACTOR_RULE).optional(),
  }).optional(),
  skip_on_fail: trueOrFalse.optional(),
})

export const stepSchema: z.ZodType<Step> = fieldsObject<Step>({
  id: stageId,
  agent: name(`the name of an agent: ${NAME_RULE}`),
  action: text,
  context_tier: tier.optional(),
  creates: texts.optional(),
  requires: texts.optional(),
  consults: texts.optional(),
  condition: oneOf(['required', 'optional', 'conditional']).optional(),
  next: text.optional(),
  gate: gate.optional(),
  optional_steps: texts.optional(),
  notes: prose.optional(),
  repeats: trueOrFalse.optional(),
  scoring: scoring.optional(),
  metadata: anyObject.optional(),
})

export const stepWorkflowSchema: z.ZodType<StepWorkflow> = fieldsObject<StepWorkflow>({
  id: name(NAME_RULE),
  name: prose.optional(),
  description: prose.optional(),
  version: text.optional(),
  type: oneOf(['greenfield', 'brownfield', 'hybrid']).optional(),
  schema_version: oneOf(['1.0', '2.0']).optional(),
  settings: settings.optional(),
  auto_detect: trueOrFalse.optional(),
  steps: z.array(z.unknown(), STEPS_RULE).min(1, STEPS_RULE),
  metadata: anyObject.optional(),
})
