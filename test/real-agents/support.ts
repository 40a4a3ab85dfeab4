/** What tests with the real Claude Code share: its binary, a home of its own, a project, and a scripted model. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterEach, beforeEach, expect } from 'vitest'

import { newId } from '../../src/ids.ts'
import type { Json } from '../../src/json.ts'
import { startChild, type Child } from '../../src/processes/child.ts'
import { childEnvironment } from '../../src/processes/environment.ts'
import type { ProcessExit } from '../../src/processes/failures.ts'
import { listProcesses } from '../../src/processes/process-table.ts'
import type { ModelServerOptions } from '../../src/model-server/scripted-model.ts'
import { startModelServer, type ModelServer } from '../../src/model-server/server.ts'

/** The version that `package.json` of this folder pins. */
export const CLAUDE_VERSION = '2.1.329'

const { resolve } = createRequire(import.meta.url)

/**
 * The native Claude Code of this folder. It is found without its package's install script, which may
 * have been blocked.
 * @throws Error that says what to run, if it is not installed
 */
export function claudeBinary(): string {
  const platform = `@anthropic-ai/claude-code-${process.platform}-${process.arch}`
  const file = process.platform === 'win32' ? 'claude.exe' : 'claude'
  for (const name of [platform, `${platform}-musl`]) {
    try {
      const path = join(dirname(resolve(`${name}/package.json`)), file)
      if (existsSync(path)) return path
    } catch {
      // The other one, then.
    }
  }
  throw new Error(`There is no ${platform} in test/real-agents: run \`npm run test:agents\` once.`)
}

/** Where one test's agents live: nothing of the user's own is read or written. */
export interface ClaudePlace {
  readonly home: string
  /** A git repository with one commit, `README.md` in it. */
  readonly project: string
  /** A turn id, by which all processes of the test are found. */
  readonly turn: string
  /** Starts a model; it is closed after the test. */
  readonly serve: (options: ModelServerOptions) => Promise<ModelServer>
}

/** Gives each test a place. After the test it is gone; a process that is left fails the test. */
export function useClaude(): ClaudePlace {
  const servers: ModelServer[] = []
  let dir = ''
  const place = {
    home: '',
    project: '',
    turn: '',
    serve: async (options: ModelServerOptions): Promise<ModelServer> => {
      const server = await startModelServer(options)
      servers.push(server)
      return server
    },
  }
  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'atelier-claude-')))
    place.turn = newId('turn')
    place.home = join(dir, 'home')
    place.project = join(dir, 'project')
    for (const folder of [place.home, place.project, join(dir, 'tmp')]) mkdirSync(folder)
    makeRepository(place.project)
  })
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()))
    const left = (await listProcesses({ turn: place.turn })).filter(({ marked }) => marked)
    expect(
      left.map(({ pid }) => pid),
      'processes left behind',
    ).toEqual([])
    rmSync(dir, { recursive: true, force: true })
  })
  return place
}

function makeRepository(folder: string): void {
  writeFileSync(join(folder, 'README.md'), '# A project\n')
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid']
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['add', '-A'],
    ['commit', '-q', '-m', 'First'],
  ])
    execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'pipe' })
}

/** How a Claude Code finds the model and says who it is. */
export interface ClaudeAccount {
  /** The key; `fake-NAME` chooses a scenario. Default `fake`. */
  readonly key?: string
  /** As a subscription: the key is the token of a login. Only then are limits of subscriptions understood. */
  readonly subscription?: boolean
  /** How often it tries again; default 1. */
  readonly retries?: number
}

/** The variables that turn a Claude Code to the model, keep it off the network and away from the user's files. */
export function claudeSettings(
  { home }: Pick<ClaudePlace, 'home'>,
  { url }: Pick<ModelServer, 'url'>,
  { key = 'fake', subscription = false, retries = 1 }: ClaudeAccount = {},
): Readonly<Record<string, string>> {
  return {
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, '.claude'),
    // It leaves sockets and folders there.
    TMPDIR: join(dirname(home), 'tmp'),
    ANTHROPIC_BASE_URL: url,
    [subscription ? 'CLAUDE_CODE_OAUTH_TOKEN' : 'ANTHROPIC_API_KEY']: key,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_MAX_RETRIES: String(retries),
  }
}

export interface ClaudeRun extends ClaudeAccount {
  readonly prompt: string
  /** Further options, before the prompt. */
  readonly args?: readonly string[]
  readonly permissionMode?: string
  /** Default: the place's project. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A line of the CLI's output. */
export interface ClaudeLine {
  readonly type: string
  readonly subtype?: string
  readonly session_id?: string
  readonly [field: string]: Json | undefined
}

export interface ClaudeResult {
  readonly lines: readonly ClaudeLine[]
  /** The last `result`. */
  readonly result: ClaudeLine | undefined
  readonly exit: ProcessExit
  readonly stderr: string
}

/** Starts the real CLI with the command line of `facts/backends.md` §0. */
export async function startClaude(place: ClaudePlace, server: ModelServer, run: ClaudeRun): Promise<Child> {
  const { args = [], permissionMode = 'acceptEdits', cwd = place.project } = run
  const markers = { turn: place.turn }
  const start = await startChild({
    file: claudeBinary(),
    args: [
      ...[
        '-p',
        '--output-format',
        'stream-json',
        '--verbose',
        '--setting-sources',
        '',
        '--strict-mcp-config',
      ],
      ...['--permission-mode', permissionMode, ...args, '--', run.prompt],
    ],
    cwd,
    env: childEnvironment({ set: { ...claudeSettings(place, server, run), ...run.env }, markers }),
    markers,
  })
  if (!start.ok) throw new Error(start.failure.message)
  return start.child
}

/** Runs it to its end. */
export async function runClaude(
  place: ClaudePlace,
  server: ModelServer,
  run: ClaudeRun,
): Promise<ClaudeResult> {
  return resultOf(await startClaude(place, server, run))
}

/** Reads everything that it prints, until it is gone. */
export async function resultOf(child: Child): Promise<ClaudeResult> {
  const pieces: Buffer[] = []
  for await (const piece of child.stdout) pieces.push(piece)
  const exit = await child.gone
  const printed = Buffer.concat(pieces).toString('utf8').split('\n')
  const lines = printed.filter((line) => line !== '').map((line) => JSON.parse(line) as ClaudeLine)
  return { lines, result: linesOf(lines, 'result').at(-1), exit, stderr: child.stderrTail() }
}

/** The lines of one type, and subtype if it is named. */
export function linesOf(lines: readonly ClaudeLine[], type: string, subtype?: string): readonly ClaudeLine[] {
  return lines.filter((line) => line.type === type && (subtype === undefined || line.subtype === subtype))
}
