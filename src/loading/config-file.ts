/** The configuration of a project: `atelier.config.ts` or one of its siblings. Light: what reads it is loaded on demand. */
import { statSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import type { AgentBackend } from '../agent-backend.ts'
import type { ParsedProfile } from '../agents/definition-schema.ts'
import { AtelierError, messageOf } from '../errors.ts'
import type { AgentOptions, BoardWorkerOptions, ConfigureOptions } from '../facade/contract.ts'
import type { Json } from '../json.ts'
import type { WorkflowInput } from '../workflow/input.ts'

const CODE_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs']
const DATA_EXTENSIONS: readonly string[] = ['.json', '.yaml', '.yml']

/** The names that a configuration may have, directly in the project folder. */
export const CONFIG_FILES: readonly string[] = [...CODE_EXTENSIONS, ...DATA_EXTENSIONS].map(
  (ending) => `atelier.config${ending}`,
)

/** A profile of a configuration: options of an agent with a role. */
export type ProfileConfig = Omit<AgentOptions, 'profile' | 'role'> & { readonly role: string }

/** A backend made in code, or a function that makes it when the configuration is loaded. */
export type BackendConfig = AgentBackend | (() => AgentBackend | Promise<AgentBackend>)

/** A board worker of a configuration. */
export type WorkerConfig = BoardWorkerOptions & {
  /** The items that it takes. */
  readonly type: string
}

/** How the git worktree of an attempt is prepared. */
export interface WorktreeConfig {
  /** Commands that are run in each new worktree, such as `npm ci`. */
  readonly setUp?: readonly string[]
  /** Commands that are run before a worktree is taken away. */
  readonly tearDown?: readonly string[]
  /** Names of variables that these and the verify commands get from the environment of the host. */
  readonly passEnv?: readonly string[]
}

/** What a configuration holds: everything of `configure`, and the team. */
export interface WorkshopConfig extends ConfigureOptions {
  readonly profiles?: Readonly<Record<string, ProfileConfig>>
  readonly agents?: Readonly<Record<string, AgentOptions>>
  /** Board workers, by name: `atelier up` runs them. */
  readonly workers?: Readonly<Record<string, WorkerConfig>>
  readonly worktrees?: WorktreeConfig
  /** Workflows made with `workflow(…)`, beside those in files. Not in JSON and YAML. */
  readonly workflows?: readonly WorkflowInput[]
  /** Backends beyond those that Atelier brings; agents choose them by their id. Not in JSON and YAML. */
  readonly backends?: readonly BackendConfig[]
  /** What the scripted backend answers, as its page documents it: a team without an account. */
  readonly scripted?: Json
}

/** A configuration that was read and checked. */
export interface LoadedConfig {
  /** Absolute path of the file; null: there is none. */
  readonly file: string | null
  /** For `configure`. */
  readonly configure: ConfigureOptions
  readonly profiles: Readonly<Record<string, ParsedProfile>>
  /** For `agent`. */
  readonly agents: Readonly<Record<string, AgentOptions>>
  /** For `boardWorker`. */
  readonly workers: Readonly<Record<string, WorkerConfig>>
  readonly worktrees: WorktreeConfig
  /** For `workflow`, which checks them. */
  readonly workflows: readonly WorkflowInput[]
  readonly backends: readonly AgentBackend[]
  /** What the scripted backend answers; its adapter checks it. */
  readonly scripted?: Json
}

const EMPTY: LoadedConfig = {
  file: null,
  configure: {},
  profiles: {},
  agents: {},
  workers: {},
  worktrees: {},
  workflows: [],
  backends: [],
}

/** Types an `atelier.config.ts`: `export default defineConfig({ … })`. */
export function defineConfig(config: WorkshopConfig): WorkshopConfig {
  return config
}

/**
 * The configuration file of a folder, or null.
 * @throws AtelierError `invalid_config` if there are several: which one counts would be a guess
 */
export function configFileOf(dir: string): string | null {
  const folder = resolve(dir)
  const files = CONFIG_FILES.filter((name) => isFile(join(folder, name)))
  const [first, second] = files
  if (first === undefined) return null
  if (second === undefined) return join(folder, first)
  throw new AtelierError(
    'invalid_config',
    `${folder} has several configurations: ${files.join(', ')}. Keep one, and rename the others.`,
    { details: { dir: folder, files } },
  )
}

/**
 * Reads the configuration of a folder, running it if it is code: the caller has decided that the folder is trusted.
 * @throws AtelierError `invalid_config` naming file, line where there is one, field and what is allowed;
 * `unsupported` for options of later versions
 */
export async function loadConfig(dir: string): Promise<LoadedConfig> {
  const file = configFileOf(dir)
  if (file === null) return EMPTY
  const { readCodeConfig, readDataConfig } = await import('./config-reading.ts')
  return CODE_EXTENSIONS.includes(extname(file)) ? await readCodeConfig(file) : await readDataConfig(file)
}

/**
 * Checks a configuration that a program passes instead of a file.
 * @throws AtelierError `invalid_config`, or `unsupported` for options of later versions
 */
export async function readConfig(config: WorkshopConfig): Promise<LoadedConfig> {
  const { readInlineConfig } = await import('./config-reading.ts')
  return await readInlineConfig(config)
}

/** A folder that may not be searched is an error: a team without its configuration is not what was asked for. */
function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true
  } catch (cause) {
    const message = `Whether there is a configuration ${path} cannot be told: ${messageOf(cause)}.`
    throw new AtelierError('invalid_config', message, { details: { file: path }, cause })
  }
}
