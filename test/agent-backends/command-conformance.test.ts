import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { NO_USAGE } from '../../src/agent-backend.ts'
import { commandBackend } from '../../src/agent-backends/command.ts'
import type { CommandConfig } from '../../src/agent-backends/command/config.ts'
import type { Json } from '../../src/json.ts'
import type { BackendBehaviour, BackendHarness } from '../../src/testing/backend-bench.ts'
import { backendCases } from '../../src/testing/backend-conformance.ts'

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
})
afterAll(() => {
  rmSync(cwd, { recursive: true, force: true })
})

function harness(more: Partial<CommandConfig> = {}): BackendHarness {
  return {
    open: () => commandBackend(),
    cwd,
    turn: (behaviour, text) => ({
      prompt: text === '' ? behaviour : text,
      backendConfig: { ...COMMANDS[behaviour], ...more } as unknown as Json,
    }),
    failure: 'process_exit',
    usage: USAGE,
  }
}

describe('the command backend', () => {
  const cases = backendCases(() => harness())
  test.each(cases)('$name', async ({ run }) => run())
  test('has a suite that asks something of it', () => expect(cases.length).toBeGreaterThan(14))
})

describe('the command backend with the prompt in a file', () => {
  const cases = backendCases(() => harness({ input: 'file' }), {
    'a prompt of 2 MB arrives whole': 'wc prints the name of the file as well.',
  })
  test.each(cases)('$name', async ({ run }) => run())
})
