/** The fields of workflows and of each kind of stage. */
import { z } from 'zod'
import {
  inForms,
  name,
  oneOf,
  prose,
  text,
  trueOrFalse,
  usd,
  wholeNumber,
  type Shape,
} from '../agents/field-schemas.ts'
import { isPlainObject } from '../agents/json-snapshot.ts'
import { NAME_RULE } from '../agents/text-rules.ts'
import type { WorkflowInput } from './input.ts'
import {
  anything,
  branchCase,
  commonShape,
  gateShape,
  ids,
  loop,
  map,
  MAX_PARALLEL,
  OBJECT,
  retry,
  reviewShape,
  runShape,
  shown,
  STAGES_RULE,
  TEXT,
  TEXTS,
  timeout,
  wait,
  workShape,
  worktree,
} from './input-fields.ts'

const MAX_STEPS = 1_000_000
const JSON_TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'] as const

type Kind = 'agent' | 'run' | 'workflow' | 'fn' | 'noop' | 'gate' | 'branch' | 'wait' | 'join'
type AnyShape = Readonly<Record<string, z.ZodType>>

/** The fields of each kind of stage, by the field that tells the kind. */
export const KIND_SHAPES: Readonly<Record<Kind, AnyShape>> = {
  agent: { ...commonShape, ...workShape },
  run: { ...commonShape, ...runShape },
  workflow: {
    ...commonShape,
    workflow: shown(anything, { anyOf: [TEXT, { $ref: '#' }] }).describe(
      'Another workflow, by name or in full, as a run of its own.',
    ),
    inputs: z
      .record(z.string(), z.unknown(), { error: 'an object of values by name' })
      .optional()
      .describe('Its inputs: a text is an expression, anything else the value itself.'),
  },
  fn: { ...commonShape, fn: text.describe('A function that a host registered.'), retry, timeout },
  noop: { ...commonShape, noop: z.literal(true, 'true').describe('Does nothing: a joint in the graph.') },
  gate: { ...commonShape, ...reviewShape, ...gateShape },
  branch: {
    ...commonShape,
    branch: z
      .array(branchCase, 'a list of { when, to }')
      .min(1, 'a list of at least one { when, to }')
      .describe('Takes the first case that holds.'),
    else: ids.optional().describe('Stages that run where no case holds.'),
  },
  wait: {
    ...commonShape,
    wait: wait.describe('A duration, { for }, { signal, timeout }, or { approval, timeout, on_timeout }.'),
  },
  join: {
    ...commonShape,
    join: shown(
      inForms<true | string | readonly string[]>(
        (value) => (value === true ? z.literal(true) : ids),
        `true, or ${STAGES_RULE}`,
      ) as z.ZodType<true>,
      { anyOf: [{ const: true }, ...TEXTS.anyOf] },
    ).describe('Brings the changes of parallel writers together: true, or the stages.'),
  },
}

/** What repeats the work of a stage. */
export const REPEAT_SHAPES: Readonly<Record<'loop' | 'map', z.ZodType>> = {
  loop: loop.describe('Does its work again, with the result of the round before, until something holds.'),
  map: map.describe('Does its work for each element of a list.'),
}

/** Every field that any stage may have. */
export const STAGE_SHAPE: Readonly<Record<string, z.ZodType>> = {
  ...(Object.assign({}, ...Object.values(KIND_SHAPES).toReversed()) as Readonly<Record<string, z.ZodType>>),
  ...REPEAT_SHAPES,
}

const inputType = inForms<string | null | object>(
  (value) =>
    value === null
      ? z.null()
      : typeof value === 'string'
        ? oneOf(JSON_TYPES)
        : isPlainObject(value)
          ? (z.unknown() as z.ZodType<object>)
          : undefined,
  `one of ${JSON_TYPES.join(', ')}, or a JSON Schema with description and default`,
)

const NAMED_STAGES = 'a list of stages'

/** The fields of a workflow. Its stages are looked at one by one. */
export const workflowShape: Shape<Omit<WorkflowInput, 'stages' | 'inputs'>> &
  Readonly<Record<'stages' | 'inputs', z.ZodType>> = {
  name: name(NAME_RULE).describe('Its name; in a file of its own the name of the file is the default.'),
  description: prose.optional().describe('What it is for.'),
  inputs: shown(z.record(z.string(), inputType, { error: 'an object of inputs by name' }), {
    type: 'object',
    additionalProperties: { anyOf: [{ enum: [...JSON_TYPES, null] }, OBJECT] },
  })
    .optional()
    .describe('What a run is started with: by name a type, or a JSON Schema with description and default.'),
  stages: shown(z.array(z.unknown(), NAMED_STAGES).min(1, `${NAMED_STAGES} with at least one`), {
    $ref: '#/definitions/stages',
  }).describe('What is to be done.'),
  result: text
    .optional()
    .describe('The stage whose result is that of the run; default: of all that nothing needs.'),
  concurrency: wholeNumber(1, MAX_PARALLEL).optional().describe('Stages at the same time; default 8.'),
  maxSteps: wholeNumber(1, MAX_STEPS)
    .optional()
    .describe(
      'Executions of stages, rounds included, after which a run fails; default 50, or 10 for each stage.',
    ),
  budget: usd.optional().describe('Limit of what a run may cost, USD.'),
  integrate: oneOf(['end', 'each'] as const)
    .optional()
    .describe('When its work comes to the target: at the `end` (default), or with `each` stage.'),
  concurrentRuns: trueOrFalse.optional().describe('Two runs of it may run at the same time; default false.'),
  agent: workShape.agent.describe('Default of all stages.'),
  profile: workShape.profile.describe('Default of all stages.'),
  priority: workShape.priority.describe('Default of all stages.'),
  retry: workShape.retry.describe('Default of all stages that agents do.'),
  timeout: workShape.timeout.describe('Default of all stages that agents do.'),
  worktree: worktree.describe('Default of all stages: in a git worktree on the change of the run.'),
  session: workShape.session.describe('Default of all stages.'),
  onFailure: commonShape.onFailure.describe('Default of all stages: fail, retry, skip, escalate.'),
}

/** The names of fields below a stage that are written in two words. */
export const NESTED_FIELDS: readonly string[] = [
  'maxRounds',
  'onExhausted',
  'onReject',
  'onTimeout',
  'maxRetries',
  'simplifyOnLast',
  'retryOn',
]
