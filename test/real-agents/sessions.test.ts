/** The real Claude Code's sessions: resumed, forked, and found again after a kill. */
import { randomUUID } from 'node:crypto'

import { expect, it } from 'vitest'

import { resultOf, runClaude, startClaude, useClaude, type ClaudeResult } from './support.ts'

const place = useClaude()
const SCENARIOS = {
  default: [{ text: '@TURN_NUMBER@' }],
  hang: [{ text: 'Well then', faults: [{ hang: 'before' }] }],
  work: [
    // It takes long enough for the prompt to be on disk: Claude Code writes its session in batches.
    { tools: [{ name: 'Bash', input: { command: 'sleep 0.3; echo worked' } }] },
    { text: 'Worked.', faults: [{ hang: 'before' }] },
  ],
} as const

function textOf({ result }: ClaudeResult): unknown {
  return result?.['result']
}

it('has the id that it is given, and goes on in another process and from another folder', async () => {
  const server = await place.serve({ scenarios: SCENARIOS })
  const id = randomUUID()
  const first = await runClaude(place, server, { prompt: 'One', args: ['--session-id', id] })
  const second = await runClaude(place, server, { prompt: 'Two', args: ['--resume', id] })
  const third = await runClaude(place, server, { prompt: 'Three', args: ['--resume', id], cwd: place.home })
  expect([first, second, third].map(textOf)).toEqual(['1', '2', '3'])
  expect(server.requests.map(({ session }) => session)).toEqual([id, id, id])
  expect(server.promptsSeen({ session: id })).toEqual(['One', 'Two', 'Three'])
})

it('counts cost over its turns, and usage for each', async () => {
  const server = await place.serve({ scenarios: { default: [{ usage: { input: 1000 }, text: 'Yes.' }] } })
  const first = (await runClaude(place, server, { prompt: 'One' })).result
  const args = ['--resume', String(first?.session_id)]
  const second = (await runClaude(place, server, { prompt: 'Two', args })).result
  expect(second?.['usage']).toMatchObject({ input_tokens: 1000 })
  expect(Number(second?.['total_cost_usd'])).toBeCloseTo(2 * Number(first?.['total_cost_usd']), 10)
})

it('is forked with its past, and stays as it was', async () => {
  const server = await place.serve({ scenarios: SCENARIOS })
  const id = randomUUID()
  await runClaude(place, server, { prompt: 'One', args: ['--session-id', id] })
  const fork = await runClaude(place, server, { prompt: 'Aside', args: ['--resume', id, '--fork-session'] })
  await runClaude(place, server, { prompt: 'Two', args: ['--resume', id] })
  expect(fork.result?.session_id).not.toBe(id)
  expect(server.requests.map(({ prompts }) => prompts)).toEqual([['One'], ['One', 'Aside'], ['One', 'Two']])
})

it('is refused when it is in use or unknown, before the model is asked', async () => {
  const server = await place.serve({ scenarios: SCENARIOS })
  const id = randomUUID()
  await runClaude(place, server, { prompt: 'One', args: ['--session-id', id] })
  const used = await runClaude(place, server, { prompt: 'Two', args: ['--session-id', id] })
  const unknown = await runClaude(place, server, { prompt: 'Two', args: ['--resume', randomUUID()] })
  expect([used.exit.code, unknown.exit.code]).toEqual([1, 1])
  expect(used.result).toBeUndefined()
  expect(used.stderr).toContain('already in use')
  expect(unknown.result).toMatchObject({ subtype: 'error_during_execution' })
  expect(unknown.stderr).toContain('No conversation found')
  expect(server.requests).toHaveLength(1)
})

it('shows the prompt of a turn that was interrupted, so that it need not be sent again', async () => {
  const server = await place.serve({ scenarios: SCENARIOS })
  const id = randomUUID()
  const child = await startClaude(place, server, {
    prompt: 'Task [[script:hang]]',
    args: ['--session-id', id],
  })
  await server.waitFor({ scenario: 'hang', status: 200 })
  process.kill(child.pid, 'SIGTERM')
  await resultOf(child)
  await runClaude(place, server, { prompt: 'Go on', args: ['--resume', id] })
  expect(server.requests.at(-1)?.prompts).toEqual(['Task [[script:hang]]', 'Go on'])
})

it('tells the model when it was killed with a tool’s result unsaved', async () => {
  const server = await place.serve({ scenarios: SCENARIOS })
  const id = randomUUID()
  const args = ['--allowedTools', 'Bash']
  const task = { prompt: 'Task [[script:work]]', args: ['--session-id', id, ...args] }
  const child = await startClaude(place, server, task)
  await server.waitFor({ scenario: 'work', step: 1, status: 200 })
  process.kill(child.pid, 'SIGKILL')
  await resultOf(child)
  await runClaude(place, server, { prompt: 'Go on', args: ['--resume', id, ...args] })
  const last = server.requests.at(-1)
  expect(last?.prompts).toEqual(['Task [[script:work]]', 'Go on'])
  // Whether the last lines of its session were on disk is a matter of milliseconds.
  expect(JSON.stringify(last?.body)).toMatch(/Tool call interrupted|"content":"worked"/u)
})
