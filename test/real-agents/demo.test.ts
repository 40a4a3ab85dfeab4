/** `atelier demo --backend claude` as a process, with the real Claude Code. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, expect, it } from 'vitest'

import { widthOf } from '../../src/cli/text.ts'
import { startModelServer, type ModelServer } from '../../src/model-server/server.ts'
import { listProcesses } from '../../src/processes/process-table.ts'
import { openViews } from '../../src/workshop.ts'
import { start, temporaryFolder, type Running } from '../cli/support.ts'
import { CLAUDE_VERSION, claudeBinary } from './support.ts'

const servers: ModelServer[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

interface Demo extends Running {
  readonly home: string
  /** The scratch project, once the demo has made it. */
  readonly project: () => string
}

/** Starts a demo in a home of its own, with the Claude Code that this folder pins. */
function startDemo(words: readonly string[], env: Readonly<Record<string, string>> = {}): Demo {
  const dir = temporaryFolder()
  const [home, tmp] = [join(dir, 'home'), join(dir, 'tmp')]
  for (const folder of [home, tmp]) mkdirSync(folder)
  const running = start(['demo', '--backend', 'claude', '--claude', claudeBinary(), ...words], {
    dir,
    env: { HOME: home, TMPDIR: tmp, ...env },
  })
  const project = (): string => {
    const folder = readdirSync(tmp).find((name) => name.startsWith('atelier-demo-')) ?? ''
    return join(tmp, folder, 'task-ledger')
  }
  return { ...running, home, project }
}

/** Processes of the demo's turns that still run. */
async function processesLeft(dir: string, turnsAtLeast: number): Promise<readonly number[]> {
  const views = await openViews({ dir })
  try {
    const started = await views.events({ last: 500, types: ['turn.started'] })
    const turns = started.flatMap(({ data }) => ('turn' in data ? [data.turn] : []))
    expect(turns.length).toBeGreaterThanOrEqual(turnsAtLeast)
    const lists = await Promise.all(turns.map((turn) => listProcesses({ turn })))
    return lists.flat().flatMap(({ marked, pid }) => (marked ? [pid] : []))
  } finally {
    await views.close()
  }
}

function git(dir: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', dir, ...args], { encoding: 'utf8' }).trim()
}

it('the demo on a model server: real tools make a commit whose tests are green, without an account', async () => {
  // A login and a proxy of the user, which must not be used.
  const env = {
    CLAUDE_CODE_OAUTH_TOKEN: 'the-users',
    HTTP_PROXY: 'http://192.0.2.1:9',
    ANTHROPIC_API_KEY: 'x',
  }
  const demo = startDemo(['--model-server'], env)
  const { status, out, err } = await demo.ended
  expect({ status, err }).toEqual({ status: 0, err: '' })
  const dir = demo.project()

  expect(git(dir, 'log', '-1', '--format=%s by %an')).toBe('Retry failed notifications by impl')
  expect(git(dir, 'show', '--name-only', '--format=').split('\n')).toEqual([
    ...['README.md', 'lib/notify.js', 'lib/retry.js', 'test/notify.test.js'],
    ...['test/retry-attempts.test.js', 'test/retry.test.js'],
  ])
  expect(git(dir, 'status', '--porcelain')).toBe('')
  execFileSync(process.execPath, ['--test'], { cwd: dir, stdio: 'ignore' })

  expect(out).toContain(`Claude Code ${CLAUDE_VERSION}: ${claudeBinary()}`)
  expect(out).toMatch(/reviewer {2}\$ node --test\n +not ok \d+ - attempts: 3 calls/u)
  expect(out).toMatch(/total +5 +56,8\d\d +6,12\d +\$0\.\d*[1-9]/u)
  const wide = out.split('\n').filter((line) => widthOf(line) > 80)
  expect(wide.filter((line) => !line.includes(claudeBinary()) && !line.includes(dir))).toEqual([])
  expect(readdirSync(demo.home).filter((name) => name.startsWith('.claude'))).toEqual([])
  expect(await processesLeft(dir, 5)).toEqual([])
})

it('the demo on an account: whatever the agents do and answer, it goes on to its end within its budget and its folder', async () => {
  const outside = '@CWD@/../outside.txt'
  const tools = [
    { name: 'Write', input: { file_path: outside, content: 'x' } },
    { name: 'Bash', input: { command: `echo x > ${outside}` } },
    { name: 'Bash', input: { command: 'git push origin main' } },
  ]
  const scenarios = { default: [{ tools }, { text: 'I see.\n\n- nothing to do' }] }
  const server = await startModelServer({ scenarios })
  servers.push(server)
  const demo = startDemo([], {
    ANTHROPIC_API_KEY: 'fake',
    ANTHROPIC_BASE_URL: server.url,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  })
  const { status, out, err } = await demo.ended
  expect({ status, err }).toEqual({ status: 0, err: '' })
  expect(out.replaceAll('\n', ' ')).toContain(
    'paid by the key in ANTHROPIC_API_KEY. A turn may cost at most $0.50, the 5 turns together $2.50;',
  )
  expect(out).toContain('There is no commit')
  expect(out).toContain('Write ../outside.txt')
  expect(existsSync(join(demo.project(), '..', 'outside.txt'))).toBe(false)
  expect(JSON.stringify(server.requests[1]?.body)).not.toContain('does not appear to be a git repository')
  expect(out).toContain('go on in the same session')
  expect(server.starts()).toHaveLength(5)
  expect(server.promptsSeen({ prompt: 'Address the feedback' })[0]).toContain('nothing to do')

  const views = await openViews({ dir: demo.project() })
  try {
    expect(await views.budget()).toMatchObject({ limitUsd: 2.5 })
  } finally {
    await views.close()
  }
  expect(await processesLeft(demo.project(), 5)).toEqual([])
})

it('Ctrl-C in the demo ends its agents, and says what was spent and where it lies', async () => {
  const server = await startModelServer({ scenarios: { default: [{ faults: [{ hang: 'midway' }] }] } })
  servers.push(server)
  const demo = startDemo([], {
    ANTHROPIC_API_KEY: 'fake',
    ANTHROPIC_BASE_URL: server.url,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  })
  await server.waitFor({ kind: 'step' })
  demo.child.kill('SIGINT')
  const { status, out, err } = await demo.ended
  expect(status).toBe(130)
  expect(err).toContain('Ending the demo.')
  expect(out).toContain('What to try next')
  expect(await processesLeft(demo.project(), 1)).toEqual([])
})
