/** Adds agents to a pool, and dismisses them, as its work comes and goes. */
import { isQuiet, poolSize, QUIET_MS, READY_PER_AGENT } from '../agents/pool.ts'
import type { WorkerContext } from './context.ts'
import { readyFor } from './eligible.ts'
import type { Worker } from './worker.ts'

/** An agent that could not be dismissed now is looked at again after this time. */
const AGAIN_MS = 1000

/** What became of the size of a pool. */
export interface Scaled {
  readonly isChanged: boolean
  /** When to look again, ms since the epoch. */
  readonly lookAt: number | null
}

/** Looks at a pool once, and changes its size by what the rules say. */
export async function scalePool(context: WorkerContext, worker: Worker): Promise<Scaled> {
  const { spec, agents } = worker
  const ready = await countReady(context, worker)
  const now = context.team.clock.now()
  const state = { agents: agents.length, busy: agents.length - worker.idle.size, ready }
  worker.quietSince = isQuiet(state) ? (worker.quietSince ?? now) : null
  const { quietSince } = worker
  const size = poolSize(spec.limits, { ...state, quietSince }, now)
  if (size > agents.length) await hire(worker, size - agents.length)
  if (size < agents.length) await dismiss(worker, agents.length - size)
  const isSmallest = worker.agents.length <= spec.limits.min
  return {
    isChanged: worker.agents !== agents,
    lookAt: quietSince === null || isSmallest ? null : Math.max(quietSince + QUIET_MS, now + AGAIN_MS),
  }
}

/** Ready items that its agents can do, as far as their number matters. */
async function countReady({ team, canHandleOf }: WorkerContext, worker: Worker): Promise<number> {
  const { agents, spec } = worker
  const rows = await team.store.read(async (reader) => {
    const row = await reader.get('agent', agents[0] as string)
    const ability = {
      skills: row?.capabilities ?? [],
      canHandle: canHandleOf(spec.name, row?.profile ?? null),
    }
    return readyFor(reader, spec.type, ability, READY_PER_AGENT * agents.length + 1)
  })
  return rows.length
}

async function hire(worker: Worker, count: number): Promise<void> {
  for (let added = 0; added < count; added++) {
    const agent = await worker.spec.hire(worker.agents.length)
    if (worker.dismissed) return
    worker.agents = [...worker.agents, agent]
    worker.idle.add(agent)
  }
}

/** The last ones go first, as far as they have nothing to do: the names that stay are without a gap. */
async function dismiss(worker: Worker, count: number): Promise<void> {
  for (let left = 0; left < count; left++) {
    const agent = worker.agents.at(-1) as string
    if (worker.asking === agent || !worker.idle.delete(agent)) return
    worker.agents = worker.agents.slice(0, -1)
    await worker.spec.dismiss(agent)
  }
}
