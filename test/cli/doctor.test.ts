/** `atelier doctor`, as a process in folders of its own, with small shell scripts as agents. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkAgents } from '../../src/doctor/agents.ts'
import { checkGit, checkNode, OLDEST_NODE } from '../../src/doctor/machine.ts'
import { checkHosts, checkState } from '../../src/doctor/project.ts'
import { PROBE_LIMIT_MS } from '../../src/doctor/probe.ts'
import { newId } from '../../src/ids.ts'
import { findExecutable } from '../../src/processes/executable.ts'
import { ownIdentity } from '../../src/processes/identity.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { systemClock } from '../../src/time/system-clock.ts'
import { containing, matching, run, temporaryFolder, type Finished } from './support.ts'

interface Check {
  readonly name: string
  readonly status: string
  readonly found: string
  readonly fix: string | null
}

/** A machine: a home, a PATH with git and these agents, and a project folder. */
interface Machine {
  readonly home: string
  readonly bin: string
  readonly dir: string
}

const NEW_ENOUGH = 'echo "99.0.0 (Claude Code)"'

function machine(agents: Readonly<Record<string, string>> = {}): Machine {
  const home = temporaryFolder()
  const [bin, dir] = [join(home, 'bin'), join(home, 'my project')]
  mkdirSync(bin)
  mkdirSync(dir)
  symlinkSync(findExecutable('git') ?? '', join(bin, 'git'))
  for (const [name, script] of Object.entries(agents)) program(join(bin, name), script)
  return { home, bin, dir }
}

function program(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

function doctor(
  { home, bin, dir }: Machine,
  words: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return run(['doctor', ...words, '--dir', dir], {
    dir,
    env: { PATH: bin, HOME: home, ATELIER_TRUST: '', ...env },
  })
}

async function checksOf(...given: Parameters<typeof doctor>): Promise<Readonly<Record<string, Check>>> {
  const [at, words = [], env] = given
  const { out } = await doctor(at, [...words, '--json'], env)
  const { checks } = JSON.parse(out) as { readonly checks: readonly Check[] }
  return Object.fromEntries(checks.map((check) => [check.name, check]))
}

describe('what it finds', () => {
  it('a machine where all is well: every check is ok, status 0', async () => {
    const at = machine({ claude: NEW_ENOUGH })
    const git = (...words: string[]): void =>
      void execFileSync('git', words, { cwd: at.dir, env: { PATH: process.env['PATH'], HOME: at.home } })
    git('init', '--quiet')
    git('config', 'user.name', 'Ada')
    git('config', 'user.email', 'ada@example.com')
    writeFileSync(join(at.dir, 'atelier.config.yaml'), 'agents:\n  impl: { role: You write code. }\n')
    mkdirSync(join(at.dir, '.atelier', 'state'), { recursive: true })
    mkdirSync(join(at.home, '.claude'))
    writeFileSync(join(at.home, '.claude', '.credentials.json'), '{}')
    const { status, out, err } = await doctor(at, [], { ATELIER_TRUST: '1' })
    expect(out.replaceAll(/^ok .*\n/gmu, '')).toBe('')
    expect(out).toContain('Ada <ada@example.com>')
    expect(out).toContain('atelier.config.yaml: impl')
    expect(out).toMatch(/^ok +claude +99\.0\.0 at .*bin\/claude; login in/mu)
    expect({ status, err }).toEqual({ status: 0, err: '' })
  })

  it('an empty machine: warnings with commands, nothing written, status 0', async () => {
    const at = machine()
    const { status, out } = await doctor(at, ['--json'])
    const { checks } = JSON.parse(out) as { readonly checks: readonly Check[] }
    expect(status).toBe(0)
    expect(checks).toEqual([
      { name: 'node', status: 'ok', found: containing(process.versions.node), fix: null },
      { name: 'git', status: 'ok', found: matching(/^\d+\.\d+/u), fix: null },
      expect.objectContaining({
        name: 'git identity',
        status: 'warn',
        fix: containing('git config --global user.name'),
      }),
      expect.objectContaining({ name: 'repository', status: 'warn', fix: `Run \`git -C '${at.dir}' init\`` }),
      expect.objectContaining({ name: 'state', status: 'warn', fix: containing('doctor --fix') }),
      expect.objectContaining({ name: 'configuration', status: 'warn', fix: 'Run `atelier init`' }),
      { name: 'host', status: 'ok', found: 'no background host runs', fix: null },
      { name: 'processes', status: 'ok', found: 'no host left any running', fix: null },
      expect.objectContaining({
        name: 'agents',
        status: 'warn',
        fix: containing(
          '`npm install -g @anthropic-ai/claude-code@latest` or `npm install -g @openai/codex@latest`',
        ),
      }),
    ])
    expect(existsSync(join(at.dir, '.atelier'))).toBe(false)
  })

  it('what a host left running when it died, which is ended then', async () => {
    const at = machine()
    const host = newId('host')
    const ledger = join(at.home, '.local', 'state', 'atelier', 'hosts')
    mkdirSync(ledger, { recursive: true })
    // A host whose process has this pid no more: another one, this one, has it.
    const entry = { host, ...ownIdentity(), pidStart: '1', dir: at.dir, since: 1 }
    writeFileSync(join(ledger, `${host}.json`), JSON.stringify(entry))
    const left = spawn('sleep', ['60'], { env: { ...process.env, ATELIER_HOST: host }, stdio: 'ignore' })
    const ended = once(left, 'exit')
    expect(await checksOf(at)).toMatchObject({
      processes: { status: 'warn', found: `left running by hosts that died in ${at.dir}: ${left.pid}` },
    })
    expect(await ended).toEqual([null, 'SIGKILL'])
    expect((await checksOf(at))['processes']).toMatchObject({ status: 'ok' })
  })

  it('a ledger of hosts that cannot be written', async () => {
    const at = machine()
    writeFileSync(join(at.home, '.local'), '')
    expect(await checksOf(at)).toMatchObject({
      processes: { status: 'warn', fix: containing(`mv ${at.home}/.local`) },
    })
  })

  it('agents of each kind: too old, without a version, and without a login', async () => {
    const at = machine({
      claude: 'echo "1.0.2 (Claude Code)"',
      codex: 'echo codex-cli 0.169.0',
      gemini: 'echo error >&2; exit 3',
      copilot: 'echo 1.0.102',
    })
    expect(await checksOf(at)).toMatchObject({
      agents: { status: 'ok', found: 'claude, codex, gemini, copilot; not here: opencode' },
      claude: {
        status: 'warn',
        found: containing('version 1.0.2, which is too old'),
        fix: containing('npm install -g'),
      },
      codex: {
        status: 'warn',
        found: matching(/^0\.169\.0 at .*no login/u),
        fix: containing('`codex login`'),
      },
      gemini: { status: 'warn', found: containing('exit status 3'), fix: containing('bin/gemini --version') },
      copilot: { status: 'ok', found: containing('login unknown') },
    })
  })

  it('a key in a variable, which it names, never shows, and hands to no agent', async () => {
    const at = machine({ codex: 'echo "codex-cli 0.169.0 $OPENAI_API_KEY"; export -p > "$HOME/seen"' })
    const { out } = await doctor(at, [], { OPENAI_API_KEY: 'sk-secret' })
    expect(out).toMatch(/^ok +codex .*OPENAI_API_KEY is set/mu)
    expect(out + readFileSync(join(at.home, 'seen'), 'utf8')).not.toContain('sk-secret')
  })

  it('an agent of the project, which runs only if the folder is trusted', async () => {
    const at = machine()
    mkdirSync(join(at.dir, 'node_modules', '.bin'), { recursive: true })
    program(join(at.dir, 'node_modules', '.bin', 'copilot'), 'echo 1.0.102; echo > "$HOME/ran"')
    expect(await checksOf(at)).toMatchObject({
      copilot: { status: 'warn', found: containing('was not run') },
    })
    expect(existsSync(join(at.home, 'ran'))).toBe(false)
    expect(await checksOf(at, [], { ATELIER_TRUST: '1' })).toMatchObject({
      copilot: { status: 'ok', found: containing('1.0.102') },
    })
  })

  it('a configuration with an error: file and line, status 1', async () => {
    const at = machine()
    const file = join(at.dir, 'atelier.config.yaml')
    writeFileSync(file, 'agents:\n  impl:\n    roel: You write code.\n')
    expect(await checksOf(at, [], { ATELIER_TRUST: '1' })).toMatchObject({
      configuration: { status: 'fail', found: containing('atelier.config.yaml:3'), fix: containing(file) },
    })
    expect((await doctor(at, [], { ATELIER_TRUST: '1' })).status).toBe(1)
  })

  it('a state folder that cannot be one', async () => {
    const at = machine()
    writeFileSync(join(at.dir, '.atelier'), '')
    const { status, out } = await doctor(at)
    expect(status).toBe(1)
    expect(out).toMatch(/^fail +state .*\.atelier is a file/mu)
    expect(checkState(join(at.dir, '.atelier', 'state')).fix).toContain('mv ')
  })
})

describe('--fix', () => {
  it('makes the state folder and trusts the configuration, says so, and does nothing the second time', async () => {
    const at = machine()
    const file = join(at.dir, 'atelier.config.yaml')
    writeFileSync(file, 'agents: {}\n')
    expect(await checksOf(at)).toMatchObject({
      configuration: {
        status: 'fail',
        found: containing('not trusted'),
        fix: containing('atelier trust --dir'),
      },
    })
    const first = await doctor(at, ['--fix'])
    expect(first.err).toBe(
      `Made the state folder ${join(at.dir, '.atelier', 'state')}.\n` +
        `Trusting ${file}: it decides what runs on this machine. Read it.\nTrusted ${at.dir}.\n`,
    )
    expect(first.status).toBe(0)
    expect(readFileSync(join(at.dir, '.atelier', 'state', '.gitignore'), 'utf8')).toBe('*\n')
    expect(await doctor(at, ['--fix'])).toMatchObject({ status: 0, err: '' })
  })
})

describe('single checks', () => {
  it('an agent that hangs is ended at the limit, and is a warning', async () => {
    const { bin, dir } = machine({ codex: 'exec sleep 1000' })
    const clock = new ManualClock()
    const checks = checkAgents({ dir, env: { PATH: `${bin}:/usr/bin:/bin` }, clock })
    await clock.advance(PROBE_LIMIT_MS)
    expect((await checks).find(({ name }) => name === 'codex')).toMatchObject({
      status: 'warn',
      found: containing('within 5 s'),
    })
    expect(clock.pending).toBe(0)
  })

  it('Node as package.json asks for it', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } }
    expect(`>=${OLDEST_NODE}`).toBe(`${engines.node}.0`)
    expect(checkNode('20.20.2')).toMatchObject({ status: 'fail', fix: containing('npm install') })
    expect(checkNode(OLDEST_NODE).status).toBe('ok')
  })

  it('git that is missing', async () => {
    const dir = temporaryFolder()
    expect(await checkGit({ dir, env: { PATH: dir }, clock: systemClock })).toMatchObject([
      { name: 'git', status: 'fail' },
    ])
  })

  it('hosts: one at work, and one that died', () => {
    const live = { kind: 'background', pid: 7, local: true, state: 'running' } as const
    expect(checkHosts([live])).toMatchObject({ status: 'ok', found: 'background host 7 is running' })
    expect(checkHosts([live, { ...live, pid: 8, state: 'dead' }])).toMatchObject({
      status: 'warn',
      found: containing('background 8'),
      fix: containing('atelier up'),
    })
  })
})

it('says which git is too old to merge, and that the rest works', async () => {
  const bin = temporaryFolder()
  const checksWith = async (version: string): Promise<unknown> => {
    program(join(bin, 'git'), `echo "git version ${version}"`)
    const [check] = await checkGit({ dir: bin, env: { PATH: bin }, clock: systemClock })
    return check
  }
  expect(await checksWith('2.37.9')).toMatchObject({
    status: 'warn',
    found: containing('2.38 or newer'),
    fix: containing('newer git'),
  })
  expect(await checksWith('2.38.0')).toMatchObject({ status: 'ok' })
  expect(await checksWith('10.2 (Apple Git-154)')).toMatchObject({ status: 'ok' })
})
