/** What an agent is made of: the resolved definition, and how configuration, profile and options become one. */
import type { Json } from '../json.ts'
import type { Capability } from './capability.ts'

/** Options of an agent whose meaning lies in its backend. */
export type BackendOption =
  | 'model'
  | 'effort'
  | 'maxTurns'
  | 'maxBudgetUsd'
  | 'permissionMode'
  | 'allowedTools'
  | 'disallowedTools'
  | 'mcpConfig'
  | 'addDirs'
  | 'settings'
  | 'noSessionPersistence'
  | 'dangerouslySkipPermissions'

export type PermissionMode = 'default' | 'accept_edits' | 'bypass_permissions' | 'dont_ask' | 'plan' | 'auto'

/** Everything an agent runs with, resolved once when it is defined. */
export interface AgentDefinition {
  /** What the agent is for: the last part of its system prompt. */
  readonly role: string
  /** Text that every agent of the workshop gets before its role. */
  readonly context: string
  readonly backend: string
  readonly backendConfig?: Json
  readonly model?: string
  readonly effort?: string
  readonly maxTurns?: number
  /** Wall-clock limit of one turn, ms. */
  readonly timeoutMs?: number
  readonly permissionMode: PermissionMode
  readonly allowedTools?: readonly string[]
  readonly disallowedTools?: readonly string[]
  /** Cap of one turn in USD, which the backend enforces where it can. */
  readonly maxBudgetUsd?: number
  /** Limit of everything this agent ever spends, USD. */
  readonly maxCostUsd?: number
  /** What a turn of unknown cost is charged at, USD. */
  readonly assumeUsd?: number
  readonly dangerouslySkipPermissions?: boolean
  readonly mcpConfig?: Json
  readonly addDirs?: readonly string[]
  readonly settings?: Json
  readonly noSessionPersistence?: boolean
  readonly appendSystemPrompt?: string
  /** Variables for the agent's processes. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables that are handed on from the host's own environment. */
  readonly passEnv?: readonly string[]
  /** Branch, status and recent commits are put into its system prompt. */
  readonly gitContext?: boolean
  /** What it can do, for items and questions that ask for it. */
  readonly capabilities?: readonly Capability[]
  /** `continue`: one conversation over all turns. `fresh`: a new one each turn. */
  readonly session: 'continue' | 'fresh'
}

/** The fields that a profile, an agent or the configuration may set. */
export type DefinitionFields = { readonly [K in keyof AgentDefinition]?: AgentDefinition[K] | undefined }

/** A reusable template as it is stored. */
export interface ProfileDefinition {
  readonly role: string
  readonly description?: string
  readonly fields: DefinitionFields
}

/**
 * Merges the layers of a definition; later ones win, and a field that is `undefined` does not count.
 * @returns the definition, or undefined in `backend` where no layer names one
 */
export function resolveDefinition(
  layers: readonly (DefinitionFields | undefined)[],
): Omit<AgentDefinition, 'backend'> & { readonly backend: string | undefined } {
  const merged: Record<string, unknown> = {
    role: '',
    context: '',
    permissionMode: 'auto',
    session: 'continue',
  }
  for (const layer of layers) {
    for (const [field, value] of Object.entries(layer ?? {})) if (value !== undefined) merged[field] = value
  }
  return { backend: undefined, ...merged } as ReturnType<typeof resolveDefinition>
}

/** The system prompt: context, role, what is appended, and facts about the repository, joined by blank lines. */
export function systemPromptOf(definition: AgentDefinition, gitContext?: string): string {
  return [definition.context, definition.role, definition.appendSystemPrompt, gitContext]
    .map((part) => part?.trim() ?? '')
    .filter((part) => part !== '')
    .join('\n\n')
}

/** Options that are a matter of the backend, and whether the definition sets them. */
export function unsupportedOptions(
  definition: AgentDefinition,
  supported: readonly BackendOption[],
): string[] {
  const set = {
    model: definition.model,
    effort: definition.effort,
    maxTurns: definition.maxTurns,
    maxBudgetUsd: definition.maxBudgetUsd,
    allowedTools: definition.allowedTools,
    disallowedTools: definition.disallowedTools,
    mcpConfig: definition.mcpConfig,
    addDirs: definition.addDirs,
    settings: definition.settings,
    noSessionPersistence: definition.noSessionPersistence,
    dangerouslySkipPermissions: definition.dangerouslySkipPermissions,
    permissionMode: definition.permissionMode === 'auto' ? undefined : definition.permissionMode,
  }
  return Object.entries(set)
    .filter(([option, value]) => value !== undefined && !supported.some((known) => known === option))
    .map(([option]) => option)
}
