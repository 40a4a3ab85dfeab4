/** The claude backend on the real Claude Code: whether it is there, and logged in. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { claudeBackend } from '../../src/agent-backends/claude.ts'
import { findClaude } from '../../src/agent-backends/claude/executable.ts'
import { CLAUDE_VERSION, claudeBinary, useClaude } from './support.ts'

const place = useClaude()

describe('detection', () => {
  const own = { ...process.env }
  beforeEach(() => {
    process.env['CLAUDE_CONFIG_DIR'] = join(place.home, '.claude')
  })
  afterEach(() => {
    process.env = { ...own }
  })

  it('names version and path, and says what to do where there is no login', async () => {
    const found = await claudeBackend({ config: { executable: claudeBinary() } }).detect()
    expect(found).toMatchObject({ ok: true, version: CLAUDE_VERSION, path: claudeBinary(), loggedIn: false })
    expect(found.why).toContain('claude auth login')
  })

  it('knows a login that is handed on', async () => {
    process.env['ANTHROPIC_API_KEY'] = 'fake'
    const config = { executable: claudeBinary(), passEnv: ['ANTHROPIC_API_KEY'] }
    expect(await claudeBackend({ config }).detect()).toMatchObject({ ok: true, loggedIn: true })
  })
})

describe('Claude Code is found', () => {
  it('on PATH', () => {
    symlinkSync(claudeBinary(), join(place.home, 'claude'))
    expect(findClaude({ path: place.home })).toEqual({ ok: true, path: join(place.home, 'claude') })
  })

  it('in node_modules, without its install script', () => {
    expect(findClaude({ path: place.home, from: join(import.meta.dirname, 'sub') })).toEqual({
      ok: true,
      path: claudeBinary(),
    })
  })

  it('behind the stand-in that npm leaves where the install script did not run', () => {
    const modules = join(place.home, 'node_modules')
    const standIn = join(modules, '@anthropic-ai/claude-code/bin/claude.exe')
    mkdirSync(dirname(standIn), { recursive: true })
    writeFileSync(standIn, 'echo "Error: claude native binary not installed." >&2\nexit 1\n', { mode: 0o755 })
    mkdirSync(join(place.home, 'bin'))
    symlinkSync(standIn, join(place.home, 'bin/claude'))
    const path = join(place.home, 'bin')
    const found = findClaude({ path })
    expect(found).toMatchObject({ ok: false, why: expect.stringContaining('install.cjs') as string })
    symlinkSync(
      dirname(claudeBinary()),
      join(modules, '@anthropic-ai', dirname(claudeBinary()).split('/').at(-1) ?? ''),
    )
    expect(findClaude({ path })).toMatchObject({ ok: true })
  })
})
