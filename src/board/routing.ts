/** Which agent of several takes a task: among those that can, the one with the least to do. */
import type { AgentStatus } from '../agents/display.ts'
import { errorData, type ErrorData } from '../errors.ts'
import { headOf } from '../json.ts'

/** Something that an agent can do. */
export interface Capability {
  readonly name: string
  /** 1 to 10. */
  readonly expertise: number
}

export interface Candidate {
  readonly agent: string
  readonly status: AgentStatus
  readonly capabilities: readonly Capability[]
}

export interface RoutedTask {
  readonly id: string
  /** What an agent must be able to do; null is anything. */
  readonly capability: string | null
}

/** How busy an agent is, by its status; what is not here takes no task. */
const LOADS: Readonly<Partial<Record<AgentStatus, number>>> = { idle: 0, waiting: 0.5, working: 1 }

/** True if an agent has the capability that a task asks for. */
export function canHandle({ capabilities }: Candidate, { capability }: RoutedTask): boolean {
  return capability === null || capabilities.some(({ name }) => name === capability)
}

/**
 * The agent that takes a task: the least busy of those that can, of these the one with the most expertise, of these the
 * first. `no_capable_agent` where none of them can, or those that can are in error or offline.
 * @param can a profile may have its own answer to what it can do
 */
export function routeTask(
  task: RoutedTask,
  candidates: readonly Candidate[],
  can: (candidate: Candidate, task: RoutedTask) => boolean = canHandle,
): { readonly agent: string } | { readonly refused: ErrorData } {
  const capable = candidates.filter((candidate) => can(candidate, task))
  const ranked = capable
    .flatMap((candidate) => {
      const load = LOADS[candidate.status]
      return load === undefined ? [] : [{ candidate, load, expertise: expertiseOf(candidate, task) }]
    })
    .toSorted((a, b) => a.load - b.load || b.expertise - a.expertise)
  const [best] = ranked
  return best === undefined
    ? { refused: noneFor(task, candidates, capable) }
    : { agent: best.candidate.agent }
}

function expertiseOf({ capabilities }: Candidate, { capability }: RoutedTask): number {
  return capabilities
    .filter(({ name }) => capability === null || name === capability)
    .reduce((most, { expertise }) => Math.max(most, expertise), 0)
}

function noneFor(
  { id, capability }: RoutedTask,
  candidates: readonly Candidate[],
  capable: readonly Candidate[],
): ErrorData {
  const task = headOf(id, 80)
  const wanted = capability === null ? '' : ` with the capability "${headOf(capability, 80)}"`
  const asked = candidates.map(({ agent }) => agent)
  const why =
    capable.length > 0
      ? `Those that can are ${capable.map(({ agent, status }) => `${agent} (${status})`).join(', ')}; look at their last error with: status.`
      : `Asked were ${asked.length === 0 ? 'none' : asked.join(', ')}; add an agent${wanted}.`
  return errorData('no_capable_agent', `No agent${wanted} can handle the task "${task}". ${why}`, {
    item: id,
    capability,
    agents: asked,
  })
}
