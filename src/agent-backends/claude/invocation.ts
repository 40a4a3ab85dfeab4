/** Makes the command line, the environment and the input of one turn. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { PermissionMode, TurnRequest } from '../../agent-backend.ts'
import type { Json } from '../../json.ts'
import { childEnvironment, type ProcessMarkers } from '../../processes/environment.ts'
import type { ClaudeSettings } from './config.ts'
import { fieldsOf, type Fields } from './line.ts'
import { toolNames } from './tools.ts'
import { sourcesFor, type Sources } from './trust.ts'

/** A process to be started. */
export interface Invocation {
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly markers: ProcessMarkers
  /** The first line of its input. */
  readonly input: string
  /** Removes what was made for it. */
  readonly discard: () => Promise<void>
}

/** The session that a turn begins, continues or copies. */
export interface SessionChoice {
  /** Of the turn. */
  readonly id: string
  /** The session to go on with; the same one, or the one to copy. */
  readonly resume?: string
  /** The system prompt is another one than the session was begun with. */
  readonly hasNewSystemPrompt: boolean
}

/** Handed on beyond what every program needs: where its login lies, how it reaches the network, what its user decided. */
const PASSED: readonly string[] = [
  ...['CLAUDE_CONFIG_DIR', 'CLAUDE_CODE_OAUTH_TOKEN', 'IS_SANDBOX'],
  ...[
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'NO_PROXY',
    'ALL_PROXY',
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'all_proxy',
  ],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...[
    'DISABLE_TELEMETRY',
    'DISABLE_ERROR_REPORTING',
    'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC',
    'DO_NOT_TRACK',
  ],
]

const MODES: Readonly<Record<PermissionMode, string>> = {
  default: 'default',
  accept_edits: 'acceptEdits',
  bypass_permissions: 'bypassPermissions',
  dont_ask: 'dontAsk',
  plan: 'plan',
  auto: 'auto',
}

/** Longer texts go by file: the system takes no more than 128 KiB in one argument. */
const LONGEST_ARGUMENT_BYTES = 100_000

/** The environment of Claude Code for an agent with these variables. */
export function claudeEnvironment(
  { passEnv = [], maxRetries }: Pick<ClaudeSettings, 'passEnv' | 'maxRetries'>,
  env: Readonly<Record<string, string>>,
  markers: ProcessMarkers = {},
): Record<string, string> {
  const set = {
    // An update in the middle of a turn is nobody's wish.
    DISABLE_AUTOUPDATER: '1',
    ...(maxRetries !== undefined && { CLAUDE_CODE_MAX_RETRIES: String(maxRetries) }),
    ...env,
  }
  return childEnvironment({ pass: [...PASSED, ...passEnv], set, markers })
}

/** What is to be run for a turn. */
export async function invocationOf(
  settings: ClaudeSettings,
  request: TurnRequest,
  session: SessionChoice,
): Promise<Invocation> {
  const markers = { turn: request.turn, ...(request.host !== undefined && { host: request.host }) }
  const env = claudeEnvironment(settings, request.env, markers)
  const sources = await sourcesFor(settings, request.cwd, env)
  // Read texts like CLAUDE.md from the folder itself, which is added for that below.
  if (sources.withProjectTexts) env['CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD'] = '1'
  const files = new TurnFiles()
  try {
    const args = [
      ...fixedArgs(),
      ...sessionArgs(request, session),
      ...optionArgs(request),
      ...sourceArgs(settings, request, sources),
    ]
    args.push(...(await fileArgs(request, files)))
    return {
      args,
      env,
      markers,
      input: promptLine(sentPrompt(request.prompt, settings)),
      discard: () => files.discard(),
    }
  } catch (error) {
    await files.discard()
    throw error
  }
}

/**
 * The prompt as it is sent. A slash at its beginning would make it a command of Claude Code, such as
 * `/clear`: texts of other agents and of files are prompts, too, so a line break stands before it.
 */
export function sentPrompt(
  prompt: string,
  { slashCommands = false }: Pick<ClaudeSettings, 'slashCommands'>,
): string {
  return prompt.startsWith('/') && !slashCommands ? `\n${prompt}` : prompt
}

/** A line of input that asks it to stop what it does. */
export const INTERRUPT_LINE: string = `${JSON.stringify({
  type: 'control_request',
  request_id: 'atelier-interrupt',
  request: { subtype: 'interrupt' },
})}\n`

/** An answer to a question that nobody here can answer, so that it is not waited for. */
export function refusalLine(question: Fields): string {
  const { subtype } = fieldsOf(question['request'])
  const response = {
    subtype: 'error',
    request_id: question['request_id'],
    error: `Nobody is here to answer ${JSON.stringify(subtype)}.`,
  }
  return `${JSON.stringify({ type: 'control_response', response })}\n`
}

function promptLine(prompt: string): string {
  return `${JSON.stringify({ type: 'user', message: { role: 'user', content: prompt }, parent_tool_use_id: null })}\n`
}

function fixedArgs(): string[] {
  return [
    '-p',
    '--verbose',
    '--input-format=stream-json',
    '--output-format=stream-json',
    '--include-partial-messages',
  ]
}

/** Every value stands behind an equals sign: none is read as another option, and lists end where they should. */
function sessionArgs(request: TurnRequest, { id, resume, hasNewSystemPrompt }: SessionChoice): string[] {
  if (request.noSessionPersistence === true) return ['--no-session-persistence', `--session-id=${id}`]
  if (resume === undefined) return [`--session-id=${id}`]
  const copy = request.fork === true ? ['--fork-session', `--session-id=${id}`] : []
  // Claude Code records the system prompt of the first turn and would go on with that.
  return [`--resume=${resume}`, ...copy, ...(hasNewSystemPrompt ? ['--system-prompt-snapshot=off'] : [])]
}

function optionArgs(request: TurnRequest): string[] {
  const { model, effort, maxTurns, maxBudgetUsd, allowedTools, disallowedTools = [], addDirs = [] } = request
  const { dangerouslySkipPermissions = false } = request
  return [
    ...(model === undefined ? [] : [`--model=${model}`]),
    ...(effort === undefined ? [] : [`--effort=${effort}`]),
    ...(maxTurns === undefined ? [] : [`--max-turns=${maxTurns}`]),
    ...(maxBudgetUsd === undefined ? [] : [`--max-budget-usd=${maxBudgetUsd}`]),
    ...(dangerouslySkipPermissions
      ? ['--dangerously-skip-permissions']
      : [`--permission-mode=${modeOf(request)}`]),
    ...(allowedTools === undefined ? [] : allowedArgs(allowedTools)),
    ...disallowedTools.map((rule) => `--disallowedTools=${rule}`),
    ...addDirs.map((folder) => `--add-dir=${folder}`),
  ]
}

/**
 * Claude Code's own `auto` mode lets a model judge each action, and leaves out rules as wide as `Bash`
 * (measured). Where an agent names its tools, nothing is left to be judged: these, and no others.
 */
function modeOf({ permissionMode = 'auto', allowedTools }: TurnRequest): string {
  return permissionMode === 'auto' && allowedTools !== undefined ? MODES.dont_ask : MODES[permissionMode]
}

/** `--allowedTools` alone only spares questions; that others are not there is said by `--tools`. */
function allowedArgs(rules: readonly string[]): string[] {
  const builtIn = toolNames(rules).filter((name) => !name.startsWith('mcp__'))
  return [`--tools=${builtIn.join(',')}`, ...rules.map((rule) => `--allowedTools=${rule}`)]
}

function sourceArgs(
  { strictMcp }: Pick<ClaudeSettings, 'strictMcp'>,
  request: TurnRequest,
  { sources, withProjectTexts }: Sources,
): string[] {
  const isStrict = strictMcp ?? request.mcpConfig !== undefined
  return [
    `--setting-sources=${sources.join(',')}`,
    ...(withProjectTexts ? [`--add-dir=${request.cwd}`] : []),
    ...(isStrict ? ['--strict-mcp-config'] : []),
  ]
}

/** What is long or secret goes by file: every user of the machine can read the arguments of a process. */
async function fileArgs(request: TurnRequest, files: TurnFiles): Promise<string[]> {
  const { systemPrompt = '', mcpConfig, settings, outputSchema } = request
  const args: string[] = []
  if (systemPrompt !== '') {
    const isShort = Buffer.byteLength(systemPrompt) <= LONGEST_ARGUMENT_BYTES
    args.push(
      isShort
        ? `--append-system-prompt=${systemPrompt}`
        : `--append-system-prompt-file=${await files.write('system.md', systemPrompt)}`,
    )
  }
  if (mcpConfig !== undefined)
    args.push(`--mcp-config=${await pathOf(mcpServers(mcpConfig), 'mcp.json', files)}`)
  if (settings !== undefined) args.push(`--settings=${await pathOf(settings, 'settings.json', files)}`)
  if (outputSchema !== undefined) args.push(`--json-schema=${JSON.stringify(outputSchema)}`)
  return args
}

function mcpServers(config: Json): Json {
  return typeof config === 'string' || 'mcpServers' in fieldsOf(config) ? config : { mcpServers: config }
}

async function pathOf(value: Json, name: string, files: TurnFiles): Promise<string> {
  return typeof value === 'string' ? value : files.write(name, JSON.stringify(value))
}

/** Files that only the user can read, gone after the turn. */
class TurnFiles {
  #folder: string | undefined

  async write(name: string, text: string): Promise<string> {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'atelier-claude-'))
    const path = join(this.#folder, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }

  async discard(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }
}
