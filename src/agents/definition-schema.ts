/** Checks what users pass to a workshop, at once, and says which field is wrong and what is allowed. */
import { AtelierError, type ErrorDetails } from '../errors.ts'
import type { Json } from '../json.ts'
import { parseDuration } from '../time/duration.ts'
import { toCapability, wantedBy, type CanHandle, type Wanted } from './capability.ts'
import type { DefinitionFields, ProfileDefinition } from './definition.ts'
import { snapshotJson } from './json-snapshot.ts'
import {
  agentSchema,
  choiceSchema,
  configureSchema,
  profileSchema,
  type AgentInput,
  type BackendObject,
  type ConfigureInput,
  type ProfileInput,
} from './option-schemas.ts'
import { given, guarded, parseWith } from './parsing.ts'
import type { RoutingStrategy } from './routing.ts'
import { fieldName, showValue, valueAt } from './shown-values.ts'
import {
  MAX_JSON_CHARACTERS,
  MAX_PROMPT_BYTES,
  MIB,
  NAME_PATTERN,
  NAME_RULE,
  utf8Bytes,
} from './text-rules.ts'

const KEY_CHARACTERS = 512
const KEY_RULE = `a text of 1 to ${KEY_CHARACTERS} characters without control characters, such as "plan/step-1"`
/** Control characters, and halves of a surrogate pair: two keys that differ in one of these look alike once stored. */
const NOT_IN_KEYS = /[\p{Cc}\p{Surrogate}]/u
const FILE_ADVICE =
  'Put the text in a file of the project and name the file in the prompt: the agent reads what it needs.'
const LONE_SURROGATES = /\p{Surrogate}/gu

/** Options of an agent, taken apart; fields that were not set are left out. */
export interface ParsedAgent {
  readonly fields: DefinitionFields
  readonly profile: string | null
  readonly description?: string
  /** A function is no part of a stored definition: it belongs to the process that was given it. */
  readonly canHandle?: CanHandle
}

/** A profile, taken apart: what is stored, and what belongs to the process that was given it. */
export interface ParsedProfile {
  readonly definition: ProfileDefinition
  readonly canHandle?: CanHandle
}

/** The defaults of a workshop, taken apart; what was not set is left out, so that a later call can be laid over. */
export interface ParsedConfigure<Backend extends BackendObject = BackendObject> {
  /** Defaults of agents that are created afterwards; `backend` is the id also where an object was passed. */
  readonly fields: DefinitionFields
  /** The backend made in code. */
  readonly backend?: Backend
  /** Limit of all spending of the workshop: not a default of each agent. */
  readonly maxCostUsd?: number
  readonly concurrency?: number
  readonly parkAfterMs?: number
  /** Which of several agents takes an item or a question. */
  readonly routing?: RoutingStrategy
}

/**
 * Checks the options of an agent.
 * @throws AtelierError `invalid_input`, or `unsupported` for what works from a later version
 */
export function parseAgentOptions(agent: string, options: unknown = {}): ParsedAgent {
  const { profile, description, canHandle, ...input } = parseWith(
    agentSchema,
    options,
    () => `Agent ${showValue(agent)}`,
  )
  return { fields: fieldsOf(input), profile: profile ?? null, ...given({ description, canHandle }) }
}

/**
 * Checks the options of a profile, with the role among them.
 * @throws AtelierError `invalid_input`, or `unsupported` for what works from a later version
 */
export function parseProfile(profile: string, options: unknown): ParsedProfile {
  return toProfile(parseWith(profileSchema, options, () => `Profile ${showValue(profile)}`))
}

/** Takes a checked profile apart. */
export function toProfile({ role, description, canHandle, ...input }: ProfileInput): ParsedProfile {
  return {
    definition: { role, fields: fieldsOf(input), ...given({ description }) },
    ...given({ canHandle }),
  }
}

/** Whom a question may go to. */
export interface ParsedChoice {
  readonly capability: Wanted
  /** Null is every agent. */
  readonly among: readonly string[] | null
  readonly routing: RoutingStrategy | undefined
}

/**
 * Checks whom a question may go to.
 * @throws AtelierError `invalid_input`
 */
export function parseChoice(choice: unknown): ParsedChoice {
  const { among, routing, ...by } = parseWith(choiceSchema, choice, () => 'ask')
  // The schema asks for one of both.
  return { capability: wantedBy(by) as Wanted, among: among ?? null, routing }
}

/**
 * Checks the defaults of a workshop.
 * @throws AtelierError `invalid_input`
 */
export function parseConfigure<Backend extends BackendObject>(
  options: { readonly backend?: string | Backend | undefined } = {},
): ParsedConfigure<Backend> {
  const { backend, maxCostUsd, concurrency, parkAfter, routing, ...input } = parseWith(
    configureSchema,
    options,
    () => 'configure',
  )
  const parkAfterMs = parkAfter === undefined ? undefined : parseDuration(parkAfter)
  const host = given({ maxCostUsd, concurrency, parkAfterMs, routing })
  if (typeof backend !== 'object') return { fields: fieldsOf({ ...input, backend }), ...host }
  const fields = fieldsOf({ ...input, backend: backend.id })
  return { fields, backend: backend as Backend, ...host }
}

/**
 * Checks the name of something that users define.
 * @param kind what is named, for the error: `agent`, `profile`
 * @throws AtelierError `invalid_input`
 */
export function parseName(kind: string, name: unknown): string {
  return guarded(`The name of the ${kind}`, () => {
    if (typeof name === 'string' && NAME_PATTERN.test(name)) return name
    const nearest = typeof name === 'string' ? similarName(name) : ''
    const advice = nearest === '' ? '' : ` For example: "${nearest}".`
    const message = `The name of the ${kind} is ${showValue(name)}; it must be ${NAME_RULE}.${advice}`
    throw new AtelierError('invalid_input', message, { details: { field: 'name', allowed: NAME_RULE } })
  })
}

/**
 * Checks a prompt, and repairs it: half of a surrogate pair, as it is left by cutting a text inside of an
 * emoji, becomes U+FFFD here once. Every file and pipe behind would do the same, and the stored prompt
 * would not be the one that was sent.
 * @throws AtelierError `invalid_input` if it is no text, blank, binary, or longer than 4 MiB
 */
export function parsePrompt(text: unknown): string {
  return guarded('The prompt', () => {
    if (typeof text !== 'string' || text.trim() === '') {
      throw badPrompt(`is ${showValue(text)}; it must be a text that is not blank.`, {
        allowed: 'a text that is not blank',
      })
    }
    const bytes = utf8Bytes(text)
    if (bytes > MAX_PROMPT_BYTES) {
      const what = `has ${showBytes(bytes)}; the limit is ${showBytes(MAX_PROMPT_BYTES)}. ${FILE_ADVICE}`
      throw badPrompt(what, { allowed: `at most ${MAX_PROMPT_BYTES} bytes`, bytes, limit: MAX_PROMPT_BYTES })
    }
    const nul = text.indexOf('\0')
    if (nul !== -1)
      throw badPrompt(`has a NUL character at position ${nul}: that is binary data. ${FILE_ADVICE}`, {
        allowed: 'text',
      })
    return text.replaceAll(LONE_SURROGATES, '\uFFFD')
  })
}

/**
 * Checks a key of the shared context. Slashes make namespaces: `keys('plan/')`.
 * @throws AtelierError `invalid_input`
 */
export function parseContextKey(key: unknown): string {
  return guarded('The key', () => {
    const fits =
      typeof key === 'string' && key.trim() !== '' && key.length <= KEY_CHARACTERS && !NOT_IN_KEYS.test(key)
    if (fits) return key
    const message = `The key is ${showValue(key)}; it must be ${KEY_RULE}.`
    throw new AtelierError('invalid_input', message, { details: { field: 'key', allowed: KEY_RULE } })
  })
}

/**
 * Checks a value of the shared context and copies it, so that changing it later changes nothing that is stored.
 * Members that are `undefined` are left out.
 * @throws AtelierError `invalid_input`, naming the part that is not JSON
 */
export function parseContextValue(key: string, value: unknown): Json {
  return guarded('The value', () => {
    const snapshot = snapshotJson(value, MAX_JSON_CHARACTERS)
    if ('json' in snapshot) return snapshot.json
    const { path, rule } = snapshot.problem
    const field = fieldName(['value', ...path])
    const message = `The value for the key ${showValue(key)}: ${field} is ${showValue(valueAt(value, path))}; it must be ${rule}.`
    throw new AtelierError('invalid_input', message, { details: { key, field, allowed: rule } })
  })
}

type Written = Omit<AgentInput & ConfigureInput, 'backend'> & { readonly backend?: string | undefined }

/** The fields of a definition: the duration in ms, and without what was not set or belongs to no definition. */
function fieldsOf({
  timeout,
  worktree: _w,
  workshopTools: _t,
  skill: _s,
  canHandle: _h,
  capabilities,
  ...fields
}: Written): DefinitionFields {
  return given({
    ...fields,
    capabilities: capabilities?.map(toCapability),
    timeoutMs: timeout === undefined ? undefined : parseDuration(timeout, 'timeout'),
  })
}

function badPrompt(what: string, details: ErrorDetails): AtelierError {
  return new AtelierError('invalid_input', `The prompt ${what}`, { details: { field: 'prompt', ...details } })
}

function showBytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB (${bytes} bytes)`
}

/** The nearest valid name, or nothing. */
function similarName(name: string): string {
  const safe = name.slice(0, 128).replaceAll(/[^A-Za-z0-9._-]+/gu, '-')
  return safe
    .replace(/^[^A-Za-z0-9]+/u, '')
    .slice(0, 64)
    .replace(/-+$/u, '')
}
