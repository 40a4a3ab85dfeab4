/** What the claude backend can be told. */
import { parseDuration, type Duration } from '../../time/duration.ts'
import { fields, lazySchema, readable, readSettings } from '../settings.ts'

/** How to run Claude Code; `docs/backends/claude.md` explains each field. */
export interface ClaudeConfig {
  /** A path, or a name on PATH; default: `claude` on PATH, then in node_modules. */
  readonly executable?: string
  /**
   * Whose settings are read. `trusted`: all of them where the user has trusted the folder in Claude Code,
   * elsewhere the user's own and the texts of the project, but nothing of it that can run. Default `trusted`.
   */
  readonly settingSources?: 'trusted' | readonly SettingSource[]
  /** Only the MCP servers of the agent's `mcpConfig`; default: if it has one. */
  readonly strictMcp?: boolean
  /** A prompt that begins with a slash is a command of Claude Code; default: it is a prompt like any other. */
  readonly slashCommands?: boolean
  /** Names of variables that are handed on from the host's own environment. */
  readonly passEnv?: readonly string[]
  /** How often a call of the model is tried again; default: Claude Code's own, 10. */
  readonly maxRetries?: number
  /** The turn fails if nothing is printed for this long after the start; default 1 m. */
  readonly startTimeout?: Duration
  /** The turn fails if nothing is printed for this long while no tool runs; default 5 m. */
  readonly idleTimeout?: Duration
  /** The same while a tool or a subagent runs; default 30 m. */
  readonly toolTimeout?: Duration
  /** How long the process may stay after its answer, for commands in the background; default 10 s. */
  readonly answerGrace?: Duration
  /** Longest output; default 512 MiB. */
  readonly maxOutputBytes?: number
}

/** Where Claude Code reads settings from. */
export type SettingSource = 'user' | 'project' | 'local'

/** The same with what follows from it. */
export interface ClaudeSettings extends Omit<
  ClaudeConfig,
  'startTimeout' | 'idleTimeout' | 'toolTimeout' | 'answerGrace'
> {
  readonly settingSources: 'trusted' | readonly SettingSource[]
  readonly startMs: number
  readonly idleMs: number
  readonly toolMs: number
  readonly graceMs: number
  readonly maxOutputBytes: number
  readonly maxLineBytes: number
}

/** It prints its first line within 1 s; thirty at once on two processors need half a minute. */
const START_TIMEOUT = '1m'
/** With partial messages a model that works is never silent for long; the CLI itself waits 10 m. */
const IDLE_TIMEOUT = '5m'
/** Test suites and builds say nothing while they run; the CLI itself ends a command after 10 m at most. */
const TOOL_TIMEOUT = '30m'
/** Upstream, processes that never end after their result are known (claude-code #25629). */
const ANSWER_GRACE = '10s'
/** A day of chatter. A tool's result with images reaches some MiB. */
const MAX_OUTPUT_BYTES = 512 << 20
const MAX_LINE_BYTES = 32 << 20

/**
 * Reads settings.
 * @param what where they stand, such as `backendConfig`
 * @throws AtelierError `invalid_config` naming the field and what is allowed there
 */
export function readClaudeConfig(config: unknown, what: string): ClaudeSettings {
  const { startTimeout, idleTimeout, toolTimeout, answerGrace, ...read } = readSettings(schema, config, what)
  const { maxOutputBytes = MAX_OUTPUT_BYTES } = read
  return {
    ...read,
    settingSources: read.settingSources ?? 'trusted',
    startMs: parseDuration(startTimeout ?? START_TIMEOUT),
    idleMs: parseDuration(idleTimeout ?? IDLE_TIMEOUT),
    toolMs: parseDuration(toolTimeout ?? TOOL_TIMEOUT),
    graceMs: parseDuration(answerGrace ?? ANSWER_GRACE),
    maxOutputBytes,
    maxLineBytes: Math.min(MAX_LINE_BYTES, maxOutputBytes),
  }
}

const schema = lazySchema<ClaudeConfig>((z) => {
  const duration = z.union([z.string(), z.number()]).check(readable(parseDuration)).exactOptional()
  const source = z.enum(['user', 'project', 'local'])
  return fields(z, {
    executable: z.string().min(1, 'is empty').exactOptional(),
    settingSources: z.union([z.literal('trusted'), z.array(source)]).exactOptional(),
    strictMcp: z.boolean().exactOptional(),
    slashCommands: z.boolean().exactOptional(),
    passEnv: z.array(z.string().regex(/^[A-Za-z_]\w*$/u, 'is not the name of a variable')).exactOptional(),
    maxRetries: z.int().nonnegative().exactOptional(),
    startTimeout: duration,
    idleTimeout: duration,
    toolTimeout: duration,
    answerGrace: duration,
    maxOutputBytes: z.int().positive().exactOptional(),
  })
})
