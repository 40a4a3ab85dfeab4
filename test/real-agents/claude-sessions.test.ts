/** The claude backend on the real Claude Code: sessions, what they cost, and what they show after a crash. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { SessionRef } from '../../src/tables.ts'
import type { ModelServer } from '../../src/model-server/server.ts'
import { failureOf } from '../agent-backends/support.ts'
import { running, until } from '../processes/support.ts'
import { pinnedBackend, runAgent, type AgentRun } from './claude-support.ts'
import { claudeSettings, useClaude } from './support.ts'

const place = useClaude()
const counting = { scenarios: { default: [{ text: '@TURN_NUMBER@', usage: { input: 11, output: 7 } }] } }

async function turn(
  server: ModelServer,
  run: AgentRun = {},
): Promise<{ text: string; session: SessionRef; costUsd: number }> {
  const { outcome } = await runAgent(place, server, run)
  if (outcome.status !== 'completed' || outcome.session === undefined)
    throw new Error(JSON.stringify(outcome))
  return { text: outcome.text, session: outcome.session, costUsd: outcome.costUsd ?? Number.NaN }
}

describe('a session', () => {
  it('has the id that it was named by before it began', async () => {
    const server = await place.serve(counting)
    const begin = pinnedBackend().newSession?.(place.project, claudeSettings(place, server))
    if (begin === undefined) throw new Error('There is no session.')
    const { session } = await turn(server, { begin })
    expect(session.id).toBe(begin.id)
    expect(server.requests[0]?.session).toBe(begin.id)
  })

  it('goes on, also in another folder', async () => {
    const server = await place.serve(counting)
    const first = await turn(server)
    const cwd = join(place.project, 'sub')
    mkdirSync(cwd)
    const second = await turn(server, { resume: first.session, cwd })
    const third = await turn(server, { resume: second.session })
    expect([first.text, second.text, third.text]).toEqual(['1', '2', '3'])
    expect(third.session.id).toBe(first.session.id)
  })

  it('stays as it is where it is forked', async () => {
    const server = await place.serve(counting)
    const first = await turn(server)
    const fork = await turn(server, { resume: first.session, fork: true })
    const second = await turn(server, { resume: first.session })
    expect([fork.text, second.text]).toEqual(['2', '2'])
    expect(fork.session.id).not.toBe(first.session.id)
    expect(second.session.id).toBe(first.session.id)
  })

  it('costs each turn what that turn cost, whatever Claude Code adds up', async () => {
    const server = await place.serve(counting)
    const first = await turn(server)
    const second = await turn(server, { resume: first.session })
    const fork = await turn(server, { resume: second.session, fork: true })
    expect(first.costUsd).toBeGreaterThan(0)
    expect([second.costUsd, fork.costUsd]).toEqual([first.costUsd, first.costUsd])
    expect(fork.session.data).toMatchObject({ totalUsd: expect.closeTo(first.costUsd * 3, 9) as number })
  })

  it('takes a changed system prompt', async () => {
    const server = await place.serve(counting)
    const first = await turn(server, { systemPrompt: 'You are Zoe.' })
    const second = await turn(server, { systemPrompt: 'You are Kim.', resume: first.session })
    await turn(server, { systemPrompt: 'You are Kim.', resume: second.session })
    const seen = server.requests.map(({ body }) => /You are (?:Zoe|Kim)/u.exec(JSON.stringify(body))?.[0])
    expect(seen).toEqual(['You are Zoe', 'You are Kim', 'You are Kim'])
  })

  it('that is gone fails the turn, and is not begun anew in silence', async () => {
    const server = await place.serve(counting)
    const { session } = await turn(server)
    rmSync(join(place.home, '.claude/projects'), { recursive: true })
    const failure = failureOf(await runAgent(place, server, { resume: session }))
    expect(failure).toMatchObject({
      kind: 'protocol',
      message: expect.stringContaining(session.id) as string,
    })
  })

  it('of a turn that ended before anything was written is begun', async () => {
    const server = await place.serve(counting)
    const begin = pinnedBackend().newSession?.(place.project, claudeSettings(place, server))
    if (begin === undefined) throw new Error('There is no session.')
    const { text, session } = await turn(server, { resume: begin })
    expect([text, session.id]).toEqual(['1', begin.id])
  })
})

describe('what a session shows of a prompt', () => {
  const backend = pinnedBackend()
  const run = (command: string): object => ({ tools: [{ name: 'Bash', input: { command } }] })

  it('is its answer, with what it used', async () => {
    const server = await place.serve({
      scenarios: { default: [run('echo one'), { text: 'All done.', usage: { input: 5, output: 3 } }] },
    })
    const before = await turn(server, { prompt: 'Again', allowedTools: ['Bash'] })
    await turn(server, { prompt: 'Again', allowedTools: ['Bash'], resume: before.session })
    // The reference is that of the turn before: of two equal prompts the later one counts.
    const evidence = await backend.inspect?.(before.session, 'Again')
    expect(evidence).toMatchObject({ shows: 'answer', text: 'All done.', usage: { input: 15, output: 8 } })
  })

  it('is nothing where it was never sent', async () => {
    const server = await place.serve(counting)
    const { session } = await turn(server, { prompt: 'Again' })
    expect(await backend.inspect?.(session, 'Again')).toEqual({ shows: 'nothing' })
    const unused = backend.newSession?.(place.project, claudeSettings(place, server)) as SessionRef
    expect(await backend.inspect?.(unused, 'Again')).toEqual({ shows: 'nothing' })
  })

  it.each([
    ['while a tool ran', [run('tail -f /dev/null')]],
    ['while the model answered', [{ text: 'Half\nof it, and so on', faults: [{ hang: 'midway' as const }] }]],
  ])('is the prompt alone where everything was killed %s', async (_when, scenario) => {
    const server = await place.serve({ scenarios: { default: scenario } })
    const begin = backend.newSession?.(place.project, claudeSettings(place, server)) as SessionRef
    const prompt = '/etc is\n"mine"'
    const killed = runAgent(place, server, { begin, prompt, allowedTools: ['Bash'] })
    // Claude Code writes its session some 100 ms after it said something.
    await until(
      'the session shows the prompt',
      async () => (await backend.inspect?.(begin, prompt))?.shows === 'prompt',
    )
    for (const pid of await running(place.turn)) process.kill(pid, 'SIGKILL')
    expect(failureOf(await killed)).toMatchObject({ kind: 'process_exit' })
    expect(await backend.inspect?.(begin, prompt)).toEqual({ shows: 'prompt' })
    // The session is as good as before.
    const goesOn = await place.serve(counting)
    expect((await turn(goesOn, { resume: begin, prompt: 'Go on' })).text).toBe('2')
  })

  it('is the prompt alone where a limit was met', async () => {
    const limit = { usageLimit: { resetsAt: 4e12 } }
    const server = await place.serve({ scenarios: { default: [{ text: 'No.', faults: [limit] }] } })
    const begin = backend.newSession?.(place.project, claudeSettings(place, server)) as SessionRef
    await runAgent(place, server, { begin, prompt: 'Go', account: { subscription: true } })
    expect(await backend.inspect?.(begin, 'Go')).toEqual({ shows: 'prompt' })
  })

  it('is unknown where a session that was there is gone', async () => {
    const server = await place.serve(counting)
    const { session } = await turn(server)
    rmSync(join(place.home, '.claude/projects'), { recursive: true })
    expect(await backend.inspect?.(session, 'Again')).toEqual({ shows: 'unknown' })
  })
})
