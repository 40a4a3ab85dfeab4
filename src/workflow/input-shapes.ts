/** The fields of workflows as they are written, one shape for each kind of stage. The message of each is the phrase after "it must be". */
import { z } from 'zod'
import {
  duration,
  fieldsObject,
  inForms,
  name,
  oneOf,
  prose,
  text,
  trueOrFalse,
  usd,
  variableNames,
  wholeNumber,
  type Shape,
} from '../agents/field-schemas.ts'
import { isPlainObject } from '../agents/json-snapshot.ts'
import { NAME_RULE } from '../agents/text-rules.ts'
import { priority, verify, workType } from '../board/definition-schema.ts'
import { retrySchema } from '../board/retry-schema.ts'
import type {
  CaseInput,
  GateInput,
  LoopInput,
  MapInput,
  StageInput,
  WaitInput,
  WorkflowInput,
} from './input.ts'

/** Neither `.` nor `/`: ids of elements and rounds are made of it, and a `from` with one of these is a file. */
const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/u
export const STAGE_ID_RULE =
  '1 to 64 characters of A-Z, a-z, 0-9, "_" and "-", beginning with a letter or digit'
const STAGES_RULE = 'the id of a stage, or a list of these'
const EXPRESSION_RULE = 'an expression, such as "score >= 70"'
const ON_EXHAUSTED = ['fail', 'accept_best', 'escalate'] as const
const ON_TIMEOUT = ['approve', 'reject'] as const
const MAX_ROUNDS = 100
const MAX_PARALLEL = 1000
const MAX_STEPS = 1_000_000
const JSON_TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'] as const

/** Adds what a JSON Schema says about a field that no schema of zod describes. */
function shown<T>(schema: z.ZodType<T>, json: Readonly<Record<string, unknown>>): z.ZodType<T> {
  return schema.meta(json)
}

const TEXT = { type: 'string' }
const TEXTS = { anyOf: [TEXT, { type: 'array', items: TEXT }] }
const DURATION = { anyOf: [{ type: 'number', exclusiveMinimum: 0 }, TEXT] }
const OBJECT = { type: 'object' }

export const stageId: z.ZodType<string> = z.string(STAGE_ID_RULE).regex(ID_PATTERN, STAGE_ID_RULE)
const time = shown(duration, DURATION)
/** What it names is looked at later, when the ids of all stages are known. */
export const expression: z.ZodType<string> = z.string(EXPRESSION_RULE)
const anything = z.unknown() as unknown as z.ZodType<never>
const agentName = name(`the name of an agent: ${NAME_RULE}`)
const onExhausted = oneOf(ON_EXHAUSTED)
const onTimeout = oneOf(ON_TIMEOUT)
const rounds = wholeNumber(1, MAX_ROUNDS)
const onFailure = oneOf(['fail', 'retry', 'skip', 'escalate'] as const)
const session = oneOf(['continue', 'fresh'] as const)

const ids = shown(
  inForms<string | readonly string[]>(
    (value) =>
      typeof value === 'string'
        ? z.string()
        : Array.isArray(value)
          ? z.array(z.string(STAGES_RULE))
          : undefined,
    STAGES_RULE,
  ),
  TEXTS,
)

const SOURCE = {
  anyOf: [
    TEXT,
    ...[['stage'], ['file'], ['name', 'value']].map((required) => ({
      type: 'object',
      properties: Object.fromEntries(required.map((key) => [key, TEXT])),
      required,
      additionalProperties: false,
    })),
  ],
}

type Fields<K extends keyof StageInput> = Shape<Pick<StageInput, K>>

const commonShape: Fields<'id' | 'title' | 'needs' | 'next' | 'from' | 'when' | 'arm' | 'onFailure'> = {
  id: stageId.describe('Its name within the workflow.'),
  title: text.optional().describe('What is to be done, in a line; default is the id.'),
  needs: ids.optional().describe('Stages that must be settled before.'),
  next: ids.optional().describe('Stages that need this one.'),
  from: shown(anything, { anyOf: [SOURCE, { type: 'array', items: SOURCE }] })
    .optional()
    .describe(
      'Its input: the result of a stage, which it then needs, or a file, which is a text with "/" or "."; also { stage }, { file }, and { name, value } for an expression.',
    ),
  when: expression.optional().describe('Skipped where this is false; what needs it runs all the same.'),
  arm: fieldsObject<{ readonly branch: string; readonly case: string }>({ branch: text, case: text })
    .optional()
    .describe('Skipped unless this branch takes this case. `then` of a branch says the same.'),
  onFailure: onFailure
    .optional()
    .describe('What becomes of the run where it has failed for good: fail (default), retry, skip, escalate.'),
}

type WorkField =
  | 'agent'
  | 'profile'
  | 'capability'
  | 'type'
  | 'priority'
  | 'spec'
  | 'output'
  | 'retry'
  | 'fallback'
  | 'timeout'
  | 'budget'
  | 'verify'
  | 'worktree'
  | 'access'
  | 'session'
  | 'consult'

const retry = shown(retrySchema, {
  anyOf: [{ enum: ['exponential', 'hub', 'none'] }, { type: 'integer', minimum: 0 }, OBJECT],
})
  .optional()
  .describe('How often and when it is tried again; default `exponential`, of `run` and `fn` `none`.')
const timeout = time.optional().describe('Wall-clock limit of one attempt.')
const worktree = trueOrFalse
  .optional()
  .describe('In a git worktree on the change of the run; default false: in the project folder.')

const workShape: Fields<WorkField> = {
  agent: agentName.optional().describe('The agent that does it.'),
  profile: name(`the name of a profile: ${NAME_RULE}`)
    .optional()
    .describe('The profile of which an agent is made for it.'),
  capability: text.optional().describe('What an agent must be able to do.'),
  type: workType.optional().describe('Board workers of this type take it, where some run.'),
  priority: shown(priority, { type: ['string', 'number'] })
    .optional()
    .describe('How urgent it is: 1 (most) to 5, or a name; default `normal`.'),
  spec: prose
    .optional()
    .describe('What is to be done, in full. {{ expression }} stands for a value, which is put in as data.'),
  output: shown(anything, OBJECT)
    .optional()
    .describe(
      'JSON Schema of the result; the answer is asked for once more where it does not fit. Of `run`: `text` or `json`.',
    ),
  retry,
  fallback: z
    .array(name('the name of a profile'), 'a list of names of profiles')
    .optional()
    .describe('Profiles that try it, in order, when every try has failed.'),
  timeout,
  budget: usd.optional().describe('Limit of what all its attempts may cost, USD.'),
  verify: shown(verify, { anyOf: [TEXT, { type: 'array', items: { anyOf: [TEXT, OBJECT] } }] })
    .optional()
    .describe('Commands that must succeed on its work.'),
  worktree,
  access: oneOf(['write', 'read'] as const)
    .optional()
    .describe('`read`: what it writes is discarded; default of reviewers. Else `write`.'),
  session: session.optional().describe('`continue` the session of the agent, or `fresh` (default).'),
  consult: text
    .optional()
    .describe('An agent that is asked before, or a stage before it; the answer is put in front as guidance.'),
}

const loop = fieldsObject<LoopInput>({
  until: expression.describe('The last round is the one after which this holds.'),
  maxRounds: rounds.optional().describe('Default 3.'),
  onExhausted: onExhausted
    .optional()
    .describe('What follows the last round: fail (default), accept_best, escalate.'),
  stages: shown(anything, { $ref: '#/$defs/stages' })
    .optional()
    .describe(
      'What each round does, where that is more than one stage; `inputs.previous` and `inputs.round` are there.',
    ),
})

const map = fieldsObject<MapInput>({
  over: shown(anything, { anyOf: [TEXT, { type: 'array' }] }).describe(
    'A list, or an expression that gives one. `item` and `index` are the element and its place.',
  ),
  limit: wholeNumber(1, MAX_PARALLEL).optional().describe('Elements at the same time; default 8.'),
  policy: shown(
    inForms<NonNullable<MapInput['policy']>>(
      (value) =>
        isPlainObject(value)
          ? fieldsObject({
              quorum: z
                .number('a share from 0 to 1')
                .min(0, 'a share from 0 to 1')
                .max(1, 'a share from 0 to 1'),
            })
          : oneOf(['continue', 'fail_fast'] as const),
      'one of continue, fail_fast, { quorum }',
    ),
    { anyOf: [{ enum: ['continue', 'fail_fast'] }, OBJECT] },
  )
    .optional()
    .describe(
      'What becomes of it where elements fail: continue (default), fail_fast, or the share that must succeed.',
    ),
  stages: shown(anything, { $ref: '#/$defs/stages' })
    .optional()
    .describe(
      'What is done for each element, where that is more than one stage; `inputs.item` and `inputs.index` are there.',
    ),
})

const person = shown(
  inForms<string | true>(
    (value) => (value === true ? z.literal(true) : typeof value === 'string' ? text : undefined),
    'a question, or true',
  ),
  { anyOf: [TEXT, { const: true }] },
)

const gateObject = fieldsObject<GateInput>({
  reviewer: agentName.optional().describe('The agent whose answer is the verdict.'),
  person: person.optional().describe('A person decides, in the inbox: the question, or true for the title.'),
  pass: expression
    .optional()
    .describe('When it holds; default `score >= 70` of a review. A veto never passes.'),
  onReject: text
    .optional()
    .describe('The stage before it whose next round a rejection starts; without it the run fails.'),
  maxRounds: rounds.optional().describe('Rounds in all; default 3.'),
  onExhausted: onExhausted
    .optional()
    .describe('What follows the last rejection: fail (default), accept_best, escalate.'),
  timeout: time.optional().describe('How long a person has.'),
  onTimeout: onTimeout.optional().describe('What holds when the time is over; default: it waits on.'),
})

const branchCase = fieldsObject<CaseInput>({
  name: text.optional().describe('Default: the first stage that it leads to.'),
  when: expression.describe('The first case that holds is taken.'),
  then: ids.describe('Stages that run only then.'),
})

const wait = inForms<WaitInput>((value) => {
  if (!isPlainObject(value)) return duration
  if ('signal' in value) return fieldsObject({ signal: text, timeout: duration.optional() })
  if ('approval' in value)
    return fieldsObject({ approval: person, timeout: duration.optional(), onTimeout: onTimeout.optional() })
  return fieldsObject({ for: duration })
}, 'a duration, { for }, { signal } or { approval }')

const runShape: Fields<'run' | 'env' | 'output' | 'timeout' | 'retry' | 'worktree'> = {
  run: text.describe('A command for the shell; values come by `env`.'),
  env: z
    .record(z.string(), expression, { error: 'an object of expressions by name' })
    .check((payload) => {
      const named = variableNames.safeParse(Object.keys(payload.value))
      for (const { path } of named.error?.issues ?? [])
        payload.issues.push({
          code: 'custom',
          input: payload.value,
          path: [Object.keys(payload.value)[path[0] as number] as string],
          message: 'without "=", spaces and NUL characters',
          params: { kind: 'name' },
        })
    })
    .optional()
    .describe('Variables of its environment: the values of expressions, by name.'),
  output: oneOf(['text', 'json'] as const)
    .optional()
    .describe(
      '`text` (default): the result is what it printed. `json`: that, parsed.',
    ) as Fields<'output'>['output'],
  timeout: timeout.describe('Wall-clock limit; default 10 minutes.'),
  retry,
  worktree,
}

const gateShape = {
  gate: shown(
    inForms<string | GateInput>(
      (value) => (typeof value === 'string' ? expression : isPlainObject(value) ? gateObject : undefined),
      'an expression, or an object with reviewer, person or pass',
    ),
    { anyOf: [TEXT, z.toJSONSchema(gateObject, { io: 'input', unrepresentable: 'any' })] },
  ).describe('Decides whether the work before it holds: by an expression, a reviewer, or a person.'),
} satisfies Fields<'gate'>
const { output: _output, verify: _verify, access: _access, ...reviewShape } = workShape

/** The fields of each kind of stage, by the field that tells the kind. */
export const KIND_SHAPES: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
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
      .array(branchCase, 'a list of { when, then }')
      .min(1, 'a list of at least one { when, then }')
      .describe('Takes the first case that holds.'),
    else: ids.optional().describe('Stages that run where no case holds.'),
  },
  wait: {
    ...commonShape,
    wait: shown(wait, { anyOf: [...DURATION.anyOf, OBJECT] }).describe(
      'A duration, { for }, { signal, timeout }, or { approval, timeout, on_timeout }.',
    ),
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
    $ref: '#/$defs/stages',
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
