/** How users write for how many rounds work that does not merge goes back to its owner. */
import type { z } from 'zod'
import { duration, fieldsObject, inForms, oneOf, wholeNumber, type Shape } from '../agents/field-schemas.ts'
import { isPlainObject } from '../agents/json-snapshot.ts'
import { parseDuration, type Duration } from '../time/duration.ts'
import { DEFAULT_REWORK, REWORK_ANSWERS, type ReworkAnswer, type ReworkPolicy } from './rework.ts'

const MAX_ROUNDS = 100
const REWORK_RULE = `a number of rounds from 0 to ${MAX_ROUNDS}, or an object with rounds, deadline and default`

/** Rounds, as users write them: 0 asks somebody at once. */
export type ReworkOptions =
  | number
  | {
      readonly rounds?: number | undefined
      readonly deadline?: Duration | undefined
      readonly default?: ReworkAnswer | undefined
    }

type ReworkFields = Exclude<ReworkOptions, number>

const rounds = wholeNumber(0, MAX_ROUNDS)

const reworkShape: Shape<ReworkFields> = {
  rounds: rounds.optional().describe('Rounds before somebody is asked; default 3.'),
  deadline: duration.optional().describe('How long somebody may take to answer; default is for ever.'),
  default: oneOf(REWORK_ANSWERS).optional().describe('The answer that is taken at the deadline.'),
}

const reworkFields: z.ZodType<ReworkFields> = fieldsObject(reworkShape).check(({ value, issues }) => {
  if (value.default !== undefined && value.deadline === undefined)
    issues.push({
      code: 'custom',
      input: value.default,
      path: ['default'],
      message: 'left out where there is no deadline, as it is taken at the deadline',
    })
})

export const reworkSchema: z.ZodType<ReworkOptions> = inForms<ReworkOptions>((value) => {
  if (typeof value === 'number') return rounds
  return isPlainObject(value) ? reworkFields : undefined
}, REWORK_RULE)

/** The policy in full. */
export function toReworkPolicy(options: ReworkOptions = {}): ReworkPolicy {
  if (typeof options === 'number') return { ...DEFAULT_REWORK, rounds: options }
  return {
    rounds: options.rounds ?? DEFAULT_REWORK.rounds,
    withinMs: options.deadline === undefined ? null : parseDuration(options.deadline),
    default: options.default ?? null,
  }
}
