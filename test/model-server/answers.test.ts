import { describe, expect, it } from 'vitest'

import { ManualClock } from '../../src/time/manual-clock.ts'
import { ask, eventsOf, post, prompt, say, serve } from './client.ts'

describe('a streamed answer', () => {
  it('comes in pieces between a start and a stop, with its stop reason and usage', async () => {
    const text = 'A sentence of a few words, and one more with zwölf 日本語 🧑‍💻.'
    const server = await serve({ scenarios: { default: [{ text, usage: { input: 7, output: 21 } }] } })
    const answer = await ask(server, { messages: [prompt('Hi')] })
    expect(answer.text).toBe(text)
    expect(answer.stop).toBe('end_turn')
    expect(answer.usage).toMatchObject({ input_tokens: 7, output_tokens: 21 })
    expect([answer.events[0], answer.events.at(-1)]).toEqual(['message_start', 'message_stop'])
    const pieces = answer.events.filter((type) => type === 'content_block_delta')
    expect(pieces.length).toBeGreaterThan(2)
  })

  it('thinks, speaks and calls several tools at once', async () => {
    const tools = [
      { name: 'Write', input: { file_path: '/a', content: 'x'.repeat(100) } },
      { name: 'Bash', input: { command: 'ls' } },
    ]
    const server = await serve({ scenarios: { default: [{ think: 'Hm, well.', text: 'I will.', tools }] } })
    const answer = await ask(server, { messages: [prompt('Hi')] })
    expect([answer.thinking, answer.text, answer.stop]).toEqual(['Hm, well.', 'I will.', 'tool_use'])
    expect(answer.tools.map(({ name, input }) => ({ name, input }))).toEqual(tools)
    expect(new Set(answer.tools.map(({ id }) => id)).size).toBe(2)
  })

  it('never splits a character, however long the text is', async () => {
    const text = `x${'🧑‍💻'.repeat(5000)}`
    const server = await serve({ scenarios: { default: [{ text }] } })
    const body = await (await post(server, { messages: [prompt('Hi')] })).text()
    const pieces = eventsOf(body).map((event) => event.delta?.['text'] ?? '')
    expect(pieces.join('')).toBe(text)
    expect(pieces.filter((piece) => !piece.isWellFormed())).toEqual([])
    expect(pieces.length).toBeLessThan(100)
  })

  it.each([
    ['length', 'max_tokens'],
    ['context', 'model_context_window_exceeded'],
    ['refusal', 'refusal'],
  ] as const)('stops for %s as %s', async (stop, reason) => {
    const server = await serve({ scenarios: { default: [{ text: 'Hm', stop }] } })
    expect(await ask(server, { messages: [prompt('Hi')] })).toMatchObject({ stop: reason })
  })

  it('counts cached input apart and thinking as output', async () => {
    const usage = { input: 1, cacheRead: 2, cacheWrite: 3, output: 4, reasoning: 5 }
    const server = await serve({ scenarios: { default: [{ text: 'Hm', usage }] } })
    expect((await ask(server, { messages: [prompt('Hi')] })).usage).toEqual({
      input_tokens: 1,
      cache_read_input_tokens: 2,
      cache_creation_input_tokens: 3,
      output_tokens: 9,
      output_tokens_details: { thinking_tokens: 5 },
    })
  })

  it('carries the headers of its step', async () => {
    const headers = { 'anthropic-ratelimit-unified-status': 'allowed_warning' }
    const server = await serve({ scenarios: { default: [{ text: 'Hm', headers }] } })
    const answer = await ask(server, { messages: [prompt('Hi')] })
    expect(answer.headers.get('anthropic-ratelimit-unified-status')).toBe('allowed_warning')
  })

  it('comes at the pace of its script', async () => {
    const clock = new ManualClock()
    const scenarios = { default: [{ text: 'four words in pieces', waitMs: 1000, pieceMs: 100 }] }
    const server = await serve({ scenarios, clock })
    const running = ask(server, { messages: [prompt('Hi')] })
    const request = await server.waitFor({ status: 200 })
    while (request.end === undefined) {
      expect(clock.now() - request.at).toBeLessThan(5000)
      await clock.advance(50)
    }
    const { text, events } = await running
    expect(text).toBe('four words in pieces')
    expect(clock.now() - request.at).toBeGreaterThanOrEqual(1000 + 100 * (events.length - 1))
  })
})

describe('an answer that is not streamed', () => {
  it('is one JSON message with the same content', async () => {
    const tools = [{ name: 'Bash', input: { command: 'ls' } }]
    const server = await serve({ scenarios: { default: [{ think: 'Hm', text: 'Look:', tools }] } })
    const response = await post(server, { messages: [prompt('Hi')], stream: false })
    expect(await response.json()).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'm1',
      stop_reason: 'tool_use',
      content: [
        { type: 'thinking', thinking: 'Hm' },
        { type: 'text', text: 'Look:' },
        { type: 'tool_use', name: 'Bash', input: { command: 'ls' } },
      ],
      usage: { input_tokens: 10, output_tokens: 5 },
    })
  })
})

describe('what is not for the model', () => {
  it('a request without tools is answered shortly and takes no step', async () => {
    const server = await serve({ scenarios: { default: [{ text: 'The answer.' }] }, side: 'A title' })
    expect(await say(server, 'Hi', { tools: [] })).toBe('A title')
    expect(await say(server, 'Hi')).toBe('The answer.')
    expect(server.requests.map(({ kind }) => kind)).toEqual(['side', 'step'])
    expect(server.starts()).toHaveLength(1)
  })

  it('an agent that has no tools is still an agent: it is told where it works', async () => {
    const server = await serve({ scenarios: { default: [{ text: 'The answer.' }] } })
    const system = [{ type: 'text', text: ' - Primary working directory: /x' }]
    expect(await say(server, 'Hi', { tools: [], system })).toBe('The answer.')
  })

  it('a probe finds the server, tokens are counted, and an unknown path is 404', async () => {
    const server = await serve({ scenarios: {} })
    const probe = await fetch(`${server.url}/api/hello`, { method: 'HEAD' })
    const count = await fetch(`${server.url}/v1/messages/count_tokens`, { method: 'POST', body: '{}' })
    const unknown = await fetch(`${server.url}/v1/nothing`)
    expect([probe.status, count.status, unknown.status]).toEqual([200, 200, 404])
    expect(await count.json()).toEqual({ input_tokens: 10 })
    expect(server.requests.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'other /api/hello',
      'other /v1/messages/count_tokens',
      'other /v1/nothing',
    ])
  })

  it.each(['', '{', '[]', '{"model":"m1"}', '{"messages":[]}'])(
    'a broken body is refused: %j',
    async (body) => {
      const server = await serve({ scenarios: {} })
      const response = await fetch(`${server.url}/v1/messages`, { method: 'POST', body })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
    },
  )
})
