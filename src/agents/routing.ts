/** Which agent of several takes a task: among those that can, the first by a strategy. */
import { errorData, type ErrorData } from '../errors.ts'
import { headOf } from '../json.ts'
import { wantedText, type Skill, type Wanted } from './capability.ts'
import type { AgentStatus } from './display.ts'

/**
 * - `least_loaded`: whoever has the least to do, of these the one with the most expertise.
 * - `capability`: the one with the most expertise, of these whoever has the least to do.
 * - `round_robin`: the one whose last work is the longest ago.
 * - `weighted_round_robin`: the one that has had the fewest turns for its weight.
 * - `performance`: the one whose last attempts went well most often.
 *
 * Who is equal in that is taken in order of the names.
 */
export type RoutingStrategy = (typeof ROUTING_STRATEGIES)[number]

export const ROUTING_STRATEGIES = [
  'least_loaded',
  'capability',
  'round_robin',
  'weighted_round_robin',
  'performance',
] as const

export const DEFAULT_ROUTING: RoutingStrategy = 'least_loaded'

/** Strategies that others have, and what does their work here. */
export const OTHER_STRATEGIES: Readonly<Record<string, string>> = {
  priority:
    'the board always hands out the most urgent item first; give items a priority, a value or a deadline',
  geographic:
    'agents have no place; give items that belong to one a type of their own, and run its worker there',
  resource_aware:
    'nobody measures processors and memory; limit what runs with the concurrency of workers, and what it may touch with touches',
}

export interface Candidate {
  readonly agent: string
  readonly status: AgentStatus
  readonly capabilities: readonly Skill[]
  /** Position of its last work, 0 for none. */
  readonly lastWork?: number
  /** Turns that it has had. */
  readonly turns?: number
  /** Its share of the turns. */
  readonly weight?: number
  /** Part of its last attempts that went well. */
  readonly success?: number
}

/** What is to be done. */
export interface RoutedTask {
  readonly id: string
  /** What an agent must be able to do; null is anything. */
  readonly capability: Wanted | null
}

/** How busy an agent is, by its status; what is not here takes no task. */
const LOADS: Readonly<Partial<Record<AgentStatus, number>>> = { idle: 0, waiting: 0.5, working: 1 }

/** How busy a candidate is, from 0 to 1; undefined if it takes no task. */
export function loadOf({ status }: Pick<Candidate, 'status'>): number | undefined {
  return LOADS[status]
}

/** True if an agent has the capability that a task asks for. */
export function canHandle(
  { capabilities }: Pick<Candidate, 'capabilities'>,
  { capability }: Pick<RoutedTask, 'capability'>,
): boolean {
  return (
    capability === null ||
    capabilities.some(
      ({ name, expertise }) => name === capability.name && expertise >= capability.minExpertise,
    )
  )
}

/**
 * The candidates that take tasks, the first by the strategy first. Whether they can do the task at all was looked at
 * before.
 */
export function rankCandidates<C extends Candidate>(
  capability: Wanted | null,
  candidates: readonly C[],
  strategy: RoutingStrategy,
): readonly C[] {
  return candidates
    .flatMap((candidate) => {
      const load = loadOf(candidate)
      return load === undefined ? [] : [{ candidate, keys: keysOf(candidate, load, capability)[strategy] }]
    })
    .toSorted((a, b) => compare(a.keys, b.keys) || (a.candidate.agent < b.candidate.agent ? -1 : 1))
    .map(({ candidate }) => candidate)
}

/** What a strategy compares, in order; the smaller number is first. */
function keysOf(
  { capabilities, lastWork = 0, turns = 0, weight = 1, success = 1 }: Candidate,
  load: number,
  capability: Wanted | null,
): Readonly<Record<RoutingStrategy, readonly number[]>> {
  const expertise = capabilities
    .filter(({ name }) => capability === null || name === capability.name)
    .reduce((most, skill) => Math.max(most, skill.expertise), 0)
  return {
    least_loaded: [load, -expertise],
    capability: [-expertise, load],
    round_robin: [lastWork],
    weighted_round_robin: [turns / weight],
    performance: [-success, load],
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  return a.map((value, index) => value - (b[index] as number)).find((difference) => difference !== 0) ?? 0
}

/** The agent that takes a task; `no_capable_agent` where none can, or those that can are in error or offline. */
export function routeTask(
  task: RoutedTask,
  candidates: readonly Candidate[],
  {
    strategy = DEFAULT_ROUTING,
    can = canHandle,
  }: {
    readonly strategy?: RoutingStrategy
    /** A profile may have its own answer to what it can do. */
    readonly can?: (candidate: Candidate, task: RoutedTask) => boolean
  } = {},
): { readonly agent: string } | { readonly refused: ErrorData } {
  const capable = candidates.filter((candidate) => can(candidate, task))
  const [best] = rankCandidates(task.capability, capable, strategy)
  return best === undefined ? { refused: noneFor(task, candidates, capable) } : { agent: best.agent }
}

function noneFor(
  { id, capability }: RoutedTask,
  candidates: readonly Candidate[],
  capable: readonly Candidate[],
): ErrorData {
  const task = headOf(id, 80)
  const wanted = capability === null ? '' : ` with the capability "${wantedText(capability)}"`
  const asked = candidates.map(({ agent }) => agent)
  const why =
    capable.length > 0
      ? `Those that can are ${capable.map(({ agent, status }) => `${agent} (${status})`).join(', ')}; look at their last error with: status. One that is asked by its name tries again.`
      : `Asked were ${asked.length === 0 ? 'none' : asked.join(', ')}; add an agent${wanted}.`
  return errorData('no_capable_agent', `No agent${wanted} can handle the task "${task}". ${why}`, {
    task: id,
    capability: capability === null ? null : wantedText(capability),
    agents: asked,
  })
}
