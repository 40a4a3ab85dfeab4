/** The claude backend on the real Claude Code: what is easily misread of it. */
import { existsSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { claudeBackend } from '../../src/agent-backends/claude.ts'
import { sessionFile } from '../../src/agent-backends/claude/session.ts'
import { HANDOFF_NOTE } from '../../src/agents/recovery.ts'
import type { Step } from '../../src/model-server/scenario.ts'
import { send } from '../../src/processes/sweep.ts'
import type { SessionRef } from '../../src/tables.ts'
import { eventsOf, failureOf, runTurn } from '../agent-backends/support.ts'
import { running, until } from '../processes/support.ts'
import { pinnedBackend, runAgent } from './claude-support.ts'
import { impostor, LINES } from './impostor.ts'
import { useClaude } from './support.ts'
import { kill, leftOver, openTeam } from './team-support.ts'

const place = useClaude()
const FOREVER = 'tail -f /dev/null'
const bash = (command: string): Step => ({ tools: [{ name: 'Bash', input: { command } }] })

describe('a turn', () => {
  it('begins with other lines than its init, and is none the less begun', async () => {
    const early = [
      { type: 'ui_invalidate' },
      { type: 'system', subtype: 'hook_started', session_id: 'x', hook_name: 'SessionStart' },
    ].map((line) => JSON.stringify(line))
    const lines = [...early, LINES.init, LINES.result].map((line) => `'${line}'`).join(' ')
    const executable = impostor(place, `printf '%s\\n' ${lines}`)
    const result = await runTurn(claudeBackend({ config: { executable } }), { cwd: place.project })
    expect(result.events.map(({ t }) => t)).toEqual(['session', 'usage', 'end'])
    expect(result.outcome).toMatchObject({ status: 'completed', text: 'All is well.' })
  })

  it('that goes on though its limit is used up, on credit, has not reached it', async () => {
    const info = { status: 'rejected', rateLimitType: 'five_hour', isUsingOverage: true, resetsAt: 4e9 }
    const limit = JSON.stringify({ type: 'rate_limit_event', rate_limit_info: info })
    const executable = impostor(place, `printf '%s\\n' '${LINES.init}' '${limit}' '${LINES.result}'`)
    const result = await runTurn(claudeBackend({ config: { executable } }), { cwd: place.project })
    expect(eventsOf(result, 'limit')).toMatchObject([{ kind: 'five_hour', state: 'near' }])
    expect(result.outcome.status).toBe('completed')
  })

  it.each(['--version', '-p', '--', '/exit', '@README.md'])('takes %j for a prompt', async (prompt) => {
    const server = await place.serve({ scenarios: { default: [{ text: 'Heard.' }] } })
    const result = await runAgent(place, server, { prompt, allowedTools: ['Read'] })
    expect(result.outcome).toMatchObject({ status: 'completed', text: 'Heard.' })
    expect(server.requests[0]?.prompts.at(-1)?.trim()).toBe(prompt)
  })
})

/** The process that started the others. Their numbers say nothing: they begin again at the end. */
function rootOf(pids: readonly number[]): number {
  const root = pids.find((pid) => {
    const parent = /^PPid:\s+(\d+)/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return !pids.includes(Number(parent))
  })
  if (root === undefined) throw new Error('There is no process.')
  return root
}

describe('Claude Code that is ended from outside', () => {
  it.each<[NodeJS.Signals, string]>([
    ['SIGINT', 'which it answers with a result and exit code 0'],
    ['SIGTERM', 'after which it says nothing'],
    ['SIGKILL', 'which leaves its commands behind'],
  ])('by %s, %s, has failed, and nothing of it is left', async (signal) => {
    const server = await place.serve({ scenarios: { default: [bash(`touch runs; ${FOREVER}`)] } })
    const turn = runAgent(place, server, { allowedTools: ['Bash'] })
    await until('the command runs', () => existsSync(join(place.project, 'runs')))
    process.kill(rootOf(await running(place.turn)), signal)
    expect(failureOf(await turn)).toMatchObject({ kind: 'process_exit' })
    expect(await running(place.turn)).toEqual([])
  })
})

describe('a session that goes on', () => {
  it('takes another model', async () => {
    const server = await place.serve({ scenarios: { default: [{ text: 'Yes.' }] } })
    const { outcome } = await runAgent(place, server, { model: 'claude-sonnet-5-5' })
    await runAgent(place, server, { model: 'claude-opus-5-5', resume: outcome.session as SessionRef })
    expect(server.requests.map(({ model }) => model)).toEqual(['claude-sonnet-5-5', 'claude-opus-5-5'])
  })

  it('has its caps anew in each turn, though cost is counted over all of them', async () => {
    const usage = { input: 11, output: 7 }
    const server = await place.serve({
      scenarios: {
        default: [
          { ...bash('true'), usage },
          { text: 'Yes.', usage },
        ],
      },
    })
    const first = await runAgent(place, server, { allowedTools: ['Bash'] })
    const costUsd = first.outcome.costUsd ?? 0
    expect(costUsd).toBeGreaterThan(0)
    let session = first.outcome.session as SessionRef
    for (let turn = 2; turn < 5; turn++) {
      const caps = { maxBudgetUsd: costUsd * 1.5, maxTurns: 2 }
      const next = await runAgent(place, server, { ...caps, allowedTools: ['Bash'], resume: session })
      expect(next.outcome).toMatchObject({ status: 'completed', costUsd })
      session = next.outcome.session as SessionRef
    }
  })
})

describe('a session that Claude Code does not know', () => {
  it('fails the turn by name, asks no model, and the next message begins another one', async () => {
    const server = await place.serve({ scenarios: { default: [{ text: '@TURN_NUMBER@' }] } })
    const team = await openTeam(place, server)
    await team.host()
    team.shop.agent('impl', 'Implements.')
    const first = await team.shop.ask('impl', 'One')
    forgetSessions()
    await expect(team.shop.ask('impl', 'Two')).rejects.toMatchObject({
      code: 'turn_failed',
      message: expect.stringContaining(first.session?.id ?? '') as string,
      details: { kind: 'protocol' },
    })
    expect(server.requests).toHaveLength(1)
    const third = await team.shop.ask('impl', 'Three')
    expect(third.text).toBe('1')
    expect(third.session?.id).not.toBe(first.session?.id)
  })

  it('says nothing of an interrupted turn: a new one is told that part of it may be done', async () => {
    const server = await place.serve({
      scenarios: {
        default: [{ text: 'Yes.' }],
        stuck: [bash(`mkdir runs && ${FOREVER}; echo gone on`), { text: 'Looked, and done.' }],
      },
    })
    const team = await openTeam(place, server)
    const host = await team.host()
    team.shop.agent('impl', 'Implements.', { allowedTools: ['Bash'] })
    const { session } = await team.shop.ask('impl', 'One')
    await team.shop.cast('impl', 'Two [[script:stuck]]')
    await until('the command runs', () => existsSync(join(place.project, 'runs')))
    await kill(host)
    // What is left of the turn would write its session again.
    for (const pid of await leftOver(team)) send(pid, 'SIGKILL')
    await until('nothing runs', async () => (await leftOver(team)).length === 0)
    forgetSessions()
    await team.host()
    expect(await team.shop.await('impl', { timeout: '30s' })).toMatchObject({ text: 'Looked, and done.' })
    const last = server.requests.at(-1)
    expect(last?.prompts).toEqual([`${HANDOFF_NOTE}\n\nTwo [[script:stuck]]`])
    expect(last?.session).not.toBe(session?.id)
    expect(await leftOver(team)).toEqual([])
  })

  it('or of which only the end is left, shows nothing for certain', async () => {
    const server = await place.serve({ scenarios: { default: [{ text: 'Yes.' }] } })
    const { outcome } = await runAgent(place, server, { prompt: 'One' })
    const session = outcome.session as SessionRef
    const { path = '', bytes = 0 } = (await sessionFile(join(place.home, '.claude'), session.id)) ?? {}
    expect(await pinnedBackend().inspect?.(session, 'Two')).toEqual({ shows: 'nothing' })
    truncateSync(path, bytes - 1)
    expect(await pinnedBackend().inspect?.(session, 'Two')).toEqual({ shows: 'unknown' })
  })
})

function forgetSessions(): void {
  rmSync(join(place.home, '.claude/projects'), { recursive: true })
}
