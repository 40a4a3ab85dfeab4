/** The claude backend on the real Claude Code: every failure has its kind. */
import { describe, expect, it } from 'vitest'

import type { FailureKind } from '../../src/agents/failures.ts'
import type { Fault, Scenario } from '../../src/model-server/scenario.ts'
import { eventsOf, failureOf } from '../agent-backends/support.ts'
import { runAgent } from './claude-support.ts'
import { useClaude } from './support.ts'

const place = useClaude()

function failing(...faults: readonly Fault[]): { readonly scenarios: { readonly default: Scenario } } {
  return { scenarios: { default: [{ text: 'It went well after all.', faults }] } }
}

describe('a refusal of the provider', () => {
  it.each<[string, Fault, FailureKind]>([
    ['400', { status: 400, message: 'No.' }, 'invalid_request'],
    ['403', { status: 403 }, 'auth'],
    ['404', { status: 404 }, 'model_not_found'],
    ['413', { status: 413 }, 'context_overflow'],
    ['429', { status: 429 }, 'rate_limit'],
    ['500', { status: 500 }, 'overloaded'],
    ['529', { status: 529 }, 'overloaded'],
    [
      'a prompt that is too long',
      { status: 400, message: 'prompt is too long: 9 tokens > 8 maximum' },
      'context_overflow',
    ],
    [
      'an empty balance',
      { status: 400, message: 'Your credit balance is too low to access the Anthropic API.' },
      'usage_limit',
    ],
    ['a connection that is dropped', { drop: 'before' }, 'network'],
  ])('%s is a failure of its kind, though it is called a success', async (_name, fault, kind) => {
    const server = await place.serve(failing(fault))
    const result = await runAgent(place, server, { account: { retries: 0 } })
    const failure = failureOf(result)
    expect(failure.kind).toBe(kind)
    expect(failure.message).toMatch(/^Claude Code: \w/u)
    expect(failure.status).toBe('status' in fault ? fault.status : undefined)
    // What Claude Code says of the error is no text of the agent.
    expect(eventsOf(result, 'text')).toEqual([])
    expect(result.outcome.text).toBe('')
    expect(result.outcome.session?.id).toBeDefined()
  })

  it('is retried, and told each time', async () => {
    const server = await place.serve(failing({ status: 529, times: 2 }))
    const result = await runAgent(place, server, { account: { retries: 3 } })
    expect(result.outcome).toMatchObject({ status: 'completed', text: 'It went well after all.' })
    expect(eventsOf(result, 'retry')).toMatchObject([
      { attempt: 1, status: 529 },
      { attempt: 2, status: 529 },
    ])
  })

  it('of the login ends the turn at once, and not after ten retries', async () => {
    const server = await place.serve(failing({ status: 401 }))
    const failure = failureOf(await runAgent(place, server, { account: { retries: 10 } }))
    expect(failure).toMatchObject({ kind: 'auth', status: 401 })
    expect(failure.message).toContain('claude auth login')
    expect(server.requests.length).toBeLessThanOrEqual(3)
  })

  it('by a model is a refusal, and its cost counts', async () => {
    const server = await place.serve({
      scenarios: {
        default: Array.from({ length: 3 }, () => ({ text: 'I will not.', stop: 'refusal' as const })),
      },
    })
    const result = await runAgent(place, server, {})
    expect(failureOf(result).kind).toBe('refused')
    expect(result.outcome.costUsd).toBeGreaterThan(0)
  })

  it('to go on beyond the context is an overflow', async () => {
    const full = Array.from({ length: 9 }, () => ({ text: 'And', stop: 'context' as const }))
    const server = await place.serve({ scenarios: { default: full } })
    expect(failureOf(await runAgent(place, server, {})).kind).toBe('context_overflow')
  })
})

describe('the limit of a subscription', () => {
  const account = { key: 'fake-pro', subscription: true }

  it('is told with the time of its reset, and not retried', async () => {
    const resetsAt = Math.ceil(Date.now() / 1000) * 1000 + 3_600_000
    const server = await place.serve({
      scenarios: { pro: [{ text: 'No.', faults: [{ usageLimit: { resetsAt, window: 'seven_day' } }] }] },
    })
    const result = await runAgent(place, server, { account })
    expect(failureOf(result)).toMatchObject({ kind: 'usage_limit', status: 429, resetsAt })
    expect(eventsOf(result, 'limit')).toMatchObject([{ kind: 'seven_day', state: 'reached', resetsAt }])
    expect(server.requests).toHaveLength(1)
  })

  it('is told when it comes near', async () => {
    const reset = String(Math.ceil(Date.now() / 1000) + 3600)
    const headers = {
      'anthropic-ratelimit-unified-status': 'allowed_warning',
      'anthropic-ratelimit-unified-reset': reset,
      'anthropic-ratelimit-unified-representative-claim': 'five_hour',
      'anthropic-ratelimit-unified-5h-utilization': '0.92',
      'anthropic-ratelimit-unified-5h-reset': reset,
      'anthropic-ratelimit-unified-5h-surpassed-threshold': '0.9',
    }
    const server = await place.serve({ scenarios: { pro: [{ text: 'Yes.', headers }] } })
    const result = await runAgent(place, server, { account })
    expect(result.outcome.status).toBe('completed')
    expect(eventsOf(result, 'limit')).toEqual([
      { t: 'limit', kind: 'five_hour', state: 'near', used: 0.92, resetsAt: Number(reset) * 1000 },
    ])
  })
})

describe('a login', () => {
  it('that is missing is named, with what can be done', async () => {
    const server = await place.serve({ scenarios: {} })
    const failure = failureOf(await runAgent(place, server, { env: { ANTHROPIC_API_KEY: '' } }))
    expect(failure).toMatchObject({
      kind: 'auth',
      message: expect.stringContaining('Not logged in') as string,
    })
    expect(failure.message).toContain('claude auth login')
  })

  it('of the host is handed on only where the agent names it, and the failure says how', async () => {
    const server = await place.serve({ scenarios: { host: [{ text: 'Paid by the host.' }] } })
    process.env['ANTHROPIC_AUTH_TOKEN'] = 'fake-host'
    try {
      const env = { ANTHROPIC_API_KEY: '' }
      const failure = failureOf(await runAgent(place, server, { env }))
      expect(failure.message).toContain('passEnv: ["ANTHROPIC_AUTH_TOKEN"]')
      expect(failure.message).not.toContain('fake-host')
      const config = { passEnv: ['ANTHROPIC_AUTH_TOKEN'] }
      const { outcome } = await runAgent(place, server, { env, config })
      expect(outcome).toMatchObject({ status: 'completed', text: 'Paid by the host.' })
    } finally {
      delete process.env['ANTHROPIC_AUTH_TOKEN']
    }
  })
})

describe('a server that is not there', () => {
  it('is a failure of the network', async () => {
    const server = await place.serve({ scenarios: {} })
    const env = { ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' }
    expect(failureOf(await runAgent(place, server, { env, account: { retries: 0 } })).kind).toBe('network')
  })
})
