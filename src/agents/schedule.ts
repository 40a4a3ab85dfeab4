/** Decisions about prompts that repeat. */
import type { NewEvent } from '../events.ts'
import type { AgentRow, ScheduleRow } from '../tables.ts'

/**
 * What happens when the clock reaches a schedule: a message if the agent is free, a skipped tick if it
 * is busy, nothing if it is not due. Missed intervals are not made up for.
 */
export function decideTick(
  row: ScheduleRow | undefined,
  agent: AgentRow | undefined,
  message: string,
  now: number,
): { readonly events: NewEvent[] } {
  if (row === undefined || row.nextAt > now) return { events: [] }
  if (agent === undefined || agent.state === 'dismissed') {
    return { events: [{ type: 'schedule.cancelled', data: { agent: row.agent } }] }
  }
  const missed = Math.floor((now - row.nextAt) / row.intervalMs)
  const nextAt = row.nextAt + (missed + 1) * row.intervalMs
  const busy = agent.turn !== null || agent.queued > 0
  const ticked: NewEvent = {
    type: 'schedule.ticked',
    data: { agent: row.agent, message: busy ? null : message, nextAt },
  }
  if (busy) return { events: [ticked] }
  const { name, backend, generation } = agent
  return {
    events: [
      ticked,
      {
        type: 'message.posted',
        data: {
          message,
          agent: name,
          backend,
          generation,
          kind: 'schedule',
          prompt: row.prompt,
          group: null,
          timeoutMs: null,
          itemAttempt: null,
        },
      },
    ],
  }
}
