/** Configuration, profiles and backends of this process: what a new agent is resolved from. */
import type { AgentBackend } from '../agent-backend.ts'
import {
  resolveDefinition,
  unsupportedOptions,
  type AgentDefinition,
  type DefinitionFields,
} from '../agents/definition.ts'
import { capabilitiesOf, type CanHandle } from '../agents/capability.ts'
import type { ParsedProfile } from '../agents/definition-schema.ts'
import { DEFAULT_ROUTING, type RoutingStrategy } from '../agents/routing.ts'
import { AtelierError, nearestNames } from '../errors.ts'
import type { ProfileView } from '../team/view-types.ts'
import { profileView } from '../team/views.ts'

interface KnownProfile extends ParsedProfile {
  readonly source: ProfileView['source']
}

export class Roster {
  /** Which of several agents takes an item or a question. */
  routing: RoutingStrategy = DEFAULT_ROUTING
  /** What `configure` and the configuration file set; later calls win. */
  #fields: DefinitionFields = {}
  readonly #profiles = new Map<string, KnownProfile>()
  /** Functions of agents that were defined by a call of this process. */
  readonly #canHandle = new Map<string, CanHandle>()
  readonly #backends = new Map<string, AgentBackend>()

  /** Sets defaults of agents that are created from now on. */
  configure(fields: DefinitionFields): void {
    this.#fields = { ...this.#fields, ...fields }
  }

  addBackend(backend: AgentBackend): void {
    this.#backends.set(backend.id, backend)
  }

  backend(id: string): AgentBackend | undefined {
    return this.#backends.get(id)
  }

  get backendIds(): readonly string[] {
    return [...this.#backends.keys()]
  }

  /** A profile that was defined by a call wins over one of the configuration, that over one of a file, and that over ours. */
  addProfile(name: string, profile: ParsedProfile, source: ProfileView['source']): void {
    const rank: readonly ProfileView['source'][] = ['shipped', 'claude', 'config', 'defined']
    const known = this.#profiles.get(name)
    if (known !== undefined && rank.indexOf(known.source) > rank.indexOf(source)) return
    this.#profiles.set(name, { ...profile, source })
  }

  setCanHandle(agent: string, canHandle: CanHandle | undefined): void {
    if (canHandle === undefined) this.#canHandle.delete(agent)
    else this.#canHandle.set(agent, canHandle)
  }

  /** An agent's own answer to what it can do, else that of its profile, as far as this process was given one. */
  canHandle(agent: string, profile: string | null): CanHandle | undefined {
    return (
      this.#canHandle.get(agent) ?? (profile === null ? undefined : this.#profiles.get(profile)?.canHandle)
    )
  }

  /** Profiles that stand in files and were not defined by a call. */
  fileProfiles(): ProfileView[] {
    return [...this.#profiles]
      .filter(([, { source }]) => source !== 'defined')
      .map(([name, { definition, source }]) => profileView(name, definition, source))
  }

  get profileNames(): Iterable<string> {
    return this.#profiles.keys()
  }

  /**
   * Resolves what an agent runs with: configuration, then its profile, then its own options.
   * @throws AtelierError `not_found` for an unknown profile, `invalid_config` without a backend,
   *   `unsupported` for a backend that is not there or an option that it cannot honour
   */
  resolve(agent: string, profile: string | null, fields: DefinitionFields): AgentDefinition {
    const inherited = profile === null ? undefined : this.#profileFields(profile)
    const capabilities = capabilitiesOf(
      { name: agent, capabilities: fields.capabilities },
      profile === null ? undefined : { name: profile, capabilities: inherited?.capabilities },
    )
    const resolved = resolveDefinition([this.#fields, inherited, fields, { capabilities }])
    const { backend: id } = resolved
    if (id === undefined) {
      throw new AtelierError(
        'invalid_config',
        `Agent "${agent}" has no backend. Name one with configure({ backend }), in the configuration file, or in its options. ` +
          `This process knows: ${this.backendIds.join(', ')}.`,
        { details: { agent, field: 'backend', allowed: this.backendIds } },
      )
    }
    const definition: AgentDefinition = { ...resolved, backend: id }
    this.#checkBackend(agent, definition)
    return definition
  }

  /** The login that pays for an agent's turns. */
  accountOf({ backend: id, env = {}, passEnv = [] }: AgentDefinition): string {
    const passed = Object.fromEntries(
      passEnv.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    )
    return this.#backends.get(id)?.account?.({ ...passed, ...env }) ?? id
  }

  async close(): Promise<void> {
    for (const backend of this.#backends.values()) await backend.close()
  }

  #profileFields(name: string): DefinitionFields {
    const known = this.#profiles.get(name)
    if (known !== undefined) return { ...known.definition.fields, role: known.definition.role }
    const near = nearestNames(name, this.#profiles.keys())
    const hint =
      near.length > 0
        ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`
        : `Known profiles: ${[...this.#profiles.keys()].slice(0, 10).join(', ')}.`
    throw new AtelierError('not_found', `There is no profile "${name}". ${hint}`, {
      details: { profile: name, nearest: near },
    })
  }

  #checkBackend(agent: string, definition: AgentDefinition): void {
    const backend = this.#backends.get(definition.backend)
    if (backend === undefined) {
      throw new AtelierError(
        'unsupported',
        `Agent "${agent}" names the backend "${definition.backend}", which this process does not have. It has: ${this.backendIds.join(', ')}.`,
        { details: { agent, field: 'backend', allowed: this.backendIds } },
      )
    }
    const options = unsupportedOptions(definition, backend.capabilities().options)
    if (options.length > 0) {
      throw new AtelierError(
        'unsupported',
        `Backend "${backend.id}" cannot honour ${options.map((option) => `"${option}"`).join(', ')} of agent "${agent}". ` +
          `Leave ${options.length === 1 ? 'it' : 'them'} out, or use another backend. It honours: ${backend.capabilities().options.join(', ') || 'none of these options'}.`,
        { details: { agent, options, allowed: backend.capabilities().options } },
      )
    }
    backend.validate?.(definition.backendConfig)
  }
}
