/** Reads the state of a subscription's limits. */
import type { AgentEvent } from '../../agent-backend.ts'
import { fieldsOf, numberOf, textOf, type Fields } from './line.ts'

/** A limit that is reached. */
export interface ReachedLimit {
  readonly resetsAt?: number
}

/** The event for a `rate_limit_event`, where it says something new. */
export function limitEvent(line: Fields): Extract<AgentEvent, { t: 'limit' }> | undefined {
  const info = fieldsOf(line['rate_limit_info'])
  const status = textOf(info['status'])
  if (status !== 'rejected' && status !== 'allowed_warning') return undefined
  const used = numberOf(info['utilization'])
  // The turn goes on, on credit.
  const isReached = status === 'rejected' && info['isUsingOverage'] !== true
  return {
    t: 'limit',
    kind: textOf(info['rateLimitType']) ?? 'unknown',
    state: isReached ? 'reached' : 'near',
    ...(used !== undefined && { used }),
    ...resetOf(info),
  }
}

/** When a limit is lifted, from the `rate_limit_info` of an event or of the message about an error. */
export function resetOf(info: Fields): ReachedLimit {
  const seconds = numberOf(info['resetsAt'])
  return seconds === undefined ? {} : { resetsAt: seconds * 1000 }
}
