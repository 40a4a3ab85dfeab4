import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { NO_USAGE, type TurnRequest } from '../../src/agent-backend.ts'
import { scriptedBackend, type ScriptedOptions } from '../../src/agent-backends/scripted.ts'
import type { Script } from '../../src/agent-backends/scripted/script.ts'
import type { Json } from '../../src/json.ts'
import type { BackendBehaviour, BackendHarness } from '../../src/testing/backend-bench.ts'
import { backendCases } from '../../src/testing/backend-conformance.ts'

const USAGE = { usage: { ...NO_USAGE, input: 11, output: 7 }, costUsd: 0.25 }

const SCRIPTS: Readonly<Record<BackendBehaviour, Script>> = {
  hello: { steps: [{ say: 'Hello.', pieces: 3 }] },
  echo: { reply: '@PROMPT@' },
  bytes: { reply: ({ prompt }) => String(Buffer.byteLength(prompt)) },
  turn_number: { reply: '@TURN_NUMBER@' },
  hang: { steps: [{ say: 'Working.' }, { run: 'setsid sleep 60 & sleep 60' }] },
  fail: { steps: [{ fail: { kind: 'overloaded', status: 529 } }] },
  empty: { reply: '' },
  environment: { steps: [{ run: 'env' }, { say: '@LAST@' }] },
  usage: { steps: [{ usage: USAGE.usage }, { cost: USAGE.costUsd }, { say: 'Counted.' }] },
}

let cwd = ''
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'atelier-scripted-'))
})
afterAll(() => {
  rmSync(cwd, { recursive: true, force: true })
})

function harness(options: ScriptedOptions): BackendHarness {
  return {
    open: () => scriptedBackend(options),
    cwd,
    // The script travels with the request, as that of an agent's `backendConfig` does.
    turn: (behaviour, text): Pick<TurnRequest, 'prompt' | 'backendConfig'> => ({
      prompt: text === '' ? behaviour : text,
      backendConfig: SCRIPTS[behaviour] as unknown as Json,
    }),
    failure: 'overloaded',
    usage: USAGE,
  }
}

describe('the scripted backend (A54)', () => {
  const cases = backendCases(() => harness({}))
  test.each(cases)('$name', async ({ run }) => expect(run()).resolves.toBeUndefined())
  test('has a suite that asks something of it', () => expect(cases.length).toBeGreaterThan(14))
})

describe('the scripted backend with sessions in files', () => {
  test.each(backendCases(() => harness({ sessionsDir: join(cwd, 'sessions') })))('$name', async ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  )
})

describe('the scripted backend that takes no options', () => {
  test.each(backendCases(() => harness({ capabilities: { options: [] } })))('$name', async ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  )
})

test('a skipped case has to exist and to have a reason', () => {
  expect(() => backendCases(() => harness({}), { 'no such case': 'because' })).toThrow('There is no case')
  expect(() => backendCases(() => harness({}), { 'goes on with a session': ' ' })).toThrow('without a reason')
  const names = backendCases(() => harness({}), { 'goes on with a session': 'It has none.' }).map(
    ({ name }) => name,
  )
  expect(names).not.toContain('goes on with a session')
})
