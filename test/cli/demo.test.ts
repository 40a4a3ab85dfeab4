/** `atelier demo` with agents that this machine does not have, as a process in folders of its own. */
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findExecutable } from '../../src/processes/executable.ts'
import { run, temporaryFolder, type Finished } from './support.ts'

/** A machine: a home, and a PATH with git and, where a script is given, a `claude`. */
interface Machine {
  readonly home: string
  readonly bin: string
  readonly tmp: string
}

function machine(claude?: string): Machine {
  const home = temporaryFolder()
  const [bin, tmp] = [join(home, 'bin'), join(home, 'tmp')]
  for (const folder of [bin, tmp]) mkdirSync(folder)
  symlinkSync(findExecutable('git') ?? '', join(bin, 'git'))
  if (claude !== undefined) {
    writeFileSync(join(bin, 'claude'), `#!/bin/sh\n${claude}\n`)
    chmodSync(join(bin, 'claude'), 0o755)
  }
  return { home, bin, tmp }
}

function demo({ home, bin, tmp }: Machine, words: readonly string[]): Promise<Finished> {
  return run(['demo', ...words], { dir: home, env: { PATH: bin, HOME: home, TMPDIR: tmp } })
}

/** Claude Code as far as the demo asks it before it begins. */
function claudeThat({ version = '99.0.0', auth = '{"loggedIn": false}' }): string {
  return `case "$1" in --version) echo "${version} (Claude Code)";; auth) echo '${auth}';; *) exit 9;; esac`
}

describe('a demo that cannot be', () => {
  it('names the backends there are', async () => {
    const { status, out, err } = await demo(machine(), ['--backend', 'codex'])
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain('--backend "codex" is not one of scripted, claude.')
  })

  it.each([
    ['--model-server', ['--model-server']],
    ['--claude', ['--claude', 'claude']],
    ['--model-server', ['--backend', 'scripted', '--model-server']],
  ])('says that %s goes with --backend claude', async (flag, words) => {
    const { status, out, err } = await demo(machine(), words)
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain(`${flag} goes with --backend claude`)
  })

  it('says that real agents play direct only', async () => {
    const at = machine(claudeThat({ auth: '{"loggedIn": true}' }))
    const { status, out, err } = await demo(at, ['board', '--backend', 'claude'])
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain('Allowed with --backend claude: direct.')
    expect(readdirSync(at.tmp)).toEqual([])
  })

  it('says how Claude Code is installed, and that a scripted model needs no account', async () => {
    const at = machine()
    const { status, out, err } = await demo(at, ['--backend', 'claude'])
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain('`npm install -g @anthropic-ai/claude-code`')
    expect(err).toContain('With --model-server the demo needs no account.')
    expect(readdirSync(at.tmp)).toEqual([])
  })

  it('says how Claude Code is installed where a path that was named has none', async () => {
    const at = machine()
    const { status, out, err } = await demo(at, ['--backend', 'claude', '--model-server', '--claude', './no'])
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain(`${join(at.home, 'no')} (--claude) is no executable file`)
    expect(err).toContain('`npm install -g @anthropic-ai/claude-code`')
    expect(readdirSync(at.tmp)).toEqual([])
  })

  it.each([[['--backend', 'claude']], [['--backend', 'claude', '--model-server']]])(
    'says how a Claude Code that is too old is updated: %j',
    async (words) => {
      const at = machine(claudeThat({ version: '1.0.0' }))
      const { status, err } = await demo(at, words)
      expect(status).toBe(2)
      expect(err).toMatch(/is Claude Code 1\.0\.0; Atelier needs .* Update it with `claude update`/u)
    },
  )

  it('says how to log in, before anything is spent', async () => {
    const at = machine(claudeThat({}))
    const { status, out, err } = await demo(at, ['--backend', 'claude'])
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain(`Claude Code at ${join(at.bin, 'claude')} is not logged in.`)
    expect(err).toContain('Run `claude auth login`, or set ANTHROPIC_API_KEY.')
    expect(err).toContain('--model-server')
    expect(readdirSync(at.tmp)).toEqual([])
  })
})

it('a demo whose agents fail says so, and what it cost and where it lies', async () => {
  const at = machine(claudeThat({ auth: '{"loggedIn": true}' }))
  const { status, out, err } = await demo(at, ['--backend', 'claude'])
  expect(status).toBe(1)
  const [told = '', calls = ''] = out.split("> ask('impl'")
  expect(told.replaceAll('\n', ' ')).toContain(
    'paid by the login of Claude Code. A turn may cost at most $0.50',
  )
  expect(told).toContain(`Claude Code 99.0.0: ${join(at.bin, 'claude')}`)
  expect(calls).toContain('What to try next')
  expect(err).toContain('[turn_failed]')
})

it('help names the backends and what is needed for each', async () => {
  const { out } = await demo(machine(), ['--help'])
  for (const word of ['scripted|claude', '--model-server', '--claude <path>', 'needs no account'])
    expect(out.replaceAll(/\s+/gu, ' ')).toContain(word)
})
