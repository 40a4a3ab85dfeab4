/** Checks what users post on the board, at once, and says which field is wrong and what is allowed. */
import { z } from 'zod'
import { wantedBy, type WantedBy } from '../agents/capability.ts'
import { wantedByShape, wantedProblems } from '../agents/capability-schemas.ts'
import {
  anyJson,
  duration,
  fieldsObject,
  inForms,
  name,
  oneOf,
  prose,
  text,
  usd,
  type Shape,
} from '../agents/field-schemas.ts'
import { isPlainObject } from '../agents/json-snapshot.ts'
import { parseWith } from '../agents/parsing.ts'
import { showValue } from '../agents/shown-values.ts'
import type { Json } from '../json.ts'
import { parseDuration, type Duration } from '../time/duration.ts'
import { parseInstant } from '../time/instant.ts'
import {
  DEFAULT_ESTIMATE_MS,
  DEFAULT_VALUE,
  DEFAULT_VERIFY_TIMEOUT_MS,
  type ItemDefinition,
  type MergeMode,
} from './definition.ts'
import type { PostItem } from './posting.ts'
import { knownLevel, PRIORITY_RULE, priorityLevel, type Priority } from './priority.ts'
import { MAX_VALUE, MIN_VALUE } from './urgency.ts'
import { retrySchema, toRetryPolicy, type RetryOptions } from './retry-schema.ts'
import { reworkSchema, toReworkPolicy, type ReworkOptions } from './rework-schema.ts'

const ID_CHARACTERS = 128
/** Safe in a URL and a shell; no part of it between slashes is hidden or leads upwards, should it name a folder. */
const ID_PATTERN = /^(?=.{1,128}$)[A-Za-z0-9][A-Za-z0-9._#:-]*(?:\/[A-Za-z0-9][A-Za-z0-9._#:-]*)*$/u
const ID_RULE = `1 to ${ID_CHARACTERS} characters of A-Z, a-z, 0-9, ".", "_", "-", "#", ":" and "/", each part between slashes beginning with a letter or digit`
const IDS_RULE = 'a list of ids of items'

const TYPE_CHARACTERS = 64
const TYPE_RULE = `a word of 1 to ${TYPE_CHARACTERS} characters, such as code, review, test or docs`

const GLOB_RULE =
  'a path inside of the project, such as "src/auth/" or "docs/*.md"; "*", "?" and "**" stand for other names, and braces do not work'
const MAX_GLOBS = 100

const VERIFY_RULE = 'a command, or a list of commands: a text, or { run, timeout }'
const VERIFY_COMMAND_RULE = 'a command: a text, or { run, timeout }'
const MAX_COMMANDS = 50

const DEADLINE_RULE =
  'a time with its zone, such as "2026-03-01T17:00Z", or a duration from now, such as "8h"'
const VALUE_RULE = `a number from ${MIN_VALUE} to ${MAX_VALUE}`

const MERGE_MODES: readonly MergeMode[] = ['auto', 'pr-branch', 'manual']
const DEFAULT_TYPE = 'custom'
/** What such an item writes is discarded, unless it says otherwise. */
const READING_TYPES: ReadonlySet<string> = new Set(['review', 'research'])

/** One command of `verify`. */
export type VerifyInput = string | { readonly run: string; readonly timeout?: Duration | undefined }

/** An item as users write it. */
export interface WorkInput extends WantedBy {
  readonly id: string
  readonly title: string
  readonly spec?: string | undefined
  readonly type?: string | undefined
  readonly priority?: Priority | undefined
  readonly value?: number | undefined
  readonly deadline?: Duration | undefined
  readonly dependsOn?: readonly string[] | undefined
  readonly input?: Json | undefined
  readonly metadata?: Json | undefined
  readonly verify?: string | readonly VerifyInput[] | undefined
  readonly retry?: RetryOptions | undefined
  readonly rework?: ReworkOptions | undefined
  readonly fallback?: readonly string[] | undefined
  readonly timeout?: Duration | undefined
  readonly estimate?: Duration | undefined
  readonly touches?: readonly string[] | undefined
  readonly access?: 'write' | 'read' | undefined
  readonly merge?: MergeMode | undefined
  readonly agent?: string | undefined
  readonly change?: string | undefined
  readonly maxCostUsd?: number | undefined
}

const deadline: z.ZodType<Duration> = z
  .union([z.number(), z.string()], DEADLINE_RULE)
  .refine(
    (value) =>
      (typeof value === 'string' && parseInstant(value) !== undefined) || duration.safeParse(value).success,
    DEADLINE_RULE,
  )

const itemId: z.ZodType<string> = z.string(ID_RULE).regex(ID_PATTERN, ID_RULE)

/** A priority as it is written. */
export const priority: z.ZodType<Priority> = z
  .unknown()
  .refine((value) => knownLevel(value) !== undefined, PRIORITY_RULE)
  .transform((value) => value as Priority)

/** The word by which workers take items. */
export const workType: z.ZodType<string> = z
  .string(TYPE_RULE)
  .regex(/^[^\s\p{Cc}\p{Surrogate}]{1,64}$/u, TYPE_RULE)

const glob = z.string(GLOB_RULE).max(1024, GLOB_RULE).refine(isGlob, GLOB_RULE)

const verifyCommand: z.ZodType<VerifyInput> = inForms<VerifyInput>(
  (value) => (typeof value === 'string' ? text : isPlainObject(value) ? verifyObject : undefined),
  VERIFY_COMMAND_RULE,
)

const verifyObject: z.ZodType<Exclude<VerifyInput, string>> = fieldsObject({
  run: text.describe('A line for the shell.'),
  timeout: duration.optional().describe('Wall-clock limit of the command; default 10 minutes.'),
})

/** One command or several. */
export const verify: z.ZodType<string | readonly VerifyInput[]> = inForms<string | readonly VerifyInput[]>(
  (value) =>
    typeof value === 'string'
      ? text
      : Array.isArray(value)
        ? z.array(verifyCommand, VERIFY_RULE).max(MAX_COMMANDS, `a list of at most ${MAX_COMMANDS} commands`)
        : undefined,
  VERIFY_RULE,
)

/** The fields of an item, for building further schemas and reference pages. */
export const workShape: Shape<WorkInput> = {
  id: itemId.describe('Its name on the board.'),
  title: text.describe('What is to be done, in a line.'),
  spec: prose.optional().describe('What is to be done, in full.'),
  type: workType.optional().describe('Which workers take it: any word; default `custom`.'),
  priority: priority.optional().describe('How urgent it is: 1 (most) to 5, or a name; default 3, `normal`.'),
  value: z
    .number(VALUE_RULE)
    .min(MIN_VALUE, VALUE_RULE)
    .max(MAX_VALUE, VALUE_RULE)
    .optional()
    .describe('How much more it is worth than others of its priority; default 1.'),
  deadline: deadline
    .optional()
    .describe('When it is to be done: a time with its zone, or a duration from now.'),
  dependsOn: z
    .array(itemId, IDS_RULE)
    .optional()
    .describe('Items that must be done before; their results go into its prompt.'),
  input: anyJson.optional().describe('JSON for the agent.'),
  metadata: anyJson.optional().describe('Facts of your own; Atelier keeps them and does not read them.'),
  verify: verify.optional().describe('Commands that must succeed on its work before it is done.'),
  retry: retrySchema.optional().describe('How often and when it is tried again; default `exponential`.'),
  rework: reworkSchema
    .optional()
    .describe(
      'How often work that conflicts or is red on the target goes back before a person is asked; default 3.',
    ),
  fallback: z
    .array(name('the name of a profile'), 'a list of names of profiles')
    .optional()
    .describe('Profiles that try it, in order, when every try has failed.'),
  timeout: duration.optional().describe('Wall-clock limit of one attempt; default is that of the worker.'),
  estimate: duration.optional().describe('How long it takes, about; longer ways are begun first.'),
  touches: z
    .array(glob, 'a list of paths')
    .max(MAX_GLOBS, `a list of at most ${MAX_GLOBS} paths`)
    .optional()
    .describe('Files that it will change; items that would change the same do not run at the same time.'),
  access: oneOf(['write', 'read'] as const)
    .optional()
    .describe(
      '`read`: what it writes is discarded; default for the types review and research. Else `write`.',
    ),
  merge: oneOf(MERGE_MODES).optional().describe('How its work comes to the target; default `auto`.'),
  agent: name('the name of an agent or profile')
    .optional()
    .describe('The agent, or the profile of the worker, that is preferred.'),
  ...wantedByShape,
  change: itemId.optional().describe('The line of work that it extends; default is one of its own.'),
  maxCostUsd: usd.optional().describe('Limit of what all its attempts may cost, USD.'),
}

const workSchema: z.ZodType<WorkInput> = fieldsObject(workShape).check(({ value, issues }) => {
  if (value.access === 'read' && value.merge !== undefined)
    issues.push({
      code: 'custom',
      input: value.merge,
      path: ['merge'],
      message: 'left out where access is "read", as nothing of such an item is merged',
    })
  for (const { field, message } of wantedProblems(value))
    issues.push({ code: 'custom', input: value[field], path: [field], message })
})

/** When an item is to be done: at a time, or so many ms after it is posted. */
export type Due = { readonly at: number } | { readonly afterMs: number }

/** An item to post, and the part of it that never changes, which is stored beside it. */
export interface ParsedWork {
  readonly post: Omit<PostItem, 'definition' | 'deadline'> & { readonly due: Due | null }
  readonly definition: ItemDefinition
}

/**
 * Checks an item and fills in what was left out.
 * @throws AtelierError `invalid_input`
 */
export function parseWork(input: unknown): ParsedWork {
  const work = parseWith(workSchema, input, () => nameOf(input))
  return {
    post: {
      id: work.id,
      title: work.title,
      type: work.type ?? DEFAULT_TYPE,
      priority: priorityLevel(work.priority),
      value: work.value ?? DEFAULT_VALUE,
      due: work.deadline === undefined ? null : dueOf(work.deadline),
      capability: wantedBy(work),
      dependsOn: work.dependsOn ?? [],
      estimateMs: work.estimate === undefined ? DEFAULT_ESTIMATE_MS : parseDuration(work.estimate),
      touches: work.touches ?? [],
      change: work.change ?? null,
    },
    definition: {
      spec: work.spec ?? null,
      input: work.input ?? null,
      verify: commandsOf(work.verify),
      retry: toRetryPolicy(work.retry),
      rework: toReworkPolicy(work.rework),
      fallback: work.fallback ?? [],
      timeoutMs: work.timeout === undefined ? null : parseDuration(work.timeout),
      maxCostUsd: work.maxCostUsd ?? null,
      agent: work.agent ?? null,
      access: work.access ?? (READING_TYPES.has(work.type ?? DEFAULT_TYPE) ? 'read' : 'write'),
      merge: work.merge ?? 'auto',
      metadata: work.metadata ?? null,
    },
  }
}

function dueOf(written: Duration): Due {
  const at = typeof written === 'string' ? parseInstant(written) : undefined
  return at === undefined ? { afterMs: parseDuration(written) } : { at }
}

/** The commands of `verify` with their limits. */
export function commandsOf(input: WorkInput['verify'] = []): ItemDefinition['verify'] {
  return (typeof input === 'string' ? [input] : input).map((each) => {
    const { run, timeout } = typeof each === 'string' ? { run: each } : { timeout: undefined, ...each }
    return { run, timeoutMs: timeout === undefined ? DEFAULT_VERIFY_TIMEOUT_MS : parseDuration(timeout) }
  })
}

function nameOf(input: unknown): string {
  const id = isPlainObject(input) ? input['id'] : undefined
  return id === undefined ? 'The item' : `Item ${showValue(id)}`
}

/** Inside of the project, and without what would be taken for a name although it was meant as a pattern. */
function isGlob(value: string): boolean {
  const isInside = !/^[/~!]|^[A-Za-z]:/u.test(value) && !value.split('/').includes('..')
  return isInside && value.trim() !== '' && !/[{}\\\p{Cc}]/u.test(value)
}
