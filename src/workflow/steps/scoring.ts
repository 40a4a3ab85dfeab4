/** How a step of a step file is scored: what its answer must say, and when that is good enough. */
import type { JsonSchema } from '../definition.ts'
import type { Thresholds } from './step-schema.ts'

/** How conditions call it that all thresholds are met. */
export const PASSED = 'scoring.passed'
/** What is asked for where a gate rests on scores and no threshold is given. */
const DEFAULT_THRESHOLDS: Thresholds = { overall_min: 70 }

export const MAX_SCORE = 100

/** What an answer must have, by the greatest number that it is compared with. */
export type Members = ReadonlyMap<string, number>

/** What must hold of an answer, and the members that say it. */
export interface Passing {
  /** In CEL: conditions with `&&` between them. */
  readonly expression: string
  readonly members: Members
}

export function withMember(members: Map<string, number>, member: string, bound: number): void {
  members.set(member, Math.max(bound, members.get(member) ?? 0))
}

/** When the scores of an answer are good enough. A veto is for what must not pass whatever the score. */
export function passingOf(thresholds: Thresholds | undefined): Passing {
  const given = Object.entries(thresholds ?? {})
  const bounds = given.length === 0 ? Object.entries(DEFAULT_THRESHOLDS) : given
  const members = new Map([['score', 0]])
  const parts = bounds.map(([key, bound]) => {
    const member = memberOf(key)
    withMember(members, member, bound)
    const value = member === 'score' ? 'score' : `result.${member}`
    return `${value} ${key.endsWith('_min') ? '>=' : '<='} ${bound}`
  })
  return { expression: [...parts, 'verdict != "veto"'].join(' && '), members }
}

/** The schema of an answer that has these members. */
export function answerWith(members: Members): JsonSchema {
  const asked = [...members].map((each): readonly [string, JsonSchema] => {
    const [member] = each
    return [
      member,
      member === 'verdict' ? { type: 'string' } : { type: 'number', minimum: 0, maximum: scaleOf(each) },
    ]
  })
  return {
    type: 'object',
    required: [...members.keys()],
    properties: {
      ...Object.fromEntries(asked),
      issues: { type: 'array', description: 'What has to be different, one by one' },
      feedback: { type: 'string', description: 'What there is to say about it' },
    },
  }
}

/** What an agent is told about its scores. */
export function scoringText(members: Members): string {
  const scales = [...members]
    .filter(([member]) => member !== 'verdict')
    .map((each) => `${each[0]} from 0 to ${scaleOf(each)}`)
  const low = members.has('complexity') ? ' Of complexity, less is better.' : ''
  const verdict = members.has('verdict') ? 'Give a verdict: approve or request_changes. ' : ''
  const rated = scales.length === 0 ? '' : `Rate it: ${scales.join(', ')}.${low} `
  return `${rated}${verdict}What has to be different stands in issues.`
}

/** The overall score is of 100; of others the numbers that they are compared with show whether they are of 10 or of 100. */
function scaleOf([member, bound]: readonly [member: string, bound: number]): number {
  return member === 'score' || bound > 10 ? MAX_SCORE : 10
}

function memberOf(key: string): string {
  const metric = key.replace(/_(?:min|max)$/u, '')
  return metric === 'overall' ? 'score' : metric
}
