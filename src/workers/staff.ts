/** Who takes which items, on all hosts. */
import type { Reader } from '../store.ts'
import type { WorkerRow } from '../tables.ts'

/** Workers whose host is registered: others were left by a crash. */
export async function liveWorkers(reader: Reader): Promise<readonly WorkerRow[]> {
  const hosts = new Set((await reader.list('host')).map(({ id }) => id))
  return (await reader.list('worker')).filter(({ host }) => hosts.has(host))
}

/** Types for which a worker runs, on whatever host. */
export async function staffedTypes(reader: Reader): Promise<ReadonlySet<string>> {
  return new Set((await liveWorkers(reader)).map(({ type }) => type))
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
}

/** True for an agent of a worker, and for those that stand in for it. */
function isOf(agent: string, owner: string): boolean {
  return owner === agent || owner.startsWith(`${agent}.`)
}

/** The board workers of all hosts, by name. */
export async function viewWorkers(reader: Reader): Promise<readonly WorkerView[]> {
  const running = await reader.list('attempt', { where: { state: 'running' } })
  return (await liveWorkers(reader))
    .map(({ since: _since, worktree, ...worker }) => ({
      ...worker,
      worktree: worktree === 1,
      items: running
        .filter(
          ({ host, owner }) => host === worker.host && worker.agents.some((agent) => isOf(agent, owner)),
        )
        .map(({ item }) => item),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
