/** The fields of stages as they are written. The message of each is the phrase after "it must be". */
import { shortForm } from '../agents/capability-schemas.ts'
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
import { retrySchema, retryShape } from '../board/retry-schema.ts'
import type { Duration } from '../time/duration.ts'
import type { CaseInput, GateInput, LoopInput, MapInput, StageInput, WaitInput } from './input.ts'

/** Neither `.` nor `/`: ids of elements and rounds are made of it, and a `from` with one of these is a file. */
const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/u
export const STAGE_ID_RULE =
  '1 to 64 characters of A-Z, a-z, 0-9, "_" and "-", beginning with a letter or digit'
export const STAGES_RULE = 'the id of a stage, or a list of these'
const EXPRESSION_RULE = 'an expression, such as "score >= 70"'
const ON_EXHAUSTED = ['fail', 'accept_best', 'escalate'] as const
const ON_TIMEOUT = ['approve', 'reject'] as const
const MAX_ROUNDS = 100
export const MAX_PARALLEL = 1000

/** Adds what a JSON Schema says about a field that no schema of zod describes. */
export function shown<T>(schema: z.ZodType<T>, json: Readonly<Record<string, unknown>>): z.ZodType<T> {
  return schema.meta(json)
}

type JsonFragment = Readonly<Record<string, unknown>>

export const TEXT: JsonFragment = { type: 'string' }
export const TEXTS: { readonly anyOf: readonly JsonFragment[] } = {
  anyOf: [TEXT, { type: 'array', items: TEXT }],
}
const DURATION: { readonly anyOf: readonly JsonFragment[] } = {
  anyOf: [{ type: 'number', exclusiveMinimum: 0 }, TEXT],
}
export const OBJECT: JsonFragment = { type: 'object' }

/** What a JSON Schema says about an object of fields. */
function jsonOf(schema: z.ZodType): JsonFragment {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'draft-7' })
}

export const stageId: z.ZodType<string> = z.string(STAGE_ID_RULE).regex(ID_PATTERN, STAGE_ID_RULE)
const time = shown(duration, DURATION)
/** What it names is looked at later, when the ids of all stages are known. */
const expression: z.ZodType<string> = z.string(EXPRESSION_RULE)
export const anything = z.unknown() as unknown as z.ZodType<never>
const agentName = name(`the name of an agent: ${NAME_RULE}`)
const onExhausted = oneOf(ON_EXHAUSTED)
const onTimeout = oneOf(ON_TIMEOUT)
const rounds = wholeNumber(1, MAX_ROUNDS)
const onFailure = oneOf(['fail', 'retry', 'skip', 'escalate'] as const)
const session = oneOf(['continue', 'fresh'] as const)

export const ids: z.ZodType<string | readonly string[]> = shown(
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
    jsonOf(fieldsObject({ stage: text.describe('The id of a stage, whose result it is.') })),
    jsonOf(fieldsObject({ file: text.describe('A file of the project; {{ inputs.x }} in it is an input.') })),
    jsonOf(
      fieldsObject({
        name: text.describe('How the value is called in the prompt.'),
        value: expression.describe('An expression that gives it.'),
      }),
    ),
  ],
}

type Fields<K extends keyof StageInput> = Shape<Pick<StageInput, K>>

export const commonShape: Fields<'id' | 'title' | 'needs' | 'next' | 'from' | 'when' | 'arm' | 'onFailure'> =
  {
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
    arm: fieldsObject<{ readonly branch: string; readonly case: string }>({
      branch: text.describe('The id of the branch.'),
      case: text.describe('The name of the case.'),
    })
      .optional()
      .describe('Skipped unless this branch takes this case. `to` of a branch says the same.'),
    onFailure: onFailure
      .optional()
      .describe(
        'What becomes of the run where it has failed for good: fail (default), retry, skip, escalate.',
      ),
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

export const retry: z.ZodType<StageInput['retry']> = shown(retrySchema, {
  anyOf: [
    { enum: ['exponential', 'hub', 'none'] },
    { type: 'integer', minimum: 0 },
    jsonOf(fieldsObject(retryShape)),
  ],
})
  .optional()
  .describe('How often and when it is tried again; default `exponential`, of `run` and `fn` `none`.')
export const timeout: z.ZodType<StageInput['timeout']> = time
  .optional()
  .describe('Wall-clock limit of one attempt.')
export const worktree: z.ZodType<StageInput['worktree']> = trueOrFalse
  .optional()
  .describe('In a git worktree on the change of the run; default false: in the project folder.')

export const workShape: Fields<WorkField> = {
  agent: agentName.optional().describe('The agent that does it.'),
  profile: name(`the name of a profile: ${NAME_RULE}`)
    .optional()
    .describe('The profile of which an agent is made for it.'),
  capability: shortForm
    .optional()
    .describe('What an agent must be able to do, such as `review`, or `review:8`.'),
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
  session: session
    .optional()
    .describe('`continue` the last session of the agent in the run, or `fresh` (default).'),
  consult: text
    .optional()
    .describe('An agent that is asked before, or a stage before it; the answer is put in front as guidance.'),
}

export const loop: z.ZodType<LoopInput> = fieldsObject<LoopInput>({
  until: expression.describe('The last round is the one after which this holds.'),
  maxRounds: rounds.optional().describe('Default 3.'),
  onExhausted: onExhausted
    .optional()
    .describe('What follows the last round: fail (default), accept_best, escalate.'),
  stages: shown(anything, { $ref: '#/definitions/stages' })
    .optional()
    .describe(
      'What each round does, where that is more than one stage; `inputs.previous` and `inputs.round` are there.',
    ),
})

const SHARE_RULE = 'a share from 0 to 1'
const quorum = fieldsObject<{ readonly quorum: number }>({
  quorum: z
    .number(SHARE_RULE)
    .min(0, SHARE_RULE)
    .max(1, SHARE_RULE)
    .describe('The share of elements that must succeed, 0 to 1.'),
})

export const map: z.ZodType<MapInput> = fieldsObject<MapInput>({
  over: shown(anything, { anyOf: [TEXT, { type: 'array' }] }).describe(
    'A list, or an expression that gives one. `item` and `index` are the element and its place.',
  ),
  limit: wholeNumber(1, MAX_PARALLEL).optional().describe('Elements at the same time; default 8.'),
  policy: shown(
    inForms<NonNullable<MapInput['policy']>>(
      (value) => (isPlainObject(value) ? quorum : oneOf(['continue', 'fail_fast'] as const)),
      'one of continue, fail_fast, { quorum }',
    ),
    { anyOf: [{ enum: ['continue', 'fail_fast'] }, jsonOf(quorum)] },
  )
    .optional()
    .describe(
      'What becomes of it where elements fail: continue (default), fail_fast, or the share that must succeed.',
    ),
  stages: shown(anything, { $ref: '#/definitions/stages' })
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

const gateFields: Shape<GateInput> = {
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
}
const gateObject = fieldsObject<GateInput>(gateFields)

export const branchCase: z.ZodType<CaseInput> = fieldsObject<CaseInput>({
  name: text.optional().describe('Default: the first stage that it leads to.'),
  when: expression.describe('The first case that holds is taken.'),
  to: ids.describe('Stages that run only then.'),
})

const waitTime = fieldsObject<{ readonly for: Duration }>({ for: time.describe('How long it waits.') })
const waitSignal = fieldsObject<Extract<WaitInput, { readonly signal: string }>>({
  signal: text.describe('The word from outside that it waits for.'),
  timeout: time.optional().describe('It fails when nothing came in this time.'),
})
const waitApproval = fieldsObject<Extract<WaitInput, { readonly approval: unknown }>>({
  approval: person.describe('A person decides, in the inbox: the question, or true for the title.'),
  timeout: gateFields.timeout,
  onTimeout: gateFields.onTimeout,
})

export const wait: z.ZodType<WaitInput> = shown(
  inForms<WaitInput>((value) => {
    if (!isPlainObject(value)) return duration
    if ('signal' in value) return waitSignal
    return 'approval' in value ? waitApproval : waitTime
  }, 'a duration, { for }, { signal } or { approval }'),
  { anyOf: [...DURATION.anyOf, ...[waitTime, waitSignal, waitApproval].map((form) => jsonOf(form))] },
)

export const runShape: Fields<'run' | 'env' | 'output' | 'timeout' | 'retry' | 'worktree'> = {
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
    .describe('`text` (default): the result is what it printed. `json`: that, parsed.'),
  timeout: timeout.describe('Wall-clock limit; default 10 minutes.'),
  retry,
  worktree,
}

export const gateShape: Fields<'gate'> = {
  gate: shown(
    inForms<string | GateInput>(
      (value) => (typeof value === 'string' ? expression : isPlainObject(value) ? gateObject : undefined),
      'an expression, or an object with reviewer, person or pass',
    ),
    { anyOf: [TEXT, jsonOf(gateObject)] },
  ).describe('Decides whether the work before it holds: by an expression, a reviewer, or a person.'),
}
const { output: _output, verify: _verify, access: _access, ...review } = workShape
/** Of a turn, what a review has. */
export const reviewShape: Fields<Exclude<WorkField, 'output' | 'verify' | 'access'>> = review
