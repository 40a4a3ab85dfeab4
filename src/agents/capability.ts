/** What an agent can do, and what is asked of one. */
import type { Json } from '../json.ts'
import { parseDuration, type Duration } from '../time/duration.ts'
import { given } from './parsing.ts'
import { roleForTask, roleOfName } from './task-roles.ts'

/** Something that an agent can do, as its definition has it. */
export interface Capability {
  readonly name: string
  /** 1 to 10. */
  readonly expertise: number
  readonly description?: string
  /** What must be there before, in words. */
  readonly prerequisites?: readonly string[]
  /** What comes of it, in words. */
  readonly outputs?: readonly string[]
  /** How long it takes, about, ms. */
  readonly estimatedDurationMs?: number
}

/** The part of a capability that routing reads. */
export type Skill = Pick<Capability, 'name' | 'expertise'>

/** A capability as it is written: a name, a name with its expertise such as `review:8`, or an object. */
export type CapabilityInput =
  | string
  | {
      readonly name: string
      readonly expertise?: number | undefined
      readonly description?: string | undefined
      readonly prerequisites?: readonly string[] | undefined
      readonly outputs?: readonly string[] | undefined
      readonly estimatedDuration?: Duration | undefined
    }

/** What an item or a question asks for: a name, with the least expertise such as `review:8`, or an object. */
export type WantedInput = string | { readonly name: string; readonly minExpertise?: number | undefined }

/** A capability that is asked for. */
export interface Wanted {
  readonly name: string
  /** 1 to 10. */
  readonly minExpertise: number
}

/** What is asked of an agent, as its own `canHandle` sees it. */
export interface Task {
  /** Id of the item; of a question its first words. */
  readonly id: string
  readonly title: string
  /** Type of the item; null for a question. */
  readonly type: string | null
  readonly capability: Wanted | null
  readonly spec: string | null
  readonly input: Json
  readonly metadata: Json
}

/** An agent's own answer to whether it can do something, in place of its capabilities. */
export type CanHandle = (task: Task) => boolean

/** The middle of the scale: of an agent that names a capability and says no more. */
const DEFAULT_EXPERTISE = 5
export const MAX_EXPERTISE = 10

/** A capability with everything that was left out. */
export function toCapability(input: CapabilityInput): Capability {
  const { name, level } =
    typeof input === 'string' ? split(input) : { name: input.name, level: input.expertise }
  const more = typeof input === 'string' ? {} : input
  const { description, prerequisites, outputs, estimatedDuration } = more as Exclude<CapabilityInput, string>
  return {
    name,
    expertise: level ?? DEFAULT_EXPERTISE,
    ...given({
      description,
      prerequisites,
      outputs,
      estimatedDurationMs: estimatedDuration === undefined ? undefined : parseDuration(estimatedDuration),
    }),
  }
}

/** What is asked for, with everything that was left out. */
export function toWanted(input: WantedInput): Wanted {
  const { name, level } =
    typeof input === 'string' ? split(input) : { name: input.name, level: input.minExpertise }
  return { name, minExpertise: level ?? 1 }
}

/** Who is asked for: whoever has a capability, or whoever does a kind of task. */
export interface WantedBy {
  readonly capability?: WantedInput | undefined
  /** What sort of work it is, such as `code_review`: the role that does it is the capability. */
  readonly task?: string | undefined
  /** How hard it is, 1 to 10. */
  readonly complexity?: number | undefined
}

/** What is asked for, by a capability or by the task; null where neither is given. */
export function wantedBy({ capability, task, complexity }: WantedBy): Wanted | null {
  if (capability !== undefined) return toWanted(capability)
  return task === undefined ? null : { name: roleForTask(task, complexity), minExpertise: 1 }
}

/** The capability that a name says, if that is the role of a task. */
function capabilitiesByName(name: string): readonly Capability[] | undefined {
  const role = roleOfName(name)
  return role === undefined ? undefined : [{ name: role, expertise: DEFAULT_EXPERTISE }]
}

/**
 * What an agent can do: what it says itself; else what its profile says, and what its name does. A profile that says
 * nothing can do what its own name says.
 */
export function capabilitiesOf(
  agent: { readonly name: string; readonly capabilities?: readonly Capability[] | undefined },
  profile?: { readonly name: string; readonly capabilities?: readonly Capability[] | undefined },
): readonly Capability[] | undefined {
  if (agent.capabilities !== undefined) return agent.capabilities
  const inherited = profile && (profile.capabilities ?? capabilitiesByName(profile.name))
  const own = capabilitiesByName(agent.name)
  if (inherited === undefined || own === undefined) return inherited ?? own
  return [...inherited, ...own.filter(({ name }) => inherited.every((each) => each.name !== name))]
}

/** The part of capabilities that routing reads. */
export function skillsOf(capabilities: readonly Capability[] = []): readonly Skill[] {
  return capabilities.map(({ name, expertise: level }) => ({ name, expertise: level }))
}

/** How somebody writes what is asked for. */
export function wantedText({ name, minExpertise }: Wanted): string {
  return minExpertise === 1 ? name : `${name}:${minExpertise}`
}

function split(short: string): { readonly name: string; readonly level: number | undefined } {
  const [name = short, level] = short.split(':')
  return { name, level: level === undefined ? undefined : Number(level) }
}
