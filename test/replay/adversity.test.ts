import { describe, expect, it } from 'vitest'
import type { Action, AgentName } from './actions.ts'
import { brokenInvariants } from './invariants.ts'
import { RowTeam, type Result } from './row-team.ts'

const CREATE = { do: 'create', agent: 'impl', profile: null, definition: 0 } as const
const REPLACE = { ...CREATE, definition: 1 } as const
const RESET = { do: 'reset', agent: 'impl' } as const
const DISMISS = { do: 'dismiss', agent: 'impl' } as const
const POST = { do: 'post', agent: 'impl', kind: 'cast', isLong: false } as const
const START = { do: 'start', agent: 'impl', host: 'host_1' } as const
const LOSE = { do: 'lose', host: 'host_1', reason: 'host_died' } as const
const FINISH = {
  do: 'finish',
  turn: 0,
  isAny: false,
  outcome: 'completed',
  costMicros: 10_000,
  namesSession: true,
} as const

/** What a team has come to, and what its last action was. */
function after(...actions: Action[]): { team: RowTeam; last: Result } {
  const team = new RowTeam()
  let last: Result = { events: [] }
  for (const action of actions) last = team.perform(action)
  const rows = {
    agent: team.list('agent'),
    message: team.list('message'),
    turn: team.list('turn'),
    ledger: team.list('ledger'),
  }
  expect(brokenInvariants(rows, team.log)).toEqual([])
  return { team, last }
}

function types(result: Result): string[] {
  return 'events' in result ? result.events.map(({ type }) => type) : [result.refused]
}

function statesOf(team: RowTeam): string[] {
  return team.list('message').map(({ state }) => state)
}

describe('a mailbox', () => {
  it('AS-05: takes one message that runs and five that wait, and refuses the next', () => {
    const { team, last } = after(CREATE, POST, START, POST, POST, POST, POST, POST, POST)
    expect(types(last)).toEqual(['queue_full'])
    expect(team.get('agent', 'impl')).toMatchObject({ turn: 'turn_0', queued: 5 })
  })

  it('AS-05: takes a burst of six before the first has started, and refuses the next', () => {
    const { team, last } = after(CREATE, POST, POST, POST, POST, POST, POST, POST)
    expect(types(last)).toEqual(['queue_full'])
    expect(team.get('agent', 'impl')).toMatchObject({ turn: null, queued: 6 })
  })

  it('AS-05: takes no more when a lost turn has put its message back before the five that wait', () => {
    const { team, last } = after(CREATE, POST, START, POST, POST, POST, POST, POST, LOSE, POST)
    expect(types(last)).toEqual(['queue_full'])
    expect(team.get('agent', 'impl')).toMatchObject({ turn: null, queued: 6, ready: 1 })
  })

  it('AS-05: runs its messages in order of arrival, also those that were put back', () => {
    const { team } = after(
      CREATE,
      POST,
      POST,
      START,
      LOSE,
      POST,
      START,
      FINISH,
      START,
      LOSE,
      START,
      FINISH,
      START,
    )
    const order = team.log.flatMap((event) => (event.type === 'turn.started' ? [event.data.message] : []))
    expect(order).toEqual(['msg_0', 'msg_0', 'msg_1', 'msg_1', 'msg_2'])
  })
})

describe.each([
  ['replaced', REPLACE],
  ['reset', RESET],
])('an agent that is %s while it works', (_name, change) => {
  it('gives up what it has to do', () => {
    const { team } = after(CREATE, POST, START, POST, change)
    expect(statesOf(team)).toEqual(['cancelled', 'cancelled'])
    expect(team.get('agent', 'impl')).toMatchObject({ queued: 0, turn: 'turn_0', ready: 0, generation: 2 })
  })

  it('starts the next message only when its turn has ended', () => {
    const { team, last } = after(CREATE, POST, START, change, POST, START)
    expect(types(last)).toEqual([])
    expect(types(team.perform(FINISH))).toEqual(['turn.finished'])
    expect(types(team.perform(START))).toEqual(['turn.started'])
  })

  it('takes cost from the turn that ended late, and neither answer nor session', () => {
    const { team } = after(CREATE, POST, START, change, FINISH)
    expect(statesOf(team)).toEqual(['cancelled'])
    expect(team.get('agent', 'impl')).toMatchObject({ session: null, turns: 0, last: null, turn: null })
    expect(team.get('ledger', 'agent:impl')).toMatchObject({ spentMicros: 10_000, turns: 1 })
  })

  it('is free when that turn is lost, and nothing is run again', () => {
    const { team } = after(CREATE, POST, START, change, LOSE)
    expect(statesOf(team)).toEqual(['cancelled'])
    expect(team.get('agent', 'impl')).toMatchObject({ queued: 0, turn: null })
    expect(types(team.perform(START))).toEqual([])
  })
})

describe('a dismissed agent', () => {
  it('gives up what it has to do and takes nothing more', () => {
    const { team, last } = after(CREATE, POST, START, POST, DISMISS, POST)
    expect(statesOf(team)).toEqual(['cancelled', 'cancelled'])
    expect(types(last)).toEqual(['not_found'])
  })

  it('comes back to life with the same definition, and works when its old turn has ended', () => {
    const { team } = after(CREATE, POST, START, DISMISS, CREATE, POST, START)
    expect(team.get('agent', 'impl')).toMatchObject({
      state: 'active',
      generation: 2,
      turn: 'turn_0',
      queued: 1,
    })
    team.perform(FINISH)
    expect(types(team.perform(START))).toEqual(['turn.started'])
    team.perform(FINISH)
    expect(statesOf(team)).toEqual(['cancelled', 'answered'])
  })

  it('keeps its bill', () => {
    const { team } = after(CREATE, POST, START, FINISH, DISMISS, CREATE, RESET)
    expect(team.get('ledger', 'agent:impl')).toMatchObject({ spentMicros: 10_000, turns: 1 })
  })

  it('leaves no schedule to the next agent of its name', () => {
    const every = { do: 'every', agent: 'impl', intervalMs: 100 } as const
    const { last } = after(CREATE, every, DISMISS, CREATE, { do: 'pass', ms: 1000 })
    expect(types(last)).toEqual([])
  })
})

describe('a cancelled message', () => {
  const cancel = { do: 'cancelMessage', message: 0 } as const

  it('is not run again when its turn is lost', () => {
    const { team } = after(CREATE, POST, START, cancel, LOSE)
    expect(statesOf(team)).toEqual(['cancelled'])
    expect(team.get('agent', 'impl')).toMatchObject({ queued: 0, turn: null })
  })

  it('is answered by nothing that arrives later, but the conversation goes on', () => {
    const { team } = after(CREATE, POST, START, cancel, FINISH)
    expect(statesOf(team)).toEqual(['cancelled'])
    expect(team.get('agent', 'impl')?.session).not.toBeNull()
  })

  it('lets the ones behind it go on', () => {
    const { team } = after(CREATE, POST, POST, cancel, START, FINISH)
    expect(statesOf(team)).toEqual(['cancelled', 'answered'])
  })
})

it('a turn that was lost can no longer be finished, and its message is answered by the next one', () => {
  const late = { ...FINISH, isAny: true } as const
  const { team, last } = after(CREATE, POST, START, LOSE, START, late)
  expect(types(last)).toEqual(['stale_claim'])
  team.perform(FINISH)
  expect(team.get('message', 'msg_0')).toMatchObject({ state: 'answered', attempts: 2, turn: 'turn_1' })
})

it('a message on which ten hosts died fails, and the next one runs', () => {
  const deaths = Array.from({ length: 10 }, () => [START, LOSE]).flat()
  const { team } = after(CREATE, POST, POST, ...deaths)
  expect(statesOf(team)).toEqual(['failed', 'queued'])
  expect(team.get('agent', 'impl')).toMatchObject({ queued: 1, ready: 1, last: 'msg_0' })
  expect(types(team.perform(START))).toEqual(['turn.started'])
})

describe('a limit of the workshop', () => {
  const limit = { do: 'setBudget', agent: null, limitMicros: 1_000_000 } as const
  const names: readonly AgentName[] = ['impl', 'tests', 'reviewer']
  const three = names.map((agent) => ({ ...CREATE, agent }))
  const posts = names.map((agent) => ({ ...POST, agent }))
  const starts = names.map((agent) => ({ ...START, agent }))

  it('lets no more turns run at once than it covers, each at what is assumed', () => {
    const { team, last } = after(limit, ...three, ...posts, ...starts)
    expect(types(last)).toEqual(['message.failed'])
    expect(team.get('message', 'msg_2')?.error).toMatchObject({
      code: 'budget_exceeded',
      details: { reservedUsd: 1 },
    })
  })

  it('lets the next turn run when the others cost less than they had set aside', () => {
    const { team } = after(limit, ...three, ...posts, ...starts.slice(0, 2), FINISH, FINISH)
    expect(types(team.perform(starts[2] as Action))).toEqual(['turn.started'])
  })

  it('counts a lost turn at what it had set aside, so that nothing more starts', () => {
    const { last } = after(limit, ...three, ...posts, ...starts.slice(0, 2), LOSE, POST)
    expect(types(last)).toEqual(['budget_exceeded'])
  })

  it('lets turns start again when it is reset, and keeps the bill', () => {
    const reset = { do: 'resetBudget', agent: null } as const
    const { team, last } = after(limit, ...three, ...posts, ...starts.slice(0, 2), LOSE, reset, START)
    expect(types(last)).toEqual(['turn.started'])
    expect(team.get('ledger', 'global')).toMatchObject({
      assumedMicros: 1_000_000,
      baselineMicros: 1_000_000,
    })
  })
})

it('AS-02: a conversation outlives a turn that failed before its backend began one', () => {
  const failed = { ...FINISH, outcome: 'network', namesSession: false } as const
  const { team } = after(CREATE, POST, START, FINISH, POST, START, failed, POST, START)
  const sessions = team.list('turn').map(({ session }) => session?.id)
  expect(sessions[1]).toBeDefined()
  expect(sessions[2]).toBe(sessions[1])
})
