/** The real Claude Code on a model that refuses, breaks off or says nothing. */
import { describe, expect, it } from 'vitest'

import type { Fault } from '../../src/model-server/scenario.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { linesOf, resultOf, runClaude, startClaude, useClaude } from './support.ts'

const place = useClaude()

function failing(...faults: readonly Fault[]): { readonly scenarios: { readonly default: [object] } } {
  return { scenarios: { default: [{ text: 'It went well after all.', faults }] } }
}

describe('a rate limit', () => {
  const limit = { status: 429, headers: { 'retry-after': '0' } }

  it('is waited for, and the turn ends well', async () => {
    const server = await place.serve(failing({ ...limit, times: 1 }))
    const { result, lines } = await runClaude(place, server, { prompt: 'Go' })
    expect(result).toMatchObject({ is_error: false, result: 'It went well after all.' })
    const [retry] = linesOf(lines, 'system', 'api_retry')
    expect(retry).toMatchObject({ attempt: 1, error_status: 429, error: 'rate_limit' })
    expect(server.requests.map(({ status }) => status)).toEqual([429, 200])
    expect(server.starts()).toHaveLength(1)
  })

  it('that stays is a success that is an error', async () => {
    const server = await place.serve(failing(limit))
    const { result, exit } = await runClaude(place, server, { prompt: 'Go' })
    expect(result).toMatchObject({ subtype: 'success', is_error: true, terminal_reason: 'api_error' })
    expect(result).toMatchObject({ api_error_status: 429, api_error_type: 'rate_limit_error' })
    expect(exit.code).toBe(1)
    expect(server.requests.map(({ status }) => status)).toEqual([429, 429])
  })
})

describe('the limit of a subscription', () => {
  it('is said with the time of its reset, is not tried again, and the session goes on afterwards', async () => {
    const clock = new ManualClock(Date.now())
    const quotas = { 'fake-pro': { calls: 1, resetsInMs: 3_600_000 } }
    const server = await place.serve({ scenarios: { pro: [{ text: '@TURN_NUMBER@' }] }, quotas, clock })
    const account = { key: 'fake-pro', subscription: true, retries: 3 }
    const first = await runClaude(place, server, { prompt: 'One', ...account })
    const args = ['--resume', String(first.result?.session_id)]
    const second = await runClaude(place, server, { prompt: 'Two', args, ...account })
    expect(server.requests.map(({ status }) => status)).toEqual([200, 429])
    const resetsAt = Math.ceil((clock.now() + 3_600_000) / 1000)
    const [limit] = linesOf(second.lines, 'rate_limit_event')
    expect(limit).toMatchObject({
      rate_limit_info: { status: 'rejected', resetsAt, rateLimitType: 'five_hour' },
    })
    expect(second.result).toMatchObject({ is_error: true, api_error: 'usage_limit_reached' })
    await clock.advance(3_601_000)
    const third = await runClaude(place, server, { prompt: 'Three', args, ...account })
    expect(third.result).toMatchObject({ is_error: false, session_id: first.result?.session_id })
    // What was refused stays in the session: the model sees it when the session goes on.
    expect(server.requests.at(-1)?.prompts).toEqual(['One', 'Two', 'Three'])
  })

  it('is an ordinary rate limit for a key', async () => {
    const server = await place.serve(failing({ usageLimit: { resetsAt: Date.now() + 3_600_000 } }))
    const { result, lines } = await runClaude(place, server, { prompt: 'Go' })
    expect(result).toMatchObject({ is_error: true, api_error_status: 429 })
    expect(result?.['api_error']).toBeUndefined()
    expect(linesOf(lines, 'rate_limit_event')).toEqual([])
  })
})

describe('what the model refuses', () => {
  it.each([
    [401, 'authentication_failed', 2],
    [404, 'model_not_found', 2],
    [529, 'server_error', 2],
  ] as const)('%i ends the turn as %s', async (status, error, requests) => {
    const server = await place.serve(failing({ status }))
    const { result, lines, exit } = await runClaude(place, server, { prompt: 'Go' })
    expect(result).toMatchObject({ is_error: true, api_error_status: status })
    expect(linesOf(lines, 'assistant').at(-1)).toMatchObject({ error })
    expect(exit.code).toBe(1)
    expect(server.requests).toHaveLength(requests)
  })

  it('is tried again without what may have offended, and nothing tells of it', async () => {
    const server = await place.serve(failing({ status: 400, message: 'No.' }))
    const { result, lines } = await runClaude(place, server, { prompt: 'Go' })
    expect(result).toMatchObject({ is_error: true, api_error_status: 400, result: 'API Error: 400 No.' })
    expect(linesOf(lines, 'system', 'api_retry')).toEqual([])
    expect(server.requests.length).toBeGreaterThan(1)
  })

  it('as too long is a reason of its own', async () => {
    const message = 'prompt is too long: 213000 tokens > 200000 maximum'
    const server = await place.serve(failing({ status: 400, message }))
    const { result } = await runClaude(place, server, { prompt: 'Go' })
    expect(result).toMatchObject({ is_error: true, terminal_reason: 'prompt_too_long' })
    expect(server.requests).toHaveLength(1)
  })
})

describe('an answer that goes wrong', () => {
  it.each([
    ['is dropped before the first byte', { drop: 'before' }],
    ['is dropped midway', { drop: 'midway' }],
    ['breaks off with an error', { breakOff: { status: 529 } }],
  ] as const)('%s is asked for again', async (_name, fault) => {
    const server = await place.serve(failing({ ...fault, times: 1 }))
    const { result } = await runClaude(place, server, { prompt: 'Go' })
    expect(result).toMatchObject({ is_error: false, result: 'It went well after all.' })
    expect(server.requests.map(({ end }) => end)).toEqual([
      'drop' in fault ? 'dropped' : 'broken_off',
      'answered',
    ])
    expect(server.starts()).toHaveLength(1)
  })

  it('hangs until it is interrupted, and says so', async () => {
    const server = await place.serve(failing({ hang: 'before' }))
    const child = await startClaude(place, server, { prompt: 'Go' })
    const request = await server.waitFor({ status: 200 })
    expect(request.end).toBeUndefined()
    process.kill(child.pid, 'SIGINT')
    const { result, exit } = await resultOf(child)
    expect(exit).toEqual({ code: 0, signal: null })
    expect(result).toMatchObject({ subtype: 'error_during_execution', is_error: true })
    expect((await server.waitFor({ end: 'left' })).n).toBe(1)
    expect(server.requests).toHaveLength(1)
  })

  it('hangs midway: SIGTERM ends it without a result', async () => {
    const server = await place.serve(failing({ hang: 'midway' }))
    const child = await startClaude(place, server, { prompt: 'Go', args: ['--include-partial-messages'] })
    const pieces: string[] = []
    for await (const piece of child.stdout) {
      pieces.push(String(piece))
      if (pieces.join('').includes('text_delta')) break
    }
    process.kill(child.pid, 'SIGTERM')
    expect(await child.gone).toEqual({ code: 143, signal: null })
    expect(pieces.join('')).not.toContain('"type":"result"')
  })
})
