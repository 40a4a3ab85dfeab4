import { expect, test } from 'vitest'
import { NO_USAGE, type AgentBackend, type TurnRequest } from '../../src/agent-backend.ts'
import type { BackendOption } from '../../src/agents/definition.ts'
import { openTeam } from './team.ts'

const OPTIONS = {
  model: 'large',
  effort: 'high',
  maxTurns: 7,
  maxBudgetUsd: 0.5,
  permissionMode: 'accept_edits',
  allowedTools: ['Read'],
  disallowedTools: ['Bash'],
  mcpConfig: { board: { command: 'board' } },
  addDirs: ['/elsewhere'],
  settings: { theme: 'dark' },
  noSessionPersistence: true,
  dangerouslySkipPermissions: true,
} as const satisfies Record<BackendOption, unknown>

/** Takes every option, and keeps what it was asked. */
function openBackend(): AgentBackend & {
  readonly requests: TurnRequest[]
  readonly named: Readonly<Record<string, string>>[]
} {
  const requests: TurnRequest[] = []
  const named: Readonly<Record<string, string>>[] = []
  return {
    id: 'open',
    requests,
    named,
    detect: () => Promise.resolve({ ok: true }),
    capabilities: () => ({
      transport: 'in-process',
      resume: 'cross-process',
      fork: false,
      steer: false,
      partialText: false,
      cancelKillsTools: true,
      systemPrompt: 'append',
      structuredOutput: 'none',
      limits: { turns: true, usd: true },
      usage: 'none',
      cost: 'none',
      options: Object.keys(OPTIONS) as BackendOption[],
    }),
    newSession(cwd, env = {}) {
      named.push(env)
      return { backend: 'open', id: 'one', cwd }
    },
    async *run(request) {
      requests.push(request)
      yield { t: 'end', outcome: { status: 'completed', text: 'Yes.', usage: NO_USAGE, costUsd: 0 } }
    },
    close: () => Promise.resolve(),
  }
}

test('A04 every option of an agent that its backend takes reaches it', async () => {
  const backend = openBackend()
  const { shop } = await openTeam()
  shop.configure({ backend })
  shop.agent('able', 'Does it.', { ...OPTIONS })
  await shop.ask('able', 'Do it')
  expect(backend.requests[0]).toMatchObject(OPTIONS)
})

test('a session is named with the variables of its turn: they may say where it is kept', async () => {
  const backend = openBackend()
  const { shop } = await openTeam()
  shop.configure({ backend })
  process.env['ATELIER_TEST_HANDED_ON'] = 'host'
  try {
    const passEnv = ['ATELIER_TEST_HANDED_ON']
    shop.agent('able', 'Does it.', { env: { CONFIG: 'own' }, passEnv })
    await shop.ask('able', 'Do it')
  } finally {
    delete process.env['ATELIER_TEST_HANDED_ON']
  }
  expect(backend.named).toEqual([{ CONFIG: 'own', ATELIER_TEST_HANDED_ON: 'host' }])
  expect(backend.requests[0]?.env).toEqual(backend.named[0])
})
