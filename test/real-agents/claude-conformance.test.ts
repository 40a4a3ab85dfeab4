/** The claude backend on the real Claude Code: what every backend must do. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { NO_USAGE, type TurnRequest } from '../../src/agent-backend.ts'
import { claudeBackend } from '../../src/agent-backends/claude.ts'
import type { BackendBehaviour, BackendHarness } from '../../src/testing/backend-bench.ts'
import { backendCases } from '../../src/testing/backend-conformance.ts'
import type { Scenario } from '../../src/model-server/scenario.ts'
import { startModelServer, type ModelServer } from '../../src/model-server/server.ts'
import { claudeBinary, claudeSettings } from './support.ts'

const bash = (command: string): Scenario[number] => ({
  text: 'I run it.',
  tools: [{ name: 'Bash', input: { command } }],
})
const USAGE = { ...NO_USAGE, input: 11, output: 7, cacheRead: 3, cacheWrite: 2 }
/** What the pinned Claude Code counts for these tokens of its default model. */
const COST_USD = 0.0001946

/** The scenario is chosen by the key. */
const SCENARIOS: Readonly<Record<BackendBehaviour, Scenario>> = {
  hello: [{ text: 'Hello.' }],
  echo: [{ text: '@PROMPT@' }],
  bytes: [{ text: '@PROMPT_BYTES@' }],
  turn_number: [{ text: '@TURN_NUMBER@' }],
  hang: [bash('setsid tail -f /dev/null & tail -f /dev/null')],
  fail: [{ faults: [{ status: 400, message: 'No such thing.' }] }],
  // It asks once more.
  empty: [{ text: '' }, { text: '' }],
  environment: [bash('env'), { text: '@LAST@' }],
  usage: [{ text: 'Counted.', usage: USAGE }],
}

let dir = ''
let server: ModelServer
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'atelier-conformance-'))
  for (const name of ['home', 'tmp', 'project']) mkdirSync(join(dir, name))
  server = await startModelServer({ scenarios: SCENARIOS })
})
afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})

function harness(): BackendHarness {
  const home = join(dir, 'home')
  const settings = (behaviour: BackendBehaviour): TurnRequest['env'] =>
    claudeSettings({ home }, server, { key: `fake-${behaviour}`, retries: 0 })
  return {
    open: () => {
      const backend = claudeBackend({ config: { executable: claudeBinary() } })
      // The environment of a case comes beside the one that leads to the model.
      return {
        id: backend.id,
        detect: () => backend.detect(),
        capabilities: () => backend.capabilities(),
        close: () => backend.close(),
        run: ({ backendConfig, env, ...turn }, signal) =>
          backend.run({ ...turn, env: { ...settings(backendConfig as BackendBehaviour), ...env } }, signal),
      }
    },
    cwd: join(dir, 'project'),
    turn: (behaviour, text) => ({
      prompt: text === '' ? behaviour : text,
      backendConfig: behaviour,
      ...(behaviour === 'hang' || behaviour === 'environment' ? { allowedTools: ['Bash'] } : {}),
      // A model whose price Claude Code does not know.
      ...(behaviour === 'hello' ? { model: 'unpriced' } : {}),
    }),
    failure: 'invalid_request',
    usage: { usage: USAGE, costUsd: COST_USD },
  }
}

describe('the claude backend with the real Claude Code', () => {
  const cases = backendCases(harness)
  test.each(cases)('$name', async ({ run }) => expect(run()).resolves.toBeUndefined())
  test('has a suite that asks something of it', () => expect(cases.length).toBeGreaterThan(14))
})
