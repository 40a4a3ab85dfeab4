/** Schemas of capabilities as they are written. */
import { z } from 'zod'
import {
  MAX_EXPERTISE,
  toCapability,
  type CapabilityInput,
  type WantedBy,
  type WantedInput,
} from './capability.ts'
import { duration, fieldsObject, inForms, text, texts, wholeNumber, type Shape } from './field-schemas.ts'
import { isPlainObject } from './json-snapshot.ts'
import { KNOWN_TASKS, MAX_COMPLEXITY } from './task-roles.ts'

const CAPABILITY_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/u
const SHORT_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}(?::(?:[1-9]|10))?$/u
const NAME_RULE =
  'a word of 1 to 64 characters of A-Z, a-z, 0-9, ".", "_", "-" and "/", such as review or code/rust'
const CAPABILITY_RULE =
  'a capability: a word such as "review", one with its expertise from 1 to 10 such as "review:8", or { name, expertise }'
const WANTED_RULE =
  'a capability: a word such as "review", one with the least expertise such as "review:8", or { name, minExpertise }'

const capabilityName = z.string(NAME_RULE).regex(CAPABILITY_PATTERN, NAME_RULE)
const expertise = wholeNumber(1, MAX_EXPERTISE)

const capabilityObject: z.ZodType<Exclude<CapabilityInput, string>> = fieldsObject({
  name: capabilityName,
  expertise: expertise.optional(),
  description: text.optional(),
  prerequisites: texts.optional(),
  outputs: texts.optional(),
  estimatedDuration: duration.optional(),
})
const wantedObject: z.ZodType<Exclude<WantedInput, string>> = fieldsObject({
  name: capabilityName,
  minExpertise: expertise.optional(),
})

const capability = inForms<CapabilityInput>((value) => formOf(value, capabilityObject), CAPABILITY_RULE)

/** A list of capabilities, as they are written. */
export const capabilitiesSchema: z.ZodType<readonly CapabilityInput[]> = z
  .array(capability, 'a list of capabilities')
  .max(100, 'a list of at most 100 capabilities')
  .check(({ value, issues }) => {
    const names = value.map((each) => toCapability(each).name)
    const at = names.findIndex((name, index) => names.indexOf(name) !== index)
    if (at !== -1)
      issues.push({
        code: 'custom',
        input: value[at],
        path: [at],
        message: 'another one than those before it',
      })
  })

/** A capability that is asked for, as it is written. */
const wantedSchema: z.ZodType<WantedInput> = inForms<WantedInput>(
  (value) => formOf(value, wantedObject),
  WANTED_RULE,
)

const TASK_RULE = `a word for the kind of task, such as ${KNOWN_TASKS.join(', ')}`

/** Who is asked for: by a capability, or by the kind of task and how hard it is. */
export const wantedByShape: Shape<WantedBy> = {
  capability: wantedSchema.optional().describe('What an agent must be able to do, and how well.'),
  task: z
    .string(TASK_RULE)
    .regex(CAPABILITY_PATTERN, TASK_RULE)
    .optional()
    .describe('What sort of work it is: the role that does it is the capability that is asked for.'),
  complexity: wholeNumber(1, MAX_COMPLEXITY)
    .optional()
    .describe(
      'How hard the task is, 1 to 10; default 5. It matters for `system_design`, which goes to an architect above 5.',
    ),
}

/** What is wrong where several fields say at the same time who is asked. */
export function wantedProblems(
  given: WantedBy & { readonly agent?: string | undefined },
): readonly { readonly field: 'task' | 'complexity'; readonly message: string }[] {
  if (given.task === undefined) {
    if (given.complexity === undefined) return []
    return [{ field: 'complexity', message: 'left out where no "task" is named' }]
  }
  const other = (['capability', 'agent'] as const).find((field) => given[field] !== undefined)
  if (other === undefined) return []
  return [{ field: 'task', message: `left out where "${other}" says who does it, or stand in its place` }]
}

/** A capability in its short form, such as `review:8`. */
export const shortForm: z.ZodType<string> = z.string().regex(SHORT_PATTERN, CAPABILITY_RULE)

function formOf<T>(value: unknown, object: z.ZodType<T>): z.ZodType<T | string> | undefined {
  if (typeof value === 'string') return shortForm
  return isPlainObject(value) ? object : undefined
}
