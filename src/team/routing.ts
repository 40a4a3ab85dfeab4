/** A question to whoever can answer it: the agent is chosen in the commit that hands it the question. */
import type { CanHandle, Task, Wanted } from '../agents/capability.ts'
import { statusOf } from '../agents/display.ts'
import { successOf } from '../agents/health.ts'
import { decidePost, unknownAgent } from '../agents/mailbox.ts'
import { limitedUntil } from '../agents/quota.ts'
import { canHandle, routeTask, type Candidate, type RoutingStrategy } from '../agents/routing.ts'
import { packText } from '../ids.ts'
import { headOf } from '../json.ts'
import { refusalFor } from '../money/ledger.ts'
import type { Decision, Reader } from '../store.ts'
import type { AgentRow, HostRow } from '../tables.ts'
import { isOpen, loadCircuits } from './circuits.ts'
import { commit, type TeamContext } from './context.ts'
import { knownAgents, loadFunds, type Funds, type NewMessage } from './posting.ts'

/** Characters of a question that name it in an error. */
const NAMED_CHARACTERS = 60

/** Whom a question may go to, and how one of them is chosen. */
export interface Routing {
  readonly capability: Wanted
  /** The agents to choose among; null is all. */
  readonly among: readonly string[] | null
  readonly strategy: RoutingStrategy
  /** An agent's own answer to what it can do, where this process was given one for it. */
  readonly canHandleOf: (agent: string, profile: string | null) => CanHandle | undefined
}

interface Asked extends Candidate {
  readonly row: AgentRow
  readonly funds: Funds
}

/**
 * Posts a message to one of several agents, chosen among those that can handle it.
 * @returns the agent
 * @throws AtelierError `no_capable_agent`, with those that were asked; `not_found` for a name that is no agent's
 */
export async function postRouted(
  team: TeamContext,
  message: Omit<NewMessage, 'agent'>,
  routing: Routing,
  id: string,
): Promise<string> {
  const { stored, blobs } = packText(message.prompt)
  const task = taskOf(message.prompt, routing.capability)
  const { events } = await commit(team.store, {
    name: 'message.post',
    keys: routing.among === null ? ['agents'] : routing.among.map((name) => `agent:${name}`),
    by: team.by,
    blobs,
    async load(reader) {
      const names = routing.among ?? (await activeAgents(reader))
      const { asked, unknown } = await candidates(reader, names, team.clock.now())
      return { asked, unknown, known: unknown === undefined ? [] : await knownAgents(reader) }
    },
    decide({ asked, unknown, known }): Decision {
      if (unknown !== undefined) return { refused: unknownAgent(unknown, known) }
      const can = (candidate: Candidate): boolean => isAble(candidate, task, routing)
      const routed = routeTask(task, asked, { strategy: routing.strategy, can })
      if ('refused' in routed) return routed
      const { row, funds } = asked.find(({ agent }) => agent === routed.agent) as Asked
      const { kind, group = null, timeoutMs = null, itemAttempt = null } = message
      return decidePost(
        { message: id, agent: routed.agent, kind, prompt: stored, group, timeoutMs, itemAttempt },
        { agent: row, refused: refusalFor(funds.ledgers, funds.running, 0), known: [] },
      )
    },
  })
  const [posted] = events
  return posted?.type === 'message.posted' ? posted.data.agent : ''
}

function taskOf(prompt: string, capability: Wanted): Task {
  const title = headOf(prompt, NAMED_CHARACTERS)
  return { id: title, title, type: null, capability, spec: prompt, input: null, metadata: null }
}

function isAble(candidate: Candidate, task: Task, { canHandleOf }: Routing): boolean {
  const { row } = candidate as Asked
  const own = canHandleOf(row.name, row.profile)
  if (own === undefined) return canHandle(candidate, task)
  try {
    // A promise is no answer, and would pass for one.
    const answer: unknown = own(task)
    return answer === true
  } catch {
    return false
  }
}

async function activeAgents(reader: Reader): Promise<readonly string[]> {
  return (await reader.list('agent', { where: { state: 'active' } })).map(({ name }) => name)
}

/** The active agents of some names, and the first name that is none's. */
async function candidates(
  reader: Reader,
  names: readonly string[],
  now: number,
): Promise<{ readonly asked: readonly Asked[]; readonly unknown: string | undefined }> {
  const hosts = (await reader.list('host')).filter(({ expiresAt }) => expiresAt >= now)
  const workers = await reader.list('worker')
  const asked: Asked[] = []
  let unknown: string | undefined
  for (const name of names) {
    const row = await reader.get('agent', name)
    if (row === undefined || row.state !== 'active') {
      unknown ??= name
      continue
    }
    const last = row.last === null ? undefined : await reader.get('message', row.last)
    const worker = workers.find(({ agents }) => agents.includes(name))
    asked.push({
      agent: name,
      row,
      funds: await loadFunds(reader, name),
      status: await statusFor(reader, row, { hosts, failed: last?.state === 'failed', now }),
      capabilities: row.capabilities,
      lastWork: last?.position ?? 0,
      turns: row.turns,
      weight: worker?.weight ?? 1,
      success: successOf(worker?.recent ?? []),
    })
  }
  return { asked, unknown }
}

async function statusFor(
  reader: Reader,
  row: AgentRow,
  {
    hosts,
    failed,
    now,
  }: { readonly hosts: readonly HostRow[]; readonly failed: boolean; readonly now: number },
): Promise<Candidate['status']> {
  if (isOpen(await loadCircuits(reader, row), now)) return 'error'
  const status = statusOf(row, {
    hosted: hosts.some(({ backends }) => backends.includes(row.backend)),
    failed,
  })
  const isLimited = limitedUntil(await reader.get('account', row.account), now) !== null
  return status === 'idle' && isLimited ? 'waiting' : status
}
