/** Schemas of the options of agents, profiles and the workshop as users write them. */
import { z } from 'zod'
import type { Duration } from '../time/duration.ts'
import type { CanHandle, CapabilityInput, WantedBy } from './capability.ts'
import { capabilitiesSchema, wantedByShape, wantedProblems } from './capability-schemas.ts'
import type { DefinitionFields, PermissionMode } from './definition.ts'
import {
  anyJson,
  duration,
  fieldsObject,
  later,
  name,
  oneOf,
  oneOfOr,
  prose,
  text,
  texts,
  trueOrFalse,
  usd,
  variableNames,
  variables,
  wholeNumber,
  type Shape,
} from './field-schemas.ts'
import { OTHER_STRATEGIES, ROUTING_STRATEGIES, type RoutingStrategy } from './routing.ts'

const PERMISSION_MODES: readonly PermissionMode[] = [
  'default',
  'accept_edits',
  'bypass_permissions',
  'dont_ask',
  'plan',
  'auto',
]

const CAN_HANDLE_RULE =
  'a function that says whether an item can be handled, in code alone; data has capabilities in its place'

/** More turns than this on one machine wait for its processors and the vendors' limits, not for Atelier. */
const MAX_CONCURRENCY = 256

/** The members by which a backend made in code is known; its whole type is the seam's `AgentBackend`. */
export interface BackendObject {
  readonly id: string
  readonly detect: (...inputs: never[]) => unknown
  readonly capabilities: (...inputs: never[]) => unknown
  readonly run: (...inputs: never[]) => unknown
  readonly close: (...inputs: never[]) => unknown
}

/** Options of an agent as users write them. */
export type AgentInput = Omit<DefinitionFields, 'context' | 'timeoutMs' | 'capabilities'> & {
  readonly capabilities?: readonly CapabilityInput[] | undefined
  readonly canHandle?: CanHandle | undefined
  readonly profile?: string | undefined
  readonly timeout?: Duration | undefined
  readonly description?: string | undefined
  readonly worktree?: boolean | undefined
  readonly workshopTools?: boolean | undefined
  readonly skill?: string | undefined
}

/** A profile as users write it: options of an agent with a role, and without a profile of its own. */
export type ProfileInput = Omit<AgentInput, 'profile' | 'role'> & { readonly role: string }

type SharedInput = Pick<
  AgentInput,
  | 'backendConfig'
  | 'model'
  | 'effort'
  | 'maxTurns'
  | 'timeout'
  | 'permissionMode'
  | 'maxBudgetUsd'
  | 'maxCostUsd'
  | 'assumeUsd'
  | 'gitContext'
  | 'env'
  | 'passEnv'
>

/** The defaults of a workshop as users write them. */
export type ConfigureInput = SharedInput & {
  readonly backend?: string | BackendObject | undefined
  readonly context?: string | undefined
  readonly concurrency?: number | undefined
  readonly parkAfter?: Duration | undefined
  readonly routing?: RoutingStrategy | undefined
}

/** Which of several agents that are free takes an item, or is asked. */
export const routingSchema: z.ZodType<RoutingStrategy> = oneOfOr(ROUTING_STRATEGIES, OTHER_STRATEGIES)

const backendId = name('the id of a backend, such as "claude", "codex" or "scripted"')

const sharedShape: Shape<SharedInput> = {
  backendConfig: anyJson.optional().describe('Settings of the backend alone, as its page documents them.'),
  model: text.optional().describe('The model, as the backend names it.'),
  effort: text.optional().describe('How hard the model thinks, as the backend names it.'),
  maxTurns: wholeNumber(1).optional().describe('Calls of the model in one turn.'),
  timeout: duration.optional().describe('Wall-clock limit of one turn.'),
  permissionMode: oneOf(PERMISSION_MODES)
    .optional()
    .describe('What an agent may do without asking; default `auto`.'),
  maxBudgetUsd: usd.optional().describe('Cap of one turn, USD.'),
  maxCostUsd: usd.optional().describe('Limit of all spending, USD: of the agent, or of the workshop.'),
  assumeUsd: usd.optional().describe('What a turn of unknown cost is charged at, USD.'),
  gitContext: trueOrFalse
    .optional()
    .describe('Puts branch, status and recent commits into the system prompt.'),
  env: variables.optional().describe('Variables for the processes of the agent.'),
  passEnv: variableNames
    .optional()
    .describe('Names of variables that are handed on from the environment of the host.'),
}

const templateShape: Shape<Omit<ProfileInput, 'role'>> = {
  ...sharedShape,
  backend: backendId.optional().describe('The backend that runs the agent.'),
  allowedTools: texts.optional().describe('Tools it may use.'),
  disallowedTools: texts.optional().describe('Tools it may not use.'),
  dangerouslySkipPermissions: trueOrFalse.optional().describe('No permission is ever asked for.'),
  mcpConfig: anyJson.optional().describe('MCP servers for the agent.'),
  addDirs: texts.optional().describe('Folders beyond the project that it may use.'),
  settings: anyJson.optional().describe('Settings that the backend hands to its agent.'),
  noSessionPersistence: trueOrFalse.optional().describe('The backend keeps no session.'),
  appendSystemPrompt: prose.optional().describe('Text after the role in the system prompt.'),
  session: oneOf(['continue', 'fresh'] as const)
    .optional()
    .describe('One conversation over all turns, or a new one each turn.'),
  description: text.optional().describe('What it is good for, in a sentence.'),
  capabilities: capabilitiesSchema
    .optional()
    .describe('What it can do, each with an expertise from 1 to 10.'),
  canHandle: z
    .custom<CanHandle>((value) => typeof value === 'function', CAN_HANDLE_RULE)
    .optional()
    .describe('Its own answer to what it can do, in place of its capabilities; only in code.'),
  worktree: later(trueOrFalse, (value) => value)
    .optional()
    .describe('A git worktree of its own.'),
  workshopTools: later(trueOrFalse, (value) => value)
    .optional()
    .describe('MCP access to the workshop.'),
  skill: later(text, () => true)
    .optional()
    .describe('A skill whose text goes into the system prompt.'),
}

/** The fields of each object that users write, for building further schemas and reference pages. */
export const agentShape: Shape<AgentInput> = {
  ...templateShape,
  role: prose.optional().describe('What the agent is for.'),
  profile: name('the name of a profile')
    .optional()
    .describe('The profile from which it is made; its own options win.'),
}

export const profileShape: Shape<ProfileInput> = {
  ...templateShape,
  role: text.describe('What agents of this profile are for.'),
}

export const configureShape: Shape<ConfigureInput> = {
  ...sharedShape,
  backend: z
    .union(
      [backendId, z.custom<BackendObject>(isBackendObject)],
      'the id of a backend, or an agent backend made in code',
    )
    .optional()
    .describe('The backend of agents that name none.'),
  context: prose.optional().describe('Text that every agent gets before its role.'),
  concurrency: wholeNumber(1, MAX_CONCURRENCY)
    .optional()
    .describe('Turns that one host runs at the same time; default 4.'),
  parkAfter: duration
    .optional()
    .describe(
      'An attempt at an item that waits longer gives up its process and goes on later; default 60 s.',
    ),
  routing: routingSchema
    .optional()
    .describe('Which of several agents takes an item or a question; default `least_loaded`.'),
}

export const agentSchema: z.ZodType<AgentInput> = fieldsObject(agentShape)
export const profileSchema: z.ZodType<ProfileInput> = fieldsObject(profileShape)
export const configureSchema: z.ZodType<ConfigureInput> = fieldsObject(configureShape)

/** Whom a question may go to, as it is written. */
interface ChoiceInput extends WantedBy {
  readonly among?: readonly string[] | undefined
  readonly routing?: RoutingStrategy | undefined
}

export const choiceSchema: z.ZodType<ChoiceInput> = fieldsObject<ChoiceInput>({
  ...wantedByShape,
  among: z.array(name('the name of an agent'), 'a list of names of agents').optional(),
  routing: routingSchema.optional(),
}).check(({ value, issues }) => {
  const problems =
    value.capability === undefined && value.task === undefined
      ? [{ field: 'capability', message: 'a capability such as "review", or a task in its place' }]
      : wantedProblems(value)
  for (const { field, message } of problems)
    issues.push({ code: 'custom', input: value, path: [field], message })
})

/** True for an agent backend made in code. */
export function isBackendObject(value: unknown): value is BackendObject {
  if (typeof value !== 'object' || value === null) return false
  const { id, detect, capabilities, run, close } = value as Partial<Record<keyof BackendObject, unknown>>
  return (
    backendId.safeParse(id).success &&
    [detect, capabilities, run, close].every((member) => typeof member === 'function')
  )
}
