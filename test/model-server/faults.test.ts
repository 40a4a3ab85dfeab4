import { describe, expect, it } from 'vitest'

import type { Fault } from '../../src/model-server/scenario.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { ask, post, prompt, say, serve, toolCall, toolResult, type Ask } from './client.ts'

const HI: Ask = { messages: [prompt('Hi')] }

function failing(...faults: readonly Fault[]): { readonly scenarios: { readonly default: [object] } } {
  return { scenarios: { default: [{ text: 'well, here it is', faults }] } }
}

describe('a refusal', () => {
  it.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [404, 'not_found_error'],
    [429, 'rate_limit_error'],
    [500, 'api_error'],
    [529, 'overloaded_error'],
  ])('%i is of the type %s', async (status, type) => {
    const server = await serve(failing({ status, message: 'No.', headers: { 'retry-after': '3' } }))
    const answer = await ask(server, HI)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, '3'])
    expect(answer.error).toEqual({ type, message: 'No.' })
    expect(server.requests[0]).toMatchObject({ end: 'refused', status })
  })

  it('may say anything', async () => {
    const server = await serve(
      failing({ status: 502, body: '<html>Bad gateway', headers: { 'content-type': 'text/html' } }),
    )
    const response = await post(server, HI)
    expect([response.status, await response.text()]).toEqual([502, '<html>Bad gateway'])
  })

  it('comes as often as it says, for each prompt of each session', async () => {
    const server = await serve(failing({ status: 429, times: 2 }, { status: 529, times: 1 }))
    const statuses = async (request: Ask): Promise<number[]> => {
      const seen = []
      for (let n = 0; n < 5; n++) seen.push((await ask(server, request)).status)
      return seen
    }
    const later = { messages: [prompt('Hi'), { role: 'assistant', content: 'Yes' } as const, prompt('Hi')] }
    const expected = [429, 429, 529, 200, 200]
    expect(await statuses({ ...HI, session: 'a' })).toEqual(expected)
    expect(await statuses({ ...HI, session: 'b' })).toEqual(expected)
    expect(await statuses({ ...later, session: 'a' })).toEqual(expected)
  })

  it('belongs to its step alone', async () => {
    const steps = [{ tools: [{ name: 'Bash', input: {} }] }, { text: 'done', faults: [{ status: 500 }] }]
    const server = await serve({ scenarios: { default: steps } })
    expect((await ask(server, HI)).status).toBe(200)
    expect((await ask(server, { messages: [prompt('Hi'), toolCall('a'), toolResult('a')] })).status).toBe(500)
  })
})

describe('an answer that goes wrong', () => {
  it('breaks off with an error of the wire', async () => {
    const server = await serve(failing({ breakOff: { status: 529 } }))
    const answer = await ask(server, HI)
    expect(answer.status).toBe(200)
    expect(answer.events.at(-1)).toBe('error')
    expect(answer.error).toMatchObject({ type: 'overloaded_error' })
    expect(answer.text).not.toBe('')
    expect(answer.events).not.toContain('message_stop')
    expect(server.requests[0]?.end).toBe('broken_off')
  })

  it('fails as a whole where it is not streamed', async () => {
    const server = await serve(failing({ breakOff: { status: 529 } }))
    expect((await post(server, { ...HI, stream: false })).status).toBe(529)
  })

  it('hangs before the first byte, until the client goes', async () => {
    const server = await serve(failing({ hang: 'before' }))
    const leave = new AbortController()
    const response = post(server, { ...HI, signal: leave.signal })
    const request = await server.waitFor({ status: 200 })
    expect(request.end).toBeUndefined()
    leave.abort()
    await expect(response).rejects.toThrow('aborted')
    expect((await server.waitFor({ end: 'left' })).n).toBe(request.n)
  })

  it('hangs midway, with half of the answer sent', async () => {
    const server = await serve(failing({ hang: 'midway' }))
    const leave = new AbortController()
    const response = await post(server, { ...HI, signal: leave.signal })
    const seen = new TextDecoder()
    let text = ''
    for await (const piece of response.body ?? []) {
      text += seen.decode(piece as Uint8Array, { stream: true })
      if (text.includes('text_delta')) break
    }
    expect(text).not.toContain('message_stop')
    expect((await server.waitFor({ end: 'left' })).n).toBe(1)
  })

  it.each(['before', 'midway'] as const)('drops the connection %s', async (drop) => {
    const server = await serve(failing({ drop, times: 1 }))
    const reading = post(server, HI).then((response) => response.text())
    await expect(reading).rejects.toThrow(drop === 'before' ? 'fetch failed' : 'terminated')
    expect(server.requests[0]?.end).toBe('dropped')
    expect(await say(server, 'Hi')).toBe('well, here it is')
  })

  it('ends with the server', async () => {
    const server = await serve(failing({ hang: 'before' }))
    const response = post(server, HI)
    await server.waitFor({ status: 200 })
    const never = server.waitFor({ scenario: 'other' })
    await Promise.all([
      expect(response).rejects.toThrow('fetch failed'),
      expect(never).rejects.toThrow('closed before'),
      server.close(),
    ])
    expect(server.requests[0]?.end).toBe('left')
  })

  it('is told to the client when its script cannot be sent', async () => {
    const server = await serve({ scenarios: { default: [{ text: 'Hm', headers: { 'x-bad': 'a\nb' } }] } })
    const response = await post(server, HI)
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('x-bad')])
  })
})

describe('the limit of a subscription', () => {
  it('is said in the vendor’s headers, with the time of its reset', async () => {
    const resetsAt = Date.UTC(2026, 0, 1, 12, 0, 0, 500)
    const server = await serve(failing({ usageLimit: { resetsAt, window: 'seven_day' } }))
    const answer = await ask(server, HI)
    expect(answer.status).toBe(429)
    const header = (name: string): string | null => answer.headers.get(`anthropic-ratelimit-unified-${name}`)
    expect([header('status'), header('representative-claim')]).toEqual(['rejected', 'seven_day'])
    expect(Number(header('reset')) * 1000).toBe(resetsAt + 500)
  })

  it('is met by all who share an account after so many calls, until its reset', async () => {
    const clock = new ManualClock()
    const quotas = { 'fake-pro': { calls: 2, resetsInMs: 5000 } }
    const server = await serve({ scenarios: { pro: [{ text: 'yes' }], other: [] }, quotas, clock })
    const statuses = async (count: number, key = 'fake-pro'): Promise<number[]> => {
      const answers = Array.from({ length: count }, () => ask(server, { ...HI, key }))
      return (await Promise.all(answers)).map(({ status }) => status).sort((a, b) => a - b)
    }
    expect(await statuses(4)).toEqual([200, 200, 429, 429])
    expect(await statuses(3, 'fake-other')).toEqual([200, 200, 200])
    await clock.advance(4999)
    expect(await statuses(1)).toEqual([429])
    await clock.advance(1)
    expect(await statuses(3)).toEqual([200, 200, 429])
    expect(server.find({ account: 'fake-pro', status: 429 })).toHaveLength(4)
  })

  it('is met no more after so many times', async () => {
    const clock = new ManualClock()
    const quotas = { 'fake-pro': { calls: 1, resetsInMs: 5000, times: 1 } }
    const server = await serve({ scenarios: { pro: [{ text: 'yes' }] }, quotas, clock })
    const status = async (): Promise<number> => (await ask(server, { ...HI, key: 'fake-pro' })).status
    expect([await status(), await status()]).toEqual([200, 429])
    await clock.advance(5000)
    expect([await status(), await status(), await status()]).toEqual([200, 200, 200])
  })
})
