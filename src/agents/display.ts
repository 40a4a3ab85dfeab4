/** What an agent is doing, in one word: derived, never stored. */
import type { AgentRow } from '../tables.ts'

export type AgentStatus = 'idle' | 'working' | 'waiting' | 'error' | 'offline'

export interface StatusFacts {
  /** A live host offers the agent's backend. */
  readonly hosted: boolean
  /** Its last message failed. */
  readonly failed: boolean
}

/**
 * `working` has a turn, `waiting` has messages that a host will start, `offline` has messages and no host
 * that could; `error` is idle after a failure, and takes the next message like any other.
 */
export function statusOf(agent: AgentRow, { hosted, failed }: StatusFacts): AgentStatus {
  if (agent.turn !== null) return hosted ? 'working' : 'offline'
  if (agent.queued > 0) return hosted ? 'waiting' : 'offline'
  return failed ? 'error' : 'idle'
}
