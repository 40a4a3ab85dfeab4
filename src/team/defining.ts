/** Profiles, agents, budgets, schedules and context: what a team is told, as commands. */
import { skillsOf } from '../agents/capability.ts'
import type { AgentDefinition, ProfileDefinition } from '../agents/definition.ts'
import { unknownAgent } from '../agents/mailbox.ts'
import { NEVER } from '../agents/projection.ts'
import { decideCreate, decideDismiss, decideReset } from '../agents/team.ts'
import { hashText, packText } from '../ids.ts'
import { canonicalJson, type Json } from '../json.ts'
import { decidePut, decideRemove } from '../knowledge/context.ts'
import { agentScope } from '../money/ledger.ts'
import { microsOf } from '../money/usd.ts'
import type { NewEvent } from '../events.ts'
import type { LedgerRow } from '../tables.ts'
import { budgetScope } from './budget-scope.ts'
import { commit, type TeamContext } from './context.ts'
import { knownAgents, openMessages } from './posting.ts'

/** Stores a profile; the same one again changes nothing. */
export async function defineProfile(
  { store, by }: TeamContext,
  name: string,
  profile: ProfileDefinition,
): Promise<void> {
  const body = canonicalJson(profile)
  const hash = hashText(body)
  await commit(store, {
    name: 'profile.define',
    keys: [`profile:${name}`],
    by,
    blobs: [{ hash, body }],
    load: (reader) => reader.get('profile', name),
    decide: (row) => ({
      events:
        row?.definition === hash
          ? []
          : [{ type: 'profile.defined', data: { profile: name, definition: hash } }],
    }),
  })
}

/** Creates an agent, or replaces the one of that name if its definition differs. Its own limit becomes its budget. */
export async function createAgent(
  { store, by }: TeamContext,
  name: string,
  profile: string | null,
  definition: AgentDefinition,
  account: string,
): Promise<void> {
  const body = canonicalJson(definition)
  const hash = hashText(body)
  const { backend, model = null, maxCostUsd, capabilities } = definition
  await commit(store, {
    name: 'agent.create',
    keys: [`agent:${name}`],
    by,
    blobs: [{ hash, body }],
    load: async (reader) => ({
      row: await reader.get('agent', name),
      open: await openMessages(reader, name),
      ledger: await reader.get('ledger', agentScope(name)),
    }),
    decide({ row, open, ledger }) {
      const decision = decideCreate(
        {
          agent: name,
          profile,
          backend,
          model,
          account,
          definition: hash,
          capabilities: skillsOf(capabilities),
        },
        row,
        open,
      )
      if ('refused' in decision || maxCostUsd === undefined) return decision
      const limitMicros = microsOf(maxCostUsd)
      const unchanged = ledger?.limitMicros === limitMicros || decision.events.length === 0
      const limit: NewEvent = { type: 'budget.set', data: { scope: agentScope(name), limitMicros } }
      return { events: unchanged ? decision.events : [...decision.events, limit] }
    },
  })
}

export async function dismissAgent({ store, by }: TeamContext, name: string): Promise<void> {
  await commit(store, {
    name: 'agent.dismiss',
    keys: [`agent:${name}`],
    by,
    load: async (reader) => ({
      row: await reader.get('agent', name),
      open: await openMessages(reader, name),
      schedule: await reader.get('schedule', name),
    }),
    decide: ({ row, open, schedule }) => decideDismiss(name, row, open, schedule),
  })
}

export async function resetAgent({ store, by }: TeamContext, name: string): Promise<void> {
  await commit(store, {
    name: 'agent.reset',
    keys: [`agent:${name}`],
    by,
    load: async (reader) => ({
      row: await reader.get('agent', name),
      open: await openMessages(reader, name),
      known: await knownAgents(reader),
    }),
    decide: ({ row, open, known }) => decideReset(name, row, open, known),
  })
}

/** Sets a limit in USD, or lifts it with null. */
export function setBudget(team: TeamContext, limitUsd: number | null, agent?: string): Promise<void> {
  return changeLimit(
    team,
    budgetScope(agent),
    limitUsd,
    (row) => (row?.limitMicros ?? null) !== micros(limitUsd),
  )
}

/** The limit of a configuration is where a workshop begins; what was set by a call since then stays. */
export function beginBudget(team: TeamContext, limitUsd: number): Promise<void> {
  return changeLimit(
    team,
    budgetScope(undefined),
    limitUsd,
    (row) => row === undefined || row.limitSetAt === null,
  )
}

async function changeLimit(
  { store, by }: TeamContext,
  scope: string,
  limitUsd: number | null,
  applies: (row: LedgerRow | undefined) => boolean,
): Promise<void> {
  await commit(store, {
    name: 'budget.change',
    keys: [`budget:${scope}`],
    by,
    load: (reader) => reader.get('ledger', scope),
    decide: (row) => ({
      events: applies(row) ? [{ type: 'budget.set', data: { scope, limitMicros: micros(limitUsd) } }] : [],
    }),
  })
}

function micros(usd: number | null): number | null {
  return usd === null ? null : microsOf(usd)
}

/** Begins to count anew against the limit; the bill keeps what was spent. */
export async function resetBudget({ store, by }: TeamContext, agent?: string): Promise<void> {
  const scope = budgetScope(agent)
  await commit(store, {
    name: 'budget.change',
    keys: [`budget:${scope}`],
    by,
    load: async () => undefined,
    decide: () => ({ events: [{ type: 'budget.reset', data: { scope } }] }),
  })
}

/** Repeats a prompt; replaces the agent's schedule. */
export async function createSchedule(
  { store, by }: TeamContext,
  agent: string,
  prompt: string,
  intervalMs: number,
): Promise<void> {
  const { stored, blobs } = packText(prompt)
  await commit(store, {
    name: 'schedule.change',
    keys: [`agent:${agent}`],
    by,
    blobs,
    load: async (reader) => ({ row: await reader.get('agent', agent), known: await knownAgents(reader) }),
    decide: ({ row, known }) =>
      row === undefined || row.state === 'dismissed'
        ? { refused: unknownAgent(agent, known) }
        : { events: [{ type: 'schedule.created', data: { agent, prompt: stored, intervalMs } }] },
  })
}

/** @returns false if the agent had no schedule */
export async function cancelSchedule({ store, by }: TeamContext, agent: string): Promise<boolean> {
  const { events } = await commit(store, {
    name: 'schedule.change',
    keys: [`agent:${agent}`],
    by,
    load: (reader) => reader.get('schedule', agent),
    decide: (row) => ({
      events:
        row === undefined || row.nextAt === NEVER ? [] : [{ type: 'schedule.cancelled', data: { agent } }],
    }),
  })
  return events.length > 0
}

/** Writes a value of the shared context. */
export async function putContext(
  { store, by }: TeamContext,
  key: string,
  value: Json,
  ifVersion?: number,
): Promise<number> {
  const { stored, blobs } = packText(JSON.stringify(value))
  const { events } = await commit(store, {
    name: 'context.change',
    keys: [`context:${key}`],
    by,
    blobs,
    load: (reader) => reader.get('context', key),
    decide: (row) =>
      decidePut(row, { key, value: stored, ...(ifVersion === undefined ? {} : { ifVersion }) }),
  })
  const [event] = events
  return event?.type === 'context.put' ? event.data.version : 0
}

/** @returns false if there was no value */
export async function removeContext(
  { store, by }: TeamContext,
  key: string,
  ifVersion?: number,
): Promise<boolean> {
  const { events } = await commit(store, {
    name: 'context.change',
    keys: [`context:${key}`],
    by,
    load: (reader) => reader.get('context', key),
    decide: (row) => decideRemove(row, key, ifVersion),
  })
  return events.length > 0
}
