/** Who takes which items, on all hosts. */
import { wantedText, type Skill } from '../agents/capability.ts'
import { efficiencyOf, healthOf, type Health, type HealthFacts } from '../agents/health.ts'
import type { RoutingStrategy } from '../agents/routing.ts'
import type { ItemRow } from '../board/item.ts'
import type { Reader } from '../store.ts'
import type { AgentRow, WorkerRow } from '../tables.ts'
import { loadCircuits } from '../team/circuits.ts'

/** Workers whose host is registered: others were left by a crash. */
export async function liveWorkers(reader: Reader): Promise<readonly WorkerRow[]> {
  const hosts = new Set((await reader.list('host')).map(({ id }) => id))
  return (await reader.list('worker')).filter(({ host }) => hosts.has(host))
}

/** Types for which a worker runs, on whatever host. */
export async function staffedTypes(reader: Reader): Promise<ReadonlySet<string>> {
  return new Set((await liveWorkers(reader)).map(({ type }) => type))
}

/** What the workers of all hosts can take. */
export interface Staff {
  /** What no worker has that a ready item needs: `type docs`, or `capability review:8`; null where there is one. */
  readonly lacks: (item: ItemRow) => string | null
}

/** Looks which of some items somebody could take. */
export async function loadStaff(reader: Reader, ready: readonly ItemRow[]): Promise<Staff> {
  const workers = await liveWorkers(reader)
  const types = new Set(workers.map(({ type }) => type))
  const asked = ready.filter(({ capability, type }) => capability !== null && types.has(type))
  const able = new Set<string>()
  if (asked.length > 0) {
    const skills = await skillsByType(reader, workers)
    const isAble = ({ type, capability, minExpertise }: ItemRow): boolean =>
      skills.get(type)?.some((each) => each.name === capability && each.expertise >= minExpertise) ?? false
    // What an agent's own function says, only its host knows.
    const selecting = new Set(workers.filter(({ selects }) => selects === 1).map(({ type }) => type))
    for (const item of asked) if (selecting.has(item.type) || isAble(item)) able.add(item.id)
  }
  return {
    lacks: ({ id, type, capability, minExpertise }) => {
      if (!types.has(type)) return `type ${type}`
      if (capability === null || able.has(id)) return null
      return `capability ${wantedText({ name: capability, minExpertise })}`
    },
  }
}

async function skillsByType(
  reader: Reader,
  workers: readonly WorkerRow[],
): Promise<ReadonlyMap<string, readonly Skill[]>> {
  const skills = new Map<string, Skill[]>()
  for (const { type, agents } of workers) {
    const all = skills.get(type) ?? []
    skills.set(type, all)
    for (const agent of agents) all.push(...((await reader.get('agent', agent))?.capabilities ?? []))
  }
  return skills
}

/** The agents of workers that work on an item, or whose stand-in does. */
export function busyAgents(workers: readonly WorkerRow[], owners: readonly string[]): ReadonlySet<string> {
  const all = workers.flatMap(({ agents }) => agents)
  const known = new Set(all)
  const busy = new Set<string>()
  for (const owner of owners) {
    const agent = known.has(owner) ? owner : all.find((each) => owner.startsWith(`${each}.`))
    if (agent !== undefined) busy.add(agent)
  }
  return busy
}

/** A board worker, on whatever host it runs. */
export interface WorkerView {
  readonly name: string
  readonly type: string
  readonly host: string
  readonly agents: readonly string[]
  readonly intervalMs: number
  readonly worktree: boolean
  /** Items that it works on now. */
  readonly items: readonly string[]
  /** Items that it has finished since it began. */
  readonly finished: number
  readonly routing: RoutingStrategy
  readonly weight: number
  readonly minAgents: number
  readonly maxAgents: number
  /** What its agents can do. */
  readonly capabilities: readonly Skill[]
  readonly health: Health
  /** 0 to 1: how well it did lately, how free, healthy and there it is. */
  readonly efficiency: number
}

/** True for an agent of a worker, and for those that stand in for it. */
function isOf(agent: string, owner: string): boolean {
  return owner === agent || owner.startsWith(`${agent}.`)
}

/** The board workers of all hosts, by name. */
export async function viewWorkers(reader: Reader, now: number): Promise<readonly WorkerView[]> {
  const running = await reader.list('attempt', { where: { state: 'running' } })
  const hosts = new Map((await reader.list('host')).map((host) => [host.id, host]))
  const views: WorkerView[] = []
  for (const row of await liveWorkers(reader)) {
    const { since: _since, selects: _selects, recent, worktree, ...worker } = row
    const items = running
      .filter(({ host, owner }) => host === row.host && row.agents.some((agent) => isOf(agent, owner)))
      .map(({ item }) => item)
    const agents = await agentRows(reader, row)
    const isHosted = (hosts.get(row.host)?.expiresAt ?? 0) >= now
    const health = healthOf({ isHosted, recent, ...(await signsOf(reader, agents, now)) })
    const load = Math.min(1, items.length / Math.max(1, row.agents.length))
    views.push({
      ...worker,
      worktree: worktree === 1,
      items,
      capabilities: agents[0]?.capabilities ?? [],
      health,
      efficiency: efficiencyOf({ recent, load, health }),
    })
  }
  return views.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function agentRows(reader: Reader, { agents }: WorkerRow): Promise<readonly AgentRow[]> {
  const rows: AgentRow[] = []
  for (const agent of agents) {
    const row = await reader.get('agent', agent)
    if (row !== undefined) rows.push(row)
  }
  return rows
}

/** The longest silence of a turn, and the worst breaker, of some agents. */
async function signsOf(
  reader: Reader,
  agents: readonly AgentRow[],
  now: number,
): Promise<Pick<HealthFacts, 'silentMs' | 'circuit'>> {
  let silentMs = 0
  const states = new Set<HealthFacts['circuit']>()
  for (const row of agents) {
    const circuits = await loadCircuits(reader, row)
    for (const { state } of [circuits.agent, circuits.account]) states.add(state)
    if (row.turn !== null) silentMs = Math.max(silentMs, now - (await lastSign(reader, row.turn)))
  }
  return { silentMs, circuit: states.has('open') ? 'open' : states.has('half_open') ? 'half_open' : 'closed' }
}

/** When a turn showed something last, ms since the epoch. */
async function lastSign(reader: Reader, turn: string): Promise<number> {
  const last = { where: { turn }, orderBy: 'n', direction: 'desc', limit: 1 } as const
  const [line] = await reader.list('transcript', last)
  const started = (await reader.get('turn', turn))?.startedAt ?? 0
  return Math.max(started, line?.at ?? 0)
}
