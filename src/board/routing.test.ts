import { describe, expect, it } from 'vitest'
import type { AgentStatus } from '../agents/display.ts'
import { canHandle, routeTask, type Candidate } from './routing.ts'

const TASK = { id: 'auth', capability: 'code' }

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
      'No agent with the capability "code" can handle the task "auth". Those that can are a (error), b (offline); look at their last error with: status.',
    )
  })

  it('D07: nowhere where none can, which names the task', () => {
    expect(routeTask(TASK, [agent('a', 'idle', ['review', 3])])).toEqual({
      refused: {
        code: 'no_capable_agent',
        message:
          'No agent with the capability "code" can handle the task "auth". Asked were a; add an agent with the capability "code".',
        details: { item: 'auth', capability: 'code', agents: ['a'] },
      },
    })
    const empty = routeTask({ id: 'x', capability: null }, [])
    expect('refused' in empty && empty.refused.message).toBe(
      'No agent can handle the task "x". Asked were none; add an agent.',
    )
  })

  it('by what a profile itself says that it can', () => {
    const candidates = [agent('a', 'idle'), agent('b', 'idle')]
    expect(routeTask(TASK, candidates, (candidate) => candidate.agent === 'b')).toEqual({ agent: 'b' })
  })
})

it('an agent can what it names, and everything that asks for nothing', () => {
  const coder = agent('a', 'idle', ['code', 1])
  expect(canHandle(coder, TASK)).toBe(true)
  expect(canHandle(coder, { id: 'x', capability: 'review' })).toBe(false)
  expect(canHandle(agent('b', 'idle'), { id: 'x', capability: null })).toBe(true)
})
