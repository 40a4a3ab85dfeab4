/** How urgent an item is: five levels and the emergency, by name or by number. */
import { showValue } from '../agents/shown-values.ts'
import { AtelierError } from '../errors.ts'
import { EMERGENCY } from './rank.ts'

/** A name, P0 to P2, or 1 (most urgent) to 5. An emergency has only its name. */
export type Priority = PriorityName | 'P0' | 'P1' | 'P2' | 1 | 2 | 3 | 4 | 5

export type PriorityName = 'emergency' | 'critical' | 'high' | 'normal' | 'low' | 'lowest'

/** The level of each word. A bare number is always on the scale of 1 critical, 3 normal, 5 lowest. */
const PRIORITY_LEVELS: Readonly<Record<PriorityName, number>> = {
  emergency: EMERGENCY,
  critical: 1,
  high: 2,
  normal: 3,
  low: 4,
  lowest: 5,
}

/** What may be written, in small letters. */
const LEVELS: ReadonlyMap<string, number> = new Map([
  ...Object.entries(PRIORITY_LEVELS),
  ...(['p0', 'p1', 'p2'] as const).map((word, index) => [word, index + 1] as const),
  ...[1, 2, 3, 4, 5].map((level) => [String(level), level] as const),
])

const NAMES = Object.keys(PRIORITY_LEVELS) as readonly PriorityName[]

export const PRIORITY_RULE: string = `1 (most urgent) to 5, or one of ${NAMES.join(', ')}, P0, P1, P2`

/**
 * The level of a priority as it was written; `normal` where none was.
 * @throws AtelierError `invalid_input`
 */
export function priorityLevel(priority: unknown = 'normal'): number {
  const level = knownLevel(priority)
  if (level !== undefined) return level
  throw new AtelierError(
    'invalid_input',
    `The priority is ${showValue(priority)}; it must be ${PRIORITY_RULE}.`,
    { details: { field: 'priority', allowed: PRIORITY_RULE } },
  )
}

/** The level of a priority as it was written; undefined if it is none. */
export function knownLevel(priority: unknown): number | undefined {
  const word = typeof priority === 'number' ? String(priority) : priority
  return typeof word === 'string' ? LEVELS.get(word.toLowerCase()) : undefined
}

/** The name of a level. */
export function priorityName(level: number): PriorityName {
  return NAMES[level] ?? 'normal'
}
