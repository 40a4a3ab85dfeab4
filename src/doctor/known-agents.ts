/** The coding agents that the doctor looks for, and how it sees that they are logged in without asking a server. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isTooOld, tooOld } from '../agent-backends/claude/version.ts'
import type { Environment } from './check.ts'

export interface KnownAgent {
  /** Its program. */
  readonly name: string
  /** Its package on npm. */
  readonly npm: string
  /** What to do where its backend does not speak with this version. */
  readonly tooOld?: (version: string, path: string) => string | undefined
  /** Variables that hold a key. */
  readonly keys: readonly string[]
  /** Where a login is kept, where the file says it. */
  readonly loginFile?: (env: Environment) => string
  /** True where no file and no key means no login. */
  readonly loginShows: boolean
  readonly login: string
}

/** The macOS keychain may hold what is a file elsewhere. */
const HAS_KEYCHAIN = process.platform === 'darwin'

export const KNOWN_AGENTS: readonly KnownAgent[] = [
  {
    name: 'claude',
    npm: '@anthropic-ai/claude-code',
    tooOld: (version, path) => (isTooOld(version) ? tooOld(version, path) : undefined),
    keys: ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN'],
    loginFile: (env) => join(env['CLAUDE_CONFIG_DIR'] || join(homeOf(env), '.claude'), '.credentials.json'),
    loginShows: !HAS_KEYCHAIN,
    login: 'claude auth login',
  },
  {
    name: 'codex',
    npm: '@openai/codex',
    keys: ['OPENAI_API_KEY', 'CODEX_API_KEY'],
    loginFile: (env) => join(env['CODEX_HOME'] || join(homeOf(env), '.codex'), 'auth.json'),
    loginShows: !HAS_KEYCHAIN,
    login: 'codex login',
  },
  {
    name: 'gemini',
    npm: '@google/gemini-cli',
    keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    loginFile: (env) => join(homeOf(env), '.gemini', 'oauth_creds.json'),
    loginShows: false,
    login: 'gemini',
  },
  {
    name: 'opencode',
    npm: 'opencode-ai',
    keys: [],
    loginFile: (env) =>
      join(env['XDG_DATA_HOME'] || join(homeOf(env), '.local', 'share'), 'opencode', 'auth.json'),
    loginShows: false,
    login: 'opencode auth login',
  },
  {
    name: 'copilot',
    npm: '@github/copilot',
    keys: ['COPILOT_GITHUB_TOKEN', 'GH_TOKEN', 'GITHUB_TOKEN'],
    loginShows: false,
    login: 'copilot login',
  },
]

export interface Login {
  readonly state: 'yes' | 'no' | 'unknown'
  readonly found: string
}

/** Whether an agent is logged in, as far as a file or a variable tells. A login may have run out. */
export function loginOf({ keys, loginFile, loginShows }: KnownAgent, env: Environment): Login {
  const file = loginFile?.(env)
  if (file !== undefined && existsSync(file)) return { state: 'yes', found: `login in ${file}` }
  const key = keys.find((name) => (env[name] ?? '') !== '')
  if (key !== undefined)
    return { state: 'yes', found: `${key} is set, agents get it with passEnv: ["${key}"]` }
  return loginShows
    ? { state: 'no', found: 'no login was found' }
    : { state: 'unknown', found: 'login unknown' }
}

function homeOf(env: Environment): string {
  return env['HOME'] || homedir()
}
