import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { NO_USAGE } from '../../src/agent-backend.ts'
import { commandBackend } from '../../src/agent-backends/command.ts'
import type { CommandConfig } from '../../src/agent-backends/command/config.ts'
import type { BackendBehaviour, BackendHarness } from '../../src/testing/backend-bench.ts'
import { backendCases } from '../../src/testing/backend-conformance.ts'

const AGENT = new URL('fixtures/agent.mjs', import.meta.url).pathname
const USAGE = { usage: { ...NO_USAGE, input: 11, output: 7 }, costUsd: 0.25 }

const COMMANDS: Readonly<Record<BackendBehaviour, CommandConfig>> = {
  hello: { command: 'echo Hello.' },
  echo: { command: 'cat' },
  bytes: { command: 'wc -c | tr -d " "' },
  turn_number: { command: 'echo $ATELIER_SESSION_TURN' },
  hang: { command: 'echo Working.; setsid sleep 60 & sleep 60' },
  fail: { command: 'echo "cannot" >&2; exit 7' },
  empty: { command: 'true' },
  environment: { command: 'env' },
  usage: {
    command: [
      'echo',
      JSON.stringify({ result: 'Counted.', usd: 0.25, tokens: { input_tokens: 11, output_tokens: 7 } }),
    ],
    output: 'json',
    costField: 'usd',
    usageField: 'tokens',
  },
}

let cwd = ''
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'atelier-command-'))
  process.env['AGENT_SESSIONS'] = cwd
})
afterAll(() => {
  delete process.env['AGENT_SESSIONS']
  rmSync(cwd, { recursive: true, force: true })
})

function harness(): BackendHarness {
  return {
    open: () => commandBackend(),
    cwd,
    turn: (behaviour, text) => ({
      prompt: text === '' ? behaviour : text,
      backendConfig: { ...COMMANDS[behaviour] },
    }),
    failure: 'process_exit',
    usage: USAGE,
  }
}

/** A program that is an agent of its own, with its own sessions. */
function programHarness(): BackendHarness {
  const config = {
    output: 'json-lines',
    resumeArgs: ['--resume', '{session}'],
    textField: 'delta',
    sessionField: 'session_id',
    costField: 'usd',
    usageField: 'usage',
    errorField: 'is_error',
    passEnv: ['AGENT_SESSIONS'],
  } as const
  return {
    open: () => commandBackend({ config }),
    cwd,
    turn: (behaviour, text) => ({
      prompt: text === '' ? behaviour : text,
      backendConfig: { command: [process.execPath, AGENT, behaviour] },
    }),
    failure: 'unknown',
    usage: { usage: { ...USAGE.usage, cacheRead: 5 }, costUsd: 0.25 },
  }
}

describe('the command backend with a shell command', () => {
  const cases = backendCases(harness)
  test.each(cases)('$name', async ({ run }) => expect(run()).resolves.toBeUndefined())
  test('has a suite that asks something of it', () => expect(cases.length).toBeGreaterThan(14))
})

describe('the command backend with a program that prints JSON lines', () => {
  const cases = backendCases(programHarness)
  test.each(cases)('$name', async ({ run }) => expect(run()).resolves.toBeUndefined())
})
