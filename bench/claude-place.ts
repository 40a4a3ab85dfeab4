/** The real Claude Code, with a home of its own and a scripted model: nothing of the user's is read, and nothing leaves the machine. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ModelServerOptions } from '../src/model-server/scripted-model.ts'
import { startModelServer, type ModelServer } from '../src/model-server/server.ts'
import { inFolder } from './measuring.ts'

const { resolve } = createRequire(join(import.meta.dirname, '../test/real-agents/package.json'))

/** The Claude Code that the tests with real agents pin; undefined if it is not installed. */
function findClaudeCode(): string | undefined {
  const platform = `@anthropic-ai/claude-code-${process.platform}-${process.arch}`
  for (const name of [platform, `${platform}-musl`]) {
    try {
      const path = join(
        dirname(resolve(`${name}/package.json`)),
        process.platform === 'win32' ? 'claude.exe' : 'claude',
      )
      if (existsSync(path)) return path
    } catch {
      // The other one, then.
    }
  }
  return undefined
}

/** Why what needs Claude Code cannot be measured; undefined if it can. */
export function missingClaudeCode(): string | undefined {
  return findClaudeCode() === undefined
    ? 'Claude Code is not installed in test/real-agents. Run `npm run test:agents` once to install it.'
    : undefined
}

/** What a team of Claude Codes is set up with. */
export interface ClaudePlace {
  /** A git repository with one commit. */
  readonly project: string
  readonly executable: string
  /** Turns a Claude Code to the model, and keeps it off the network and away from the user's files. */
  readonly env: Readonly<Record<string, string>>
  readonly server: ModelServer
}

export interface ClaudePlaceOptions extends ModelServerOptions {
  /** The token of a login: only logins have limits. Without it there is a key. */
  readonly login?: string
}

/** Calls `act` with a place that is gone afterwards. */
export function inClaudePlace<Result>(
  { login, ...options }: ClaudePlaceOptions,
  act: (place: ClaudePlace) => Promise<Result>,
): Promise<Result> {
  return inFolder(async (dir) => {
    const [home, project, tmp] = ['home', 'project', 'tmp'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ]
    for (const folder of [home, project, tmp]) mkdirSync(folder)
    const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.invalid']
    for (const words of [
      ['init', '-q', '-b', 'main'],
      [...identity, 'commit', '-q', '--allow-empty', '-m', 'First'],
    ])
      execFileSync('git', words, { cwd: project, stdio: 'pipe' })
    await using server = await startModelServer(options)
    const env = {
      HOME: home,
      CLAUDE_CONFIG_DIR: join(home, '.claude'),
      TMPDIR: tmp,
      ANTHROPIC_BASE_URL: server.url,
      ...(login === undefined ? { ANTHROPIC_API_KEY: 'fake' } : { CLAUDE_CODE_OAUTH_TOKEN: login }),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
    }
    return await act({ project, executable: findClaudeCode() ?? 'claude', env, server })
  })
}
