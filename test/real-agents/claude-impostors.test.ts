/**
 * A program in the place of Claude Code that does what the real one cannot be made to do: every failure has its kind,
 * comes within its time, and leaves nothing behind.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { AgentEvent } from '../../src/agent-backend.ts'
import { claudeBackend } from '../../src/agent-backends/claude.ts'
import { readClaudeConfig, type ClaudeConfig } from '../../src/agent-backends/claude/config.ts'
import type { FailureKind } from '../../src/agents/failures.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { failureOf, requestOf, runTurn, type TurnResult } from '../agent-backends/support.ts'
import { running, until } from '../processes/support.ts'
import { impostor, LINES } from './impostor.ts'
import { useClaude } from './support.ts'

const place = useClaude()
const FOREVER = 'exec tail -f /dev/null'
const print = (...lines: readonly string[]): string =>
  `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}`
const OLD_INIT = LINES.init.replace(/"claude_code_version":"[^"]+"/u, '"claude_code_version":"2.0.76"')

/** Runs a turn on a program, and sees that nothing of it is left. */
async function turnOf(script: string, config: ClaudeConfig = {}): Promise<TurnResult> {
  const backend = claudeBackend({ config: { executable: impostor(place, script), ...config } })
  const result = await runTurn(backend, { turn: place.turn, cwd: place.project, env: { HOME: place.home } })
  expect(await running(place.turn)).toEqual([])
  return result
}

interface Case {
  readonly program: string
  readonly script: string
  readonly kind: FailureKind
  readonly says: RegExp
  readonly config?: ClaudeConfig
}

describe('the failure (E12) of a program that', () => {
  it.each<Case>([
    {
      program: 'says that its version is too old',
      script: `${print(OLD_INIT)}; ${FOREVER}`,
      kind: 'version_unsupported',
      says: /is Claude Code 2\.0\.76; Atelier needs .*claude update/u,
    },
    {
      program: 'does not know an option, as old versions do',
      script: `[ "$1" = --version ] && exec echo '1.0.128 (Claude Code)'; echo "error: unknown option '--input-format'" >&2; exit 1`,
      kind: 'version_unsupported',
      says: /is Claude Code 1\.0\.128/u,
    },
    {
      program: 'does not know an option, though it is new',
      script: `[ "$1" = --version ] && exec echo '2.9.9 (Claude Code)'; echo "error: unknown option '--effort'" >&2; exit 1`,
      kind: 'invalid_request',
      says: /unknown option '--effort'/u,
    },
    {
      program: 'prints something else and ends well',
      script: `echo 'Welcome to Claws, the animal shelter.'`,
      kind: 'protocol',
      says: /Welcome to Claws/u,
    },
    {
      program: 'prints something else and stays',
      script: `echo 'Welcome to Claws.'; ${FOREVER}`,
      kind: 'protocol',
      says: /prints something else than the output of Claude Code: Welcome to Claws/u,
      config: { startTimeout: '200ms' },
    },
    {
      program: 'prints bytes that are no text',
      script: `printf '\\377\\376{"type"\\n'; ${FOREVER}`,
      kind: 'protocol',
      says: /not UTF-8/u,
    },
    {
      program: 'breaks off in the middle of a line',
      script: `${print(LINES.init)}; printf '{"type":"result","subty'`,
      kind: 'protocol',
      says: /without a result.*subty/u,
    },
    {
      program: 'ends with exit code 0 and says an error',
      script: `${print(LINES.init)}; echo 'Error: the disk is full.' >&2; exit 0`,
      kind: 'protocol',
      says: /exit code 0 and without a result.*the disk is full/u,
    },
    {
      program: 'prints nothing at all and ends with exit code 0',
      script: 'exit 0',
      kind: 'protocol',
      says: /exit code 0 and without a result/u,
    },
    {
      program: 'ends with another exit code',
      script: `${print(LINES.init)}; echo 'Out of luck.' >&2; exit 7`,
      kind: 'process_exit',
      says: /7.*Out of luck/su,
    },
    {
      program: 'is killed',
      script: `${print(LINES.init)}; kill -9 $$`,
      kind: 'process_exit',
      says: /SIGKILL/u,
    },
    {
      program: 'calls an error a success',
      script: print(LINES.init, LINES.result.replace('"is_error":false', '"is_error":true')),
      kind: 'unknown',
      says: /All is well/u,
    },
    {
      program: 'ends well without saying anything',
      script: print(LINES.init, LINES.result.replace('All is well.', '')),
      kind: 'empty_output',
      says: /without an answer/u,
    },
    {
      program: 'hangs before its first line',
      script: FOREVER,
      kind: 'idle',
      says: /printed nothing after its start, for 200 ms/u,
      config: { startTimeout: '200ms' },
    },
    {
      program: 'hangs after its first line',
      script: `${print(LINES.init)}; ${FOREVER}`,
      kind: 'idle',
      says: /no tool ran, for 200 ms/u,
      config: { idleTimeout: '200ms' },
    },
    {
      program: 'hangs and hears no signal but the last',
      script: `trap '' INT TERM HUP; ${print(LINES.init)}; while :; do tail -f /dev/null; done`,
      kind: 'idle',
      says: /no tool ran/u,
      config: { idleTimeout: '200ms' },
    },
  ])('$program is $kind', async ({ script, kind, says, config }) => {
    const failure = failureOf(await turnOf(script, config))
    expect([failure.kind, failure.message]).toEqual([kind, expect.stringMatching(says)])
  })

  it('is not there names what was looked for, and how to install it', async () => {
    const executable = join(place.home, 'nowhere/claude')
    const backend = claudeBackend({ config: { executable } })
    const failure = failureOf(await runTurn(backend, { cwd: place.project }))
    expect(failure.kind).toBe('missing_executable')
    expect(failure.message).toContain(executable)
    expect(failure.message).toContain('npm install -g @anthropic-ai/claude-code')
    expect(await backend.detect()).toMatchObject({ ok: false, why: failure.message })
  })

  it('is too old, or none of Claude Code, is told before any turn', async () => {
    const detect = (script: string): Promise<object> =>
      claudeBackend({ config: { executable: impostor(place, script) } }).detect()
    expect(await detect(`echo '2.0.76 (Claude Code)'`)).toMatchObject({
      ok: false,
      version: '2.0.76',
      why: expect.stringContaining('claude update') as string,
    })
    expect(await detect(`echo 'Welcome to Claws.'`)).toMatchObject({
      ok: false,
      why: expect.stringContaining('does not answer as Claude Code does') as string,
    })
  })
})

describe('a program that stays after its result', () => {
  it('has ten seconds, then it goes, and the answer counts', async () => {
    expect(readClaudeConfig({}, 'backendConfig').graceMs).toBe(10_000)
    const clock = new ManualClock()
    const heard = join(place.home, 'heard')
    // It reads its input to the end, which comes with the result, and lives on whatever it is told.
    const script = `trap '' INT TERM HUP; ${print(LINES.init, LINES.result)}; cat > /dev/null; touch '${heard}'; while :; do tail -f /dev/null; done`
    const backend = claudeBackend({ config: { executable: impostor(place, script) }, clock })
    const turn = runTurn(backend, { turn: place.turn, cwd: place.project, env: { HOME: place.home } })
    await until('the result was read', () => existsSync(heard))
    await clock.advance(9999)
    expect(await running(place.turn)).not.toEqual([])
    await clock.advance(1)
    expect((await turn).outcome).toMatchObject({ status: 'completed', text: 'All is well.' })
    expect(await running(place.turn)).toEqual([])
  })
})

describe('a result that comes after the turn was cancelled', () => {
  const TASKS = JSON.stringify({
    type: 'system',
    subtype: 'background_tasks_changed',
    tasks: [{ task_id: 'a', task_type: 'local_agent' }],
  })

  /** Cancels when the first lines were read; the second line on stdin is the word that interrupts. */
  async function cancelledBefore(firstLines: readonly string[]): Promise<TurnResult> {
    const script = `read -r prompt; ${print(...firstLines)}; read -r word; ${print(LINES.result)}; ${FOREVER}`
    const backend = claudeBackend({ config: { executable: impostor(place, script) } })
    const cancel = new AbortController()
    const request = requestOf({ turn: place.turn, cwd: place.project, env: { HOME: place.home } })
    const events: AgentEvent[] = []
    for await (const event of backend.run(request, cancel.signal)) {
      events.push(event)
      if (event.t === 'session') cancel.abort()
    }
    const last = events.at(-1)
    if (last?.t !== 'end') throw new Error('The stream has no end.')
    return { events, outcome: last.outcome }
  }

  it('is an answer, because it was on its way', async () => {
    expect((await cancelledBefore([LINES.init])).outcome).toMatchObject({
      status: 'completed',
      text: 'All is well.',
    })
  })

  it('is none while a subagent works, because the answer would have been another', async () => {
    expect((await cancelledBefore([TASKS, LINES.init])).outcome.status).toBe('cancelled')
  })
})
