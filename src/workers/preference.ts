/** Items that name the agent, worker or profile that is preferred: others leave them to it while it has a hand free. */
import type { ItemRow } from '../board/item.ts'
import type { Reader } from '../store.ts'
import type { WorkerRow } from '../tables.ts'
import { definitionOf } from './rows.ts'
import { liveWorkers } from './staff.ts'

/** The items of a list that an agent may take: those that prefer another one who is free now are left out. */
export async function leftToOthers(
  reader: Reader,
  agent: string,
  ready: readonly ItemRow[],
): Promise<readonly ItemRow[]> {
  const mine: ItemRow[] = []
  let workers: readonly WorkerRow[] | undefined
  let busy: ReadonlySet<string> | undefined
  for (const item of ready) {
    const wanted = await preferredBy(reader, item)
    if (wanted === null) mine.push(item)
    else {
      workers ??= await liveWorkers(reader)
      busy ??= new Set(await reader.values('attempt', 'owner', { where: { state: 'running' } }))
      const free = workers.filter(({ type, agents }) => type === item.type && hasFree(agents, busy))
      const fitting: WorkerRow[] = []
      for (const worker of free) if (await isWanted(reader, worker, wanted)) fitting.push(worker)
      if (fitting.length === 0 || fitting.some(({ agents }) => agents.includes(agent))) mine.push(item)
    }
  }
  return mine
}

/** Most items prefer nobody, and what they say is read without being parsed. */
async function preferredBy(reader: Reader, item: ItemRow): Promise<string | null> {
  if (typeof item.definition === 'string' && item.definition.includes('"agent":null')) return null
  return (await definitionOf(reader, item)).agent
}

function hasFree(agents: readonly string[], busy: ReadonlySet<string> | undefined): boolean {
  return agents.some((agent) => busy?.has(agent) !== true)
}

async function isWanted(reader: Reader, { name, agents }: WorkerRow, wanted: string): Promise<boolean> {
  if (name === wanted || agents.includes(wanted)) return true
  const [first] = agents
  return first !== undefined && (await reader.get('agent', first))?.profile === wanted
}
