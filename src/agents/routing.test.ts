import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentStatus } from './display.ts'
import {
  canHandle,
  rankCandidates,
  ROUTING_STRATEGIES,
  routeTask,
  type Candidate,
  type RoutingStrategy,
} from './routing.ts'

const CODE = { name: 'code', minExpertise: 1 }
const TASK = { id: 'auth', capability: CODE }

function agent(name: string, status: AgentStatus, ...capabilities: (readonly [string, number])[]): Candidate {
  return {
    agent: name,
    status,
    capabilities: capabilities.map(([capability, expertise]) => ({ name: capability, expertise })),
  }
}

describe('AS-107: a task goes', () => {
  it('D09: to the idle one of two that can', () => {
    const busy = agent('a', 'working', ['code', 9])
    expect(routeTask(TASK, [busy, agent('b', 'idle', ['code', 1])])).toEqual({ agent: 'b' })
    expect(routeTask(TASK, [busy, agent('c', 'waiting', ['code', 1])])).toEqual({ agent: 'c' })
  })

  it('to one that can, although another is idle', () => {
    const candidates = [agent('a', 'idle', ['review', 10]), agent('b', 'working', ['code', 1])]
    expect(routeTask(TASK, candidates)).toEqual({ agent: 'b' })
  })

  it('D25: to the one with the most expertise among those that are equally busy, then to the first', () => {
    const candidates = [
      agent('a', 'idle', ['code', 4]),
      agent('b', 'idle', ['code', 7], ['review', 1]),
      agent('c', 'idle', ['code', 7]),
      agent('d', 'idle', ['code', 1], ['review', 10]),
    ]
    expect(routeTask(TASK, candidates)).toEqual({ agent: 'b' })
    expect(routeTask({ id: 'x', capability: null }, candidates)).toEqual({ agent: 'd' })
  })

  it('to no agent in error or offline', () => {
    const candidates = [agent('a', 'error', ['code', 9]), agent('b', 'offline', ['code', 9])]
    const routed = routeTask(TASK, [...candidates, agent('c', 'working', ['code', 1])])
    expect(routed).toEqual({ agent: 'c' })
    const none = routeTask(TASK, candidates)
    expect('refused' in none && none.refused.message).toBe(
      'No agent with the capability "code" can handle the task "auth". Those that can are a (error), b (offline); look at their last error with: status. One that is asked by its name tries again.',
    )
  })

  it('D07: nowhere where none can, which names the task', () => {
    expect(routeTask(TASK, [agent('a', 'idle', ['review', 3])])).toEqual({
      refused: {
        code: 'no_capable_agent',
        message:
          'No agent with the capability "code" can handle the task "auth". Asked were a; add an agent with the capability "code".',
        details: { task: 'auth', capability: 'code', agents: ['a'] },
      },
    })
    const empty = routeTask({ id: 'x', capability: null }, [])
    expect('refused' in empty && empty.refused.message).toBe(
      'No agent can handle the task "x". Asked were none; add an agent.',
    )
  })

  it('by what a profile itself says that it can', () => {
    const candidates = [agent('a', 'idle'), agent('b', 'idle')]
    expect(routeTask(TASK, candidates, { can: ({ agent: name }) => name === 'b' })).toEqual({ agent: 'b' })
  })
})

it('an agent can what it names, and everything that asks for nothing', () => {
  const coder = agent('a', 'idle', ['code', 1])
  expect(canHandle(coder, TASK)).toBe(true)
  expect(canHandle(coder, { capability: { name: 'review', minExpertise: 1 } })).toBe(false)
  expect(canHandle(coder, { capability: { name: 'code', minExpertise: 2 } })).toBe(false)
  expect(canHandle(agent('b', 'idle'), { capability: null })).toBe(true)
})

describe('D10: by a strategy', () => {
  const candidates: readonly Candidate[] = [
    { ...agent('a', 'idle', ['code', 2]), lastWork: 30, turns: 6, weight: 3, success: 0.4 },
    { ...agent('b', 'working', ['code', 9]), lastWork: 10, turns: 9, weight: 1, success: 0.9 },
    { ...agent('c', 'waiting', ['code', 5]), lastWork: 0, turns: 3, weight: 1, success: 0.9 },
    { ...agent('d', 'offline', ['code', 10]), lastWork: 0, turns: 0, weight: 9, success: 1 },
  ]

  it.each<[RoutingStrategy, string]>([
    ['least_loaded', 'acb'],
    ['capability', 'bca'],
    ['round_robin', 'cba'],
    ['weighted_round_robin', 'acb'],
    ['performance', 'cba'],
  ])('%s takes them in the order %s', (strategy, order) => {
    expect(rankCandidates(CODE, candidates, strategy).map(({ agent: name }) => name)).toEqual(order.split(''))
    expect(routeTask(TASK, candidates, { strategy })).toEqual({ agent: order[0] })
  })

  it.each(ROUTING_STRATEGIES)('%s takes those that are equal in order of their names', (strategy) => {
    const equal = [agent('b', 'idle'), agent('a', 'idle'), agent('c', 'idle')]
    expect(rankCandidates(null, equal, strategy).map(({ agent: name }) => name)).toEqual(['a', 'b', 'c'])
  })

  it('leaves nobody out who takes tasks, and has the same order however they are listed', () => {
    const candidate = fc.record({
      agent: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      status: fc.constantFrom<AgentStatus>('idle', 'working', 'waiting', 'error', 'offline'),
      capabilities: fc.array(
        fc.record({ name: fc.constant('code'), expertise: fc.integer({ min: 1, max: 10 }) }),
      ),
      lastWork: fc.nat({ max: 3 }),
      turns: fc.nat({ max: 3 }),
      success: fc.constantFrom(0, 0.5, 1),
    })
    const team = fc.uniqueArray(candidate, { selector: ({ agent: name }) => name })
    fc.assert(
      fc.property(team, fc.constantFrom(...ROUTING_STRATEGIES), (all, strategy) => {
        const ranked = rankCandidates(CODE, all, strategy)
        const takers = all.filter(({ status }) => !['error', 'offline'].includes(status))
        expect(ranked).toHaveLength(takers.length)
        expect(rankCandidates(CODE, all.toReversed(), strategy)).toEqual(ranked)
      }),
    )
  })
})
