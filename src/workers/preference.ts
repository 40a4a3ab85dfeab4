/**
 * Which items an agent leaves to another one that is free: those that name whom they prefer, those that ask for a
 * capability, and all where a strategy says whose turn it is.
 */
import { rankCandidates, loadOf, type Candidate, type RoutingStrategy } from '../agents/routing.ts'
import { successOf } from '../agents/health.ts'
import type { AgentStatus } from '../agents/display.ts'
import { limitedUntil } from '../agents/quota.ts'
import type { ItemRow } from '../board/item.ts'
import type { Reader } from '../store.ts'
import type { AgentRow, WorkerRow } from '../tables.ts'
import { isOpen, loadCircuits } from '../team/circuits.ts'
import { isAble, wantedOf, type CanHandleOf } from './eligible.ts'
import { definitionOf } from './rows.ts'
import { busyAgents, liveWorkers } from './staff.ts'

/**
 * How long an item is left to another one. Whoever is preferred and free takes it in milliseconds; who has not by then
 * cannot, for a reason that its rows do not tell, and the item must not wait for that.
 */
export const COURTESY_MS = 2000

/** Who asks for items. */
export interface Claimant {
  readonly type: string
  readonly agent: string
  readonly row: AgentRow | undefined
  readonly routing: RoutingStrategy
  readonly canHandleOf: CanHandleOf
  readonly now: number
  /** Told when an item is left to another one: it is taken after this time whoever is free. */
  readonly onLeft?: ((until: number) => void) | undefined
}

/** An agent of a worker that could take an item now. */
interface Rival extends Candidate {
  readonly worker: string
  readonly profile: string | null
}

/** The items of a list that an agent may take: those that are another one's who is free now are left out. */
export async function leftToOthers(
  reader: Reader,
  claimant: Claimant,
  ready: readonly ItemRow[],
): Promise<readonly ItemRow[]> {
  const mine: ItemRow[] = []
  let rivals: readonly Rival[] | undefined
  for (const item of ready) {
    const wanted = await preferredBy(reader, item)
    const isRouted = wanted !== null || item.capability !== null || isChoosy(claimant)
    const until = (item.readyAt ?? 0) + COURTESY_MS
    if (!isRouted || until <= claimant.now) {
      mine.push(item)
      continue
    }
    rivals ??= await rivalsOf(reader, claimant)
    const first = await firstFor(reader, item, { wanted, rivals, claimant })
    if (first === undefined || first.agent === claimant.agent) mine.push(item)
    else claimant.onLeft?.(until)
  }
  return mine
}

/** It matters who is free, although the item does not say so: by its strategy, or as it is busy with a question. */
function isChoosy({ routing, row }: Claimant): boolean {
  return routing !== 'least_loaded' || (row !== undefined && statusOf(row) !== 'idle')
}

/** Most items prefer nobody, and what they say is read without being parsed. */
async function preferredBy(reader: Reader, item: ItemRow): Promise<string | null> {
  if (typeof item.definition === 'string' && item.definition.includes('"agent":null')) return null
  return (await definitionOf(reader, item)).agent
}

/** Who of those that are free takes an item, whom it prefers before all others. */
async function firstFor(
  reader: Reader,
  item: ItemRow,
  {
    wanted,
    rivals,
    claimant: { canHandleOf, routing },
  }: { readonly wanted: string | null; readonly rivals: readonly Rival[]; readonly claimant: Claimant },
): Promise<Rival | undefined> {
  const able: Rival[] = []
  for (const rival of rivals) {
    const ability = { skills: rival.capabilities, canHandle: canHandleOf(rival.agent, rival.profile) }
    if (await isAble(reader, item, ability)) able.push(rival)
  }
  const preferred = able.filter(
    ({ agent, worker, profile }) => wanted !== null && [agent, worker, profile].includes(wanted),
  )
  const [first] = rankCandidates(wantedOf(item), preferred.length > 0 ? preferred : able, routing)
  return first
}

/** The agents that are free to take an item of the claimant's type, the claimant among them. */
async function rivalsOf(reader: Reader, { type, now, agent: self }: Claimant): Promise<readonly Rival[]> {
  const workers = await liveWorkers(reader)
  const owners = await reader.values('attempt', 'owner', { where: { state: 'running' } })
  const busy = busyAgents(workers, owners)
  const hosts = new Map((await reader.list('host')).map((host) => [host.id, host]))
  const rivals: Rival[] = []
  for (const worker of workers) {
    const host = hosts.get(worker.host)
    if (worker.type !== type || host?.state !== 'running' || host.expiresAt < now) continue
    for (const agent of worker.agents) {
      const row = busy.has(agent) && agent !== self ? undefined : await reader.get('agent', agent)
      if (row !== undefined && (await mayWork(reader, row, now)))
        rivals.push(await rivalOf(reader, worker, row))
    }
  }
  return rivals
}

/** Nothing that its row or those of its account and breakers tell keeps it from working. */
async function mayWork(reader: Reader, row: AgentRow, now: number): Promise<boolean> {
  if (row.state !== 'active' || loadOf({ status: statusOf(row) }) === undefined) return false
  if (limitedUntil(await reader.get('account', row.account), now) !== null) return false
  return !isOpen(await loadCircuits(reader, row), now)
}

async function rivalOf(reader: Reader, { name, weight, recent }: WorkerRow, row: AgentRow): Promise<Rival> {
  const last = row.last === null ? undefined : await reader.get('message', row.last)
  return {
    agent: row.name,
    worker: name,
    profile: row.profile,
    status: statusOf(row),
    capabilities: row.capabilities,
    lastWork: last?.position ?? 0,
    turns: row.turns,
    weight,
    success: successOf(recent),
  }
}

/** What an agent is busy with beside the board; a host runs it, or it would be nobody's. */
function statusOf({ turn, queued }: AgentRow): AgentStatus {
  return turn !== null ? 'working' : queued > 0 ? 'waiting' : 'idle'
}
