/** Checks what users put into the inbox, at once, and says which field is wrong and what is allowed. */
import { z } from 'zod'
import { anyJson, duration, fieldsObject, oneOf, text, type Shape } from '../agents/field-schemas.ts'
import { parseWith } from '../agents/parsing.ts'
import { canonicalJson, type Json } from '../json.ts'
import { parseDuration, type Duration } from '../time/duration.ts'
import { ANYONE, PERSON, VERDICTS, type RequestKind, type RequestScope } from './request.ts'

const KINDS: readonly RequestKind[] = ['question', 'permission', 'approval', 'merge']
const MAX_OPTIONS = 50
const OPTIONS_RULE = `a list of 1 to ${MAX_OPTIONS} different texts`
const WHO_RULE = 'a list of names of agents or people, or "person" or "anyone"'

/** A request as users write it. */
export interface RequestInput {
  readonly question: string
  readonly kind?: RequestKind | undefined
  readonly item?: string | undefined
  readonly run?: string | undefined
  readonly agent?: string | undefined
  readonly details?: Json | undefined
  readonly options?: readonly string[] | undefined
  readonly whoMayAnswer?: readonly string[] | undefined
  readonly deadline?: Duration | undefined
  readonly default?: Json | undefined
}

/** The fields of a request. */
const requestShape: Shape<RequestInput> = {
  question: text.describe('What is asked.'),
  kind: oneOf(KINDS).optional().describe('All but a question are approved or rejected; default `question`.'),
  item: text.optional().describe('The item that it is about.'),
  run: text.optional().describe('The run that it is about.'),
  agent: text.optional().describe('The agent that it is about; default is whoever asks.'),
  details: anyJson.optional().describe('JSON that helps to answer it.'),
  options: z
    .array(text, OPTIONS_RULE)
    .min(1, OPTIONS_RULE)
    .max(MAX_OPTIONS, OPTIONS_RULE)
    .refine((list) => new Set(list).size === list.length, OPTIONS_RULE)
    .optional()
    .describe('The only answers that a question takes; default is any.'),
  whoMayAnswer: z
    .array(text, WHO_RULE)
    .min(1, WHO_RULE)
    .optional()
    .describe('Default is `anyone` for a question, else `person`.'),
  deadline: duration.optional().describe('How long somebody may take to answer; default is for ever.'),
  default: anyJson.optional().describe('The answer that is taken at the deadline.'),
}

const requestSchema: z.ZodType<RequestInput> = fieldsObject(requestShape)
  .check(({ value, issues }) => {
    const wrong = (field: keyof RequestInput, rule: string): void =>
      void issues.push({ code: 'custom', input: value[field], path: [field], message: rule })
    const isQuestion = (value.kind ?? 'question') === 'question'
    if (!isQuestion && value.options !== undefined)
      wrong('options', `left out: a request of kind "${value.kind}" takes ${VERDICTS.join(' or ')}`)
    const options = isQuestion ? value.options : VERDICTS
    if (value.default === undefined) return
    if (value.deadline === undefined)
      wrong('default', 'left out where there is no deadline, as it is taken at the deadline')
    if (options !== undefined && !options.some((option) => option === value.default))
      wrong('default', `one of ${options.join(', ')}`)
  })
  .check(({ value, issues }) => {
    const about = (['item', 'run', 'agent'] as const).filter((field) => value[field] !== undefined)
    for (const field of about.slice(1))
      issues.push({
        code: 'custom',
        input: value[field],
        path: [field],
        message: `left out, as the request is about the ${about[0]} "${value[about[0] as 'item']}"`,
      })
  })

/** A checked request, with what was left out filled in. */
export interface ParsedRequest {
  readonly question: string
  readonly kind: RequestKind
  readonly scope: RequestScope
  readonly subject: string
  /** JSON texts, where there is something to say. */
  readonly details: string | null
  readonly defaultAnswer: string | null
  readonly options: readonly string[] | null
  readonly whoMayAnswer: readonly string[]
  readonly withinMs: number | null
}

/**
 * Checks a request and fills in what was left out.
 * @param askedBy what it is about, unless it says otherwise
 * @throws AtelierError `invalid_input`
 */
export function parseRequest(input: unknown, askedBy: string): ParsedRequest {
  const request = parseWith(requestSchema, input, () => 'The request')
  const { kind = 'question', item, run, agent = askedBy } = request
  const isQuestion = kind === 'question'
  const [scope, subject]: [RequestScope, string] =
    item !== undefined ? ['item', item] : run !== undefined ? ['run', run] : ['agent', agent]
  return {
    question: request.question,
    kind,
    scope,
    subject,
    details: request.details == null ? null : canonicalJson(request.details),
    defaultAnswer: request.default === undefined ? null : canonicalJson(request.default),
    options: isQuestion ? (request.options ?? null) : VERDICTS,
    whoMayAnswer: request.whoMayAnswer ?? [isQuestion ? ANYONE : PERSON],
    withinMs: request.deadline === undefined ? null : parseDuration(request.deadline),
  }
}

const answerFields = fieldsObject<{ readonly answer: Json; readonly comment?: string | undefined }>({
  answer: anyJson,
  comment: z.string('a text').optional(),
})

/**
 * Checks an answer.
 * @throws AtelierError `invalid_input`
 */
export function parseAnswer(
  answer: unknown,
  comment: unknown,
): { readonly answer: Json; readonly comment: string | null } {
  const parsed = parseWith(answerFields, { answer, comment }, () => 'The answer')
  return { answer: parsed.answer, comment: parsed.comment ?? null }
}
