/** Board workers as a user starts them. */
import { parseName } from '../agents/definition-schema.ts'
import { AtelierError } from '../errors.ts'
import { parseDuration } from '../time/duration.ts'
import { DEFAULT_INTERVAL_MS, type BoardWorkers } from '../workers/board-workers.ts'
import type { AgentOptions, BoardWorkerOptions, Defined } from './contract.ts'

/** Agents of one worker, at most: each is a process of a coding agent. */
const MAX_CONCURRENCY = 64

export interface StaffingParts {
  readonly workers: BoardWorkers | undefined
  readonly agent: (name: string, options: AgentOptions) => Defined
}

/**
 * Starts a worker in this process, or changes the one of that name: its agents are made from the profile, and take items of
 * the type until the workshop is closed.
 */
export function startBoardWorker(
  { workers, agent }: StaffingParts,
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
  const { interval, worktree = false, concurrency = 1, ...agentOptions } = options
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    const allowed = `a whole number from 1 to ${MAX_CONCURRENCY}`
    throw new AtelierError('invalid_input', `The concurrency of the worker "${name}" must be ${allowed}.`, {
      details: { worker: name, field: 'concurrency', allowed },
    })
  }
  const intervalMs = interval === undefined ? DEFAULT_INTERVAL_MS : parseDuration(interval, 'interval')
  const agents = Array.from({ length: concurrency }, (_, index) =>
    index === 0 ? name : `${name}.${index + 1}`,
  )
  const defined = agents.map((each) => agent(each, agentOptions))
  const stored = Promise.all(defined.map((each) => each.stored)).then(() => {
    workers.add({ name, type, agents, intervalMs, worktree })
  })
  // Whoever waits for it sees the error; who does not is told by the next call.
  stored.catch(() => {})
  return { name, stored }
}
