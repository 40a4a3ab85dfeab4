import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { startModelServer } from '../../src/model-server/server.ts'
import { isAtelierError } from '../../src/errors.ts'
import { ask, prompt, say, serve, toolCall, toolResult } from './client.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'atelier-model-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('the log', () => {
  it('holds each request whole, without the key', async () => {
    const server = await serve({ scenarios: { default: [{ text: 'yes' }] } })
    const system = [{ type: 'text', text: 'Be kind.' }]
    await say(server, 'Hi', { key: 'sk-ant-very-secret', session: 's1', system })
    await say(server, 'Hi', { headers: { authorization: 'Bearer sk-ant-very-secret' } })
    expect(server.requests[0]).toMatchObject({
      n: 1,
      wire: 'anthropic',
      kind: 'step',
      path: '/v1/messages?beta=true',
      model: 'm1',
      session: 's1',
      prompts: ['Hi'],
      step: 0,
      scenario: 'default',
      status: 200,
      end: 'answered',
      body: { system, tools: [{ name: 'Bash' }] },
    })
    expect(JSON.stringify(server.requests)).not.toContain('very-secret')
    expect(server.requests[0]?.account).toMatch(/^hash:/u)
  })

  it('is a file, too: what came, and how it ended', async () => {
    const log = join(dir, 'requests.jsonl')
    const server = await startModelServer({ scenarios: { default: [{ text: 'yes' }] }, log })
    await say(server, 'Hi')
    await server.close()
    const lines = readFileSync(log, 'utf8').trim().split('\n')
    const [came, ended] = lines.map((line) => JSON.parse(line) as unknown)
    expect(came).toMatchObject({ n: 1, kind: 'step', prompts: ['Hi'], body: { model: 'm1' } })
    expect(ended).toMatchObject({ n: 1, end: 'answered', status: 200 })
    expect(statSync(log).mode & 0o077).toBe(0)
  })

  it('forgets the bodies of old requests, and nothing else', async () => {
    const server = await serve({ scenarios: {}, keep: 2 })
    for (const text of ['a', 'b', 'c']) await say(server, text)
    expect(server.requests.map(({ body }) => body !== null)).toEqual([false, true, true])
    expect(server.promptsSeen()).toEqual(['a', 'b', 'c'])
  })

  it('finds requests by everything that is named', async () => {
    const server = await serve({ scenarios: { one: [], two: [] } })
    await say(server, 'Hi [[script:one]]', { session: 'a' })
    await say(server, 'Ho [[script:one]]', { session: 'b' })
    await say(server, 'Hi [[script:two]]', { session: 'a', key: 'fake-x' })
    const found = (match: Parameters<typeof server.find>[0]): number[] => server.find(match).map(({ n }) => n)
    expect(found({})).toEqual([1, 2, 3])
    expect(found({ scenario: 'one' })).toEqual([1, 2])
    expect(found({ scenario: 'one', session: 'a' })).toEqual([1])
    expect(found({ prompt: 'Hi', after: 1 })).toEqual([3])
    expect(found({ account: 'fake-x', end: 'answered', status: 200, step: 0 })).toEqual([3])
    expect(found({ kind: 'side' })).toEqual([])
  })
})

describe('starts', () => {
  it('are turns, not requests: steps and retries begin none', async () => {
    const faults = [{ status: 529, times: 1 }]
    const server = await serve({ scenarios: { default: [{ faults, tools: [{ name: 'Bash', input: {} }] }] } })
    const first = [prompt('One'), toolCall('a'), toolResult('a')]
    const second = [...first, { role: 'assistant', content: 'Done.' } as const, prompt('Two')]
    for (const messages of [first.slice(0, 1), first.slice(0, 1), first, second])
      await ask(server, { messages, session: 's' })
    await say(server, 'Three', { session: 't' })
    expect(server.requests).toHaveLength(5)
    expect(server.promptsSeen()).toEqual(['One', 'Two', 'Three'])
    expect(server.starts({ session: 's' }).map(({ n }) => n)).toEqual([1, 4])
    expect(server.starts({ after: 3 })).toHaveLength(2)
  })

  it('are taken from the first step where a client names no session', async () => {
    const server = await serve({ scenarios: {} })
    await say(server, 'Same')
    await say(server, 'Same')
    await ask(server, { messages: [prompt('Same'), toolCall('a'), toolResult('a')] })
    expect(server.promptsSeen()).toEqual(['Same', 'Same'])
  })
})

describe('waiting', () => {
  it('ends with a request that came before or comes later', async () => {
    const server = await serve({ scenarios: {} })
    const coming = server.waitFor({ prompt: 'two' })
    await say(server, 'one')
    await say(server, 'two')
    expect((await coming).n).toBe(2)
    expect((await server.waitFor({ prompt: 'one' })).n).toBe(1)
  })
})

it('says why it cannot listen', async () => {
  const { url } = await serve({ scenarios: {} })
  const error: unknown = await startModelServer({ scenarios: {}, port: Number(new URL(url).port) }).catch(
    (reason: unknown) => reason,
  )
  expect(isAtelierError(error, 'host_failed')).toBe(true)
  expect(String(error)).toContain('EADDRINUSE')
})
