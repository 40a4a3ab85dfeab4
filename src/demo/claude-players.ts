/** The agents of the demo as Claude Code: on the account of this machine, or on a model that a script speaks for. */
import { mkdir } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import type { BackendDetection } from '../agent-backend.ts'
import { claudeBackend } from '../agent-backends/claude.ts'
import { detectClaude } from '../agent-backends/claude/detection.ts'
import { findClaude, type FoundClaude } from '../agent-backends/claude/executable.ts'
import { claudeEnvironment } from '../agent-backends/claude/invocation.ts'
import { AtelierError } from '../errors.ts'
import type { AgentOptions } from '../facade/contract.ts'
import { startModelServer } from '../model-server/server.ts'
import { systemClock } from '../time/system-clock.ts'
import { directScenarios } from './direct-scenarios.ts'
import type { Part } from './direct-story.ts'
import { ON_ACCOUNT, type Players } from './players.ts'
import { sampleFolder } from './sample-project.ts'
import { callText } from './telling.ts'

/** Good enough for the task, and not the dearest. */
const MODEL = 'sonnet'
/** Claude Code stops a turn at its cap; the workshop starts no turn beyond the sum. */
const MAX_TURN_USD = 0.5
const TURNS = 5
const MAX_DEMO_USD = MAX_TURN_USD * TURNS

const CONTEXT = `You work in a small sample project; nobody is there to answer a question, so decide by yourself.
Work in this folder only. Run the tests with \`node --test\`. Commit only when you are asked to.
Answer in plain text, in at most eight lines.`

/** Rules of Claude Code. What neither they nor the user's own settings allow is refused, and nobody is asked. */
const TOOLS: Readonly<Record<Part['agent'], AgentOptions>> = {
  impl: {
    permissionMode: 'accept_edits',
    allowedTools: [
      ...['Read(./**)', 'Edit(./**)', 'Write(./**)', 'Glob', 'Grep'],
      ...['Bash(node --test)', 'Bash(node --test *)', 'Bash(npm test)', 'Bash(npm test *)'],
      ...['Bash(git add *)', 'Bash(git commit *)'],
    ],
  },
  reviewer: {
    permissionMode: 'dont_ask',
    allowedTools: [
      ...['Read(./**)', 'Edit(./test/**)', 'Write(./test/**)', 'Glob', 'Grep'],
      ...['Bash(node --test)', 'Bash(node --test *)', 'Bash(npm test)', 'Bash(npm test *)'],
    ],
  },
}

/** Keys that a user may have instead of a login of Claude Code itself. */
const KEYS = ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY'] as const

/**
 * Claude Code as this machine has it, on its user's account.
 * @param executable an absolute path, or a name on PATH
 * @throws AtelierError `unsupported` where it is missing, too old or not logged in, with the fix
 */
export async function accountPlayers(executable: string | undefined): Promise<Players> {
  const { found, payer, passEnv } = await loggedInClaude(executable)
  const options: AgentOptions = {
    model: MODEL,
    maxBudgetUsd: MAX_TURN_USD,
    backendConfig: { strictMcp: true, ...(executable !== undefined && { executable }) },
    ...(passEnv.length > 0 && { passEnv }),
    env: { PATH: pathWithNode() },
  }
  return {
    backend: 'claude',
    backends: [],
    about: `The agents are the real Claude Code with the model ${MODEL}, paid by ${payer}. A turn may cost at most $${MAX_TURN_USD.toFixed(2)}, the ${TURNS} turns together $${MAX_DEMO_USD.toFixed(2)}; Ctrl-C ends it. What they say differs each time.`,
    program: nameOf(found),
    costsTitle: 'The costs, as Claude Code reports them',
    context: CONTEXT,
    maxCostUsd: MAX_DEMO_USD,
    next: (dir) => [
      {
        why: 'go on in the same session',
        command: `${callText('atelier')} ask impl 'Add jitter' --dir ${dir}`,
      },
    ],
    options: (agent) => ({ ...options, ...TOOLS[agent] }),
    close: () => Promise.resolve(),
  }
}

export interface ModelServerPlayersOptions {
  /** An absolute path, or a name on PATH. */
  readonly executable: string | undefined
  /** A folder of the demo's own, for the home of Claude Code. */
  readonly root: string
  readonly story: readonly Part[]
}

/**
 * The real Claude Code on a scripted model of this machine. It gets a home of its own: nothing of the user's
 * configuration or login is read or changed.
 * @throws AtelierError `unsupported` where it is missing or too old, with the fix
 */
export async function modelServerPlayers({
  executable,
  root,
  story,
}: ModelServerPlayersOptions): Promise<Players> {
  const [home, tmp] = [join(root, 'home'), join(root, 'tmp')]
  await Promise.all([mkdir(home), mkdir(tmp)])
  const server = await startModelServer({ scenarios: directScenarios(story) })
  try {
    const envOf = (agent: string): Record<string, string> => ownEnvironment(home, tmp, server.url, agent)
    const env = claudeEnvironment({}, envOf('probe'))
    const found = mustWork(await detectClaude(findAnyClaude(executable), env, systemClock))
    const options: AgentOptions = {
      model: MODEL,
      maxBudgetUsd: MAX_TURN_USD,
      backendConfig: { executable: found.path ?? '', settingSources: [], strictMcp: true },
    }
    return {
      backend: 'claude',
      backends: [],
      about:
        'The agents are the real Claude Code, and so are their tools, files, test runs, the commit and every record. Their model is a script on this machine: no account, no network, no cost.',
      program: nameOf(found),
      costsTitle: 'The costs, as Claude Code reckons them for scripted tokens; nobody pays',
      context: CONTEXT,
      next: () => [ON_ACCOUNT],
      options: (agent) => ({ ...options, ...TOOLS[agent], env: envOf(agent) }),
      close: () => server.close(),
    }
  } catch (error) {
    await server.close()
    throw error
  }
}

/** Nothing of the user's own is found, nothing leaves this machine, and the key says whose script it is. */
function ownEnvironment(home: string, tmp: string, url: string, agent: string): Record<string, string> {
  const none = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']
  return {
    ...Object.fromEntries([...none, 'CLAUDE_CODE_OAUTH_TOKEN'].map((name) => [name, ''])),
    PATH: pathWithNode(),
    HOME: home,
    TMPDIR: tmp,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: `fake-${agent}`,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '1',
  }
}

/** The agents run the project's tests on the Node that runs the demo, whatever the system has. */
function pathWithNode(): string {
  return [dirname(process.execPath), process.env['PATH']].filter((part) => part !== undefined).join(delimiter)
}

/** A checkout has the pinned one of its tests as well. */
function findAnyClaude(executable: string | undefined): FoundClaude {
  if (executable !== undefined) return findClaude({ executable })
  const found = findClaude()
  if (found.ok) return found
  const pinned = findClaude({ path: '', from: join(dirname(sampleFolder()), 'test', 'real-agents') })
  return pinned.ok ? pinned : found
}

function nameOf({ version = '', path = '' }: BackendDetection): string {
  return `Claude Code ${version}: ${path}`
}

interface LoggedInClaude {
  readonly found: BackendDetection
  readonly payer: string
  readonly passEnv: readonly string[]
}

async function loggedInClaude(executable: string | undefined): Promise<LoggedInClaude> {
  const detect = (passEnv: readonly string[]): Promise<BackendDetection> =>
    claudeBackend({ config: { passEnv, ...(executable !== undefined && { executable }) } }).detect()
  const found = mustWork(await detect([]), NO_ACCOUNT_NEEDED)
  if (found.loggedIn !== false) return { found, payer: 'the login of Claude Code', passEnv: [] }
  const key = KEYS.find((name) => isSet(name))
  if (key !== undefined) {
    // A key is often one of a gateway, and worth nothing elsewhere.
    const passEnv = [key, ...(isSet('ANTHROPIC_BASE_URL') ? ['ANTHROPIC_BASE_URL'] : [])]
    const withKey = mustWork(await detect(passEnv), NO_ACCOUNT_NEEDED)
    if (withKey.loggedIn !== false) return { found: withKey, payer: `the key in ${key}`, passEnv }
  }
  throw new AtelierError(
    'unsupported',
    `Claude Code at ${found.path ?? ''} is not logged in. Run \`claude auth login\`, or set ANTHROPIC_API_KEY. ${NO_ACCOUNT_NEEDED}`,
    { details: { backend: 'claude', path: found.path } },
  )
}

const NO_ACCOUNT_NEEDED = 'With --model-server the demo needs no account.'

function isSet(name: string): boolean {
  return (process.env[name] ?? '') !== ''
}

/** @throws AtelierError `unsupported` with the fix, where this Claude Code cannot be used */
function mustWork(found: BackendDetection, more = ''): BackendDetection {
  if (found.ok) return found
  const why = (found.why ?? 'Claude Code was not found.').replaceAll('backendConfig.executable', '--claude')
  throw new AtelierError('unsupported', `${why} ${more}`.trimEnd(), {
    details: { backend: 'claude', ...(found.path !== undefined && { path: found.path }) },
  })
}
