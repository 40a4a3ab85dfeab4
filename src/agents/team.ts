/** Decisions about agents themselves: creating, replacing, resetting, dismissing. */
import type { NewEvent } from '../events.ts'
import type { AgentRow, MessageRow, ScheduleRow } from '../tables.ts'
import type { Skill } from './capability.ts'
import { decideCancel, unknownAgent, type Decided } from './mailbox.ts'
import { NEVER } from './projection.ts'

export interface CreateAgent {
  readonly agent: string
  readonly profile: string | null
  readonly backend: string
  readonly model: string | null
  readonly account: string
  /** Blob hash of the resolved definition. */
  readonly definition: string
  readonly capabilities: readonly Skill[]
}

/**
 * Creates an agent. The same name with the same definition is the same agent: nothing changes, so that a
 * program that starts again goes on with its team. With another definition it is replaced: its
 * messages are cancelled, and it begins a new session.
 */
export function decideCreate(
  create: CreateAgent,
  row: AgentRow | undefined,
  open: readonly MessageRow[],
): Decided {
  const exists = row?.state === 'active'
  if (exists && row.definition === create.definition && row.profile === create.profile) return { events: [] }
  const generation = (row?.generation ?? 0) + 1
  return {
    events: [
      ...(exists ? decideCancel(open, `Agent "${create.agent}" was replaced.`) : []),
      { type: 'agent.created', data: { ...create, generation, replaced: exists } },
    ],
  }
}

/** Begins a new session and empties the queue; what it cost stays on the bill. */
export function decideReset(
  name: string,
  row: AgentRow | undefined,
  open: readonly MessageRow[],
  known: readonly string[],
): Decided {
  if (row === undefined || row.state === 'dismissed') return { refused: unknownAgent(name, known) }
  return {
    events: [
      ...decideCancel(open, `Agent "${name}" was reset.`),
      { type: 'agent.reset', data: { agent: name, generation: row.generation + 1 } },
    ],
  }
}

/** Removes an agent from the team, with what it has to do and its schedule; an unknown one is no error. */
export function decideDismiss(
  name: string,
  row: AgentRow | undefined,
  open: readonly MessageRow[],
  schedule: ScheduleRow | undefined,
): { events: NewEvent[] } {
  if (row === undefined || row.state === 'dismissed') return { events: [] }
  const cancelled: NewEvent[] = decideCancel(open, `Agent "${name}" was dismissed.`)
  // A later agent of the same name would inherit it.
  if (schedule !== undefined && schedule.nextAt !== NEVER)
    cancelled.push({ type: 'schedule.cancelled', data: { agent: name } })
  return { events: [...cancelled, { type: 'agent.dismissed', data: { agent: name } }] }
}
