/** Board workers as a user starts them. */
import { parseName } from '../agents/definition-schema.ts'
import { parseWorker } from '../agents/worker-schemas.ts'
import { AtelierError } from '../errors.ts'
import { DEFAULT_INTERVAL_MS, type BoardWorkers } from '../workers/board-workers.ts'
import type { AgentOptions, BoardWorkerOptions, Defined } from './contract.ts'
import type { Roster } from './roster.ts'

export interface StaffingParts {
  readonly workers: BoardWorkers | undefined
  readonly agent: (name: string, options: AgentOptions) => Defined
  readonly dismiss: (agent: string) => Promise<void>
  readonly roster: Pick<Roster, 'routing' | 'canHandle'>
}

/**
 * Starts a worker in this process, or changes the one of that name: its agents are made from the profile, and take items of
 * the type until the workshop is closed.
 */
export function startBoardWorker(
  { workers, agent, dismiss, roster }: StaffingParts,
  name: string,
  type: string,
  options: BoardWorkerOptions,
): Defined {
  parseName('worker', name)
  if (workers === undefined) {
    throw new AtelierError(
      'unsupported',
      `The worker "${name}" needs a process that runs agents, and this one was opened with host "none". Open the workshop without it.`,
      { details: { worker: name } },
    )
  }
  if (typeof type !== 'string' || type.trim() === '') {
    throw new AtelierError(
      'invalid_input',
      `The worker "${name}" needs the type of the items that it takes, such as "code".`,
      {
        details: { worker: name, field: 'type' },
      },
    )
  }
  const { worktree, concurrency, scaling, interval, routing, weight, ...agentOptions } = options
  const how = parseWorker(name, { worktree, concurrency, scaling, interval, routing, weight })
  const { start, limits, intervalMs = DEFAULT_INTERVAL_MS } = how
  const agents = Array.from({ length: start }, (_, index) => agentName(name, index))
  const defined = agents.map((each) => agent(each, agentOptions))
  const stored = Promise.all(defined.map((each) => each.stored)).then(() => {
    workers.add({
      ...{ name, type, agents, intervalMs, limits, worktree: how.worktree, weight: how.weight },
      routing: how.routing ?? roster.routing,
      selects: roster.canHandle(name, agentOptions.profile ?? null) !== undefined,
      hire: async (index) => {
        const hired = agentName(name, index)
        await agent(hired, agentOptions).stored
        return hired
      },
      dismiss,
    })
  })
  // Whoever waits for it sees the error; who does not is told by the next call.
  stored.catch(() => {})
  return { name, stored }
}

/** The first agent of a worker has its name, and the others a number behind it. */
function agentName(worker: string, index: number): string {
  return index === 0 ? worker : `${worker}.${index + 1}`
}
