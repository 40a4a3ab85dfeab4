/** The claude backend on the real Claude Code: cancelling, work in the background, and silence. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { AgentEvent } from '../../src/agent-backend.ts'
import { systemClock } from '../../src/time/system-clock.ts'
import { eventsOf, failureOf, type TurnResult } from '../agent-backends/support.ts'
import { running, until } from '../processes/support.ts'
import { runAgent, type AgentRun } from './claude-support.ts'
import { useClaude } from './support.ts'

const place = useClaude()
const bash = (command: string, more: object = {}): object => ({
  tools: [{ name: 'Bash', input: { command, ...more } }],
})
const FOREVER = 'tail -f /dev/null'

/** Cancels as soon as as many processes of the turn run as the tool makes them. */
async function cancelWith(
  processes: number,
  scenario: readonly object[],
  run: AgentRun = {},
): Promise<TurnResult & { readonly ms: number }> {
  const server = await place.serve({ scenarios: { default: scenario } })
  const cancel = new AbortController()
  const turn = runAgent(place, server, { allowedTools: ['Bash'], signal: cancel.signal, ...run })
  await server.waitFor({ kind: 'step' })
  await until('the tool runs', async () => (await running(place.turn)).length >= processes)
  const began = systemClock.now()
  cancel.abort({ kind: 'cancelled', message: 'No longer wanted.' })
  const result = await turn
  return { ...result, ms: systemClock.now() - began }
}

/** A helper of the CLI may have ended since it was listed. */
function freeze(pid: number): void {
  try {
    process.kill(pid, 'SIGSTOP')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

describe('a cancelled turn', () => {
  it('ends with everything that its tools started, and says what it cost', async () => {
    const result = await cancelWith(5, [
      bash(`setsid ${FOREVER} & nohup ${FOREVER} & (${FOREVER} &) ; ${FOREVER}`),
    ])
    expect(result.outcome.status).toBe('cancelled')
    expect(result.outcome.costUsd).toBeGreaterThan(0)
    expect(result.outcome.usage).toMatchObject({ input: 10, output: 5 })
    expect(await running(place.turn)).toEqual([])
    expect(result.ms).toBeLessThan(6000)
  })

  it('ends while the model is silent', async () => {
    const result = await cancelWith(1, [{ text: 'Never', faults: [{ hang: 'before' }] }])
    expect(result.outcome.status).toBe('cancelled')
    expect(result.ms).toBeLessThan(4000)
  })

  it('ends though Claude Code hears nothing any more', async () => {
    const server = await place.serve({ scenarios: { default: [bash(FOREVER)] } })
    const cancel = new AbortController()
    const turn = runAgent(place, server, { allowedTools: ['Bash'], signal: cancel.signal })
    await server.waitFor({ kind: 'step' })
    await until('the tool runs', async () => (await running(place.turn)).length >= 3)
    for (const pid of await running(place.turn)) freeze(pid)
    cancel.abort()
    expect((await turn).outcome.status).toBe('cancelled')
    expect(await running(place.turn)).toEqual([])
  })
})

describe('a command in the background', () => {
  it('that ends soon is waited for: what the agent says then is the answer', async () => {
    const server = await place.serve({
      scenarios: { default: [bash('echo built', { run_in_background: true }), { text: 'Started.' }] },
    })
    const result = await runAgent(place, server, { allowedTools: ['Bash'] })
    expect(result.outcome.status).toBe('completed')
    expect(result.outcome.usage).toEqual(sumOf(eventsOf(result, 'usage')))
  })

  it('that never ends does not keep the answer back, and is ended', async () => {
    const server = await place.serve({
      scenarios: { default: [bash(FOREVER, { run_in_background: true }), { text: 'It serves.' }] },
    })
    const result = await runAgent(place, server, { allowedTools: ['Bash'], config: { answerGrace: '1s' } })
    expect(result.outcome).toMatchObject({ status: 'completed', text: 'It serves.' })
    expect(await running(place.turn)).toEqual([])
  })
})

describe('a subagent in the background', () => {
  const scenarios = {
    lead: [
      {
        tools: [
          {
            name: 'Agent',
            input: {
              description: 'Look',
              prompt: '[[script:helper]] Look.',
              subagent_type: 'general-purpose',
            },
          },
        ],
      },
      { text: 'Launched.' },
    ],
    helper: [
      { ...bash('echo found > found.txt'), waitMs: 300 },
      { text: 'Found it.', waitMs: 1500 },
    ],
  }

  it('is waited for beyond the first result, and its cost counts once', async () => {
    const server = await place.serve({ scenarios })
    const result = await runAgent(place, server, {
      prompt: '[[script:lead]] Go.',
      permissionMode: 'accept_edits',
      config: { answerGrace: '500ms' },
    })
    expect(result.outcome.status).toBe('completed')
    expect(readFileSync(join(place.project, 'found.txt'), 'utf8')).toBe('found\n')
    const usages = eventsOf(result, 'usage')
    expect(usages.length).toBeGreaterThan(1)
    expect(result.outcome.usage).toEqual(sumOf(usages))
    const calls = server.find({ kind: 'step' }).length
    expect(result.outcome.usage).toMatchObject({ input: calls * 10, output: calls * 5 })
    expect(result.outcome.modelTurns).toBe(calls)
    expect(eventsOf(result, 'tool').some(({ parent }) => parent !== undefined)).toBe(true)
  })

  it('is cancelled with its turn', async () => {
    const helper = [bash(FOREVER)]
    const server = await place.serve({ scenarios: { ...scenarios, helper } })
    const cancel = new AbortController()
    const turn = runAgent(place, server, {
      ...{ prompt: '[[script:lead]] Go.', env: { IS_SANDBOX: '1' }, signal: cancel.signal },
      permissionMode: 'bypass_permissions',
    })
    await until('the tool runs', async () => (await running(place.turn)).length >= 3)
    cancel.abort()
    expect((await turn).outcome.status).toBe('cancelled')
  })
})

describe('silence', () => {
  it('while no tool runs is a failure of its own', async () => {
    const server = await place.serve({
      scenarios: { default: [{ text: 'Never', faults: [{ hang: 'before' }] }] },
    })
    const result = await runAgent(place, server, { config: { idleTimeout: '1s' } })
    expect(failureOf(result)).toMatchObject({
      kind: 'idle',
      message: expect.stringContaining('no tool ran') as string,
    })
  })

  it('while a tool runs has a limit of its own', async () => {
    const server = await place.serve({
      scenarios: { default: [bash('python3 -c "import time; time.sleep(2)"'), { text: 'Slept.' }] },
    })
    const run = { allowedTools: ['Bash'] }
    const patient = await runAgent(place, server, {
      ...run,
      config: { idleTimeout: '1s', toolTimeout: '20s' },
    })
    expect(patient.outcome).toMatchObject({ status: 'completed', text: 'Slept.' })
    const result = await runAgent(place, server, {
      ...run,
      config: { idleTimeout: '20s', toolTimeout: '1s' },
    })
    expect(failureOf(result)).toMatchObject({
      kind: 'idle',
      message: expect.stringContaining('while a tool ran') as string,
    })
  })
})

function sumOf(usages: readonly Extract<AgentEvent, { t: 'usage' }>[]): object {
  const sum = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 }
  for (const { delta } of usages)
    for (const [name, count] of Object.entries(delta)) sum[name as keyof typeof sum] += Number(count)
  return sum
}
