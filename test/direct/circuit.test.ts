import { describe, expect, it } from 'vitest'
import type { FailureKind } from '../../src/agents/failures.ts'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { isAtelierError } from '../../src/errors.ts'
import { openTeam } from './team.ts'

const fails = (kind: FailureKind) => ({ steps: [{ fail: { kind } }] })

async function askTimes(shop: HostedWorkshop, agent: string, times: number): Promise<string[]> {
  const codes: string[] = []
  for (let time = 0; time < times; time++) {
    const outcome = await shop.ask(agent, 'work').catch((error: unknown) => error)
    codes.push(isAtelierError(outcome) ? outcome.code : 'ok')
  }
  return codes
}

describe('the circuit of an agent', () => {
  it('opens after five failures in a row; then nothing is sent to it, and other agents go on (AS-111, D15)', async () => {
    const { shop, backend } = await openTeam({ rules: [{ agent: 'impl', ...fails('process_exit') }] })
    expect(await askTimes(shop, 'impl', 6)).toEqual([...Array<string>(5).fill('turn_failed'), 'circuit_open'])
    expect(backend.turns).toBe(5)
    expect(await askTimes(shop, 'reviewer', 1)).toEqual(['ok'])
    expect((await shop.status()).circuits).toMatchObject([
      { circuit: 'agent:impl', state: 'open', failures: 5 },
    ])
  })

  it('lets one turn through after 60 s, and closes when it succeeds (AS-111)', async () => {
    const { shop, backend, clock } = await openTeam({
      rules: [{ agent: 'impl', times: 5, ...fails('process_exit') }],
    })
    await askTimes(shop, 'impl', 5)
    await clock.advance(61_000)
    expect(await askTimes(shop, 'impl', 2)).toEqual(['ok', 'ok'])
    expect(backend.turns).toBe(7)
    expect((await shop.status()).circuits).toEqual([])
  })

  it('opens for another 60 s when that turn fails (AS-111)', async () => {
    const { shop, backend, clock } = await openTeam({ rules: [{ agent: 'impl', ...fails('process_exit') }] })
    await askTimes(shop, 'impl', 5)
    await clock.advance(61_000)
    expect(await askTimes(shop, 'impl', 2)).toEqual(['turn_failed', 'circuit_open'])
    await clock.advance(59_000)
    expect(await askTimes(shop, 'impl', 1)).toEqual(['circuit_open'])
    expect(backend.turns).toBe(6)
  })

  it('counts failures in a row, and only those that the next turn would meet as well', async () => {
    const { shop } = await openTeam({
      rules: [
        { agent: 'impl', times: 4, ...fails('process_exit') },
        { agent: 'impl', times: 1, reply: 'ok' },
        { agent: 'impl', ...fails('invalid_request') },
      ],
    })
    expect(await askTimes(shop, 'impl', 12)).not.toContain('circuit_open')
  })
})

describe('the circuit of an account', () => {
  it('stops every agent of the login, and tries it with one of them (AS-111)', async () => {
    const { shop, backend, clock } = await openTeam({
      rules: [
        { match: 'slow', steps: [{ delay: 1000 }, { say: 'ok' }] },
        { match: 'work', ...fails('overloaded') },
      ],
    })
    expect(await askTimes(shop, 'impl', 3)).not.toContain('circuit_open')
    expect(await askTimes(shop, 'reviewer', 3)).toEqual(['turn_failed', 'turn_failed', 'circuit_open'])
    await clock.advance(61_000)
    const probe = shop.ask('impl', 'slow')
    await clock.tick()
    expect(await askTimes(shop, 'reviewer', 1)).toEqual(['circuit_open'])
    expect((await shop.status()).circuits).toMatchObject([
      { circuit: 'account:scripted', state: 'half_open' },
    ])
    await clock.advance(1000)
    expect(await probe).toMatchObject({ text: 'ok' })
    expect((await shop.status()).circuits).toEqual([])
    expect(backend.turns).toBe(6)
  })
})
