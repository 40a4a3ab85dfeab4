import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FINISHED, LOST, eventOf, ledgerRow, turnRow } from '../../test/replay/example-rows.ts'
import {
  agentScope,
  countedMicros,
  emptyLedger,
  estimateScope,
  GLOBAL_SCOPE,
  profileScope,
  refusalFor,
  reservedMicros,
  scopesOf,
  settle,
  settleLost,
} from './ledger.ts'
import { RECENT_TURNS } from './reservation.ts'

describe('a turn is paid by', () => {
  it('the workshop and its agent', () => {
    expect(scopesOf({ agent: 'impl', profile: null })).toEqual(['global', 'agent:impl'])
  })

  it('its profile too, where it has one', () => {
    expect(scopesOf({ agent: 'impl', profile: 'coder' })).toEqual(['global', 'agent:impl', 'profile:coder'])
  })
})

describe('the next turn is estimated from', () => {
  it('the turns of its profile', () => {
    expect(estimateScope({ agent: 'impl', profile: 'coder' })).toBe(profileScope('coder'))
  })

  it('the turns of its agent where it has no profile', () => {
    expect(estimateScope({ agent: 'impl', profile: null })).toBe(agentScope('impl'))
  })
})

describe('what running turns have set aside', () => {
  const running = [
    turnRow({ id: 'turn_1', agent: 'impl', profile: 'coder', reservedMicros: 1 }),
    turnRow({ id: 'turn_2', agent: 'tests', profile: 'coder', reservedMicros: 20 }),
    turnRow({ id: 'turn_3', agent: 'reviewer', profile: null, reservedMicros: 300 }),
  ]

  it.each([
    [GLOBAL_SCOPE, 321],
    [agentScope('impl'), 1],
    [profileScope('coder'), 21],
    [agentScope('planner'), 0],
  ])('counts in %s as %i', (scope, micros) => {
    expect(reservedMicros(scope, running)).toBe(micros)
  })
})

describe('one more turn', () => {
  const limited = ledgerRow({ limitMicros: 1_000_000, spentMicros: 300_000, assumedMicros: 200_000 })

  it('fits up to the last millionth of the limit', () => {
    expect(refusalFor([limited], [], 500_000)).toBeUndefined()
    expect(refusalFor([limited], [], 500_001)).toMatchObject({ code: 'budget_exceeded' })
  })

  it('does not fit beside what running turns have set aside', () => {
    const running = [turnRow({ reservedMicros: 100_000 })]
    expect(refusalFor([limited], running, 400_000)).toBeUndefined()
    expect(refusalFor([limited], running, 400_001)).toMatchObject({ code: 'budget_exceeded' })
  })

  it('fits beside turns that others pay for', () => {
    const agents = { ...limited, scope: agentScope('impl') }
    expect(
      refusalFor([agents], [turnRow({ agent: 'tests', reservedMicros: 900_000 })], 500_000),
    ).toBeUndefined()
  })

  it('does not fit where the limit is reached, even if it costs nothing', () => {
    expect(refusalFor([{ ...limited, spentMicros: 800_000 }], [], 0)).toMatchObject({
      code: 'budget_exceeded',
    })
    expect(refusalFor([ledgerRow({ limitMicros: 0 })], [], 0)).toMatchObject({ code: 'budget_exceeded' })
  })

  it('always fits where there is no limit', () => {
    expect(refusalFor([ledgerRow({ spentMicros: 10 ** 12 })], [turnRow()], 10 ** 12)).toBeUndefined()
  })

  it('fits again when the budget was reset, while the bill stays', () => {
    const reset = { ...limited, limitMicros: 600_000, baselineMicros: countedMicros(limited) }
    expect(countedMicros(reset)).toBe(0)
    expect(refusalFor([reset], [], 600_000)).toBeUndefined()
  })

  it('names the scope that refuses it, and every figure', () => {
    const own = { ...limited, scope: agentScope('impl') }
    const refused = refusalFor(
      [ledgerRow({ limitMicros: 10_000_000 }), own],
      [turnRow({ reservedMicros: 100_000 })],
      600_000,
    )
    expect(refused).toEqual({
      code: 'budget_exceeded',
      message:
        'The budget of agent "impl" does not cover another turn: $0.50 of $1.00 are used, $0.10 are set aside for running turns, ' +
        'and the next turn needs $0.60. Raise the limit, or wait for running turns to end.',
      details: { scope: 'agent:impl', limitUsd: 1, usedUsd: 0.5, reservedUsd: 0.1, neededUsd: 0.6 },
    })
  })

  it('calls the budget of everything that of the workshop', () => {
    expect(refusalFor([limited], [], 600_000)?.message).toMatch(/^The budget of the workshop /u)
  })
})

describe('an ended turn', () => {
  it('adds what it cost and its tokens, cached ones as input', () => {
    expect(settle(ledgerRow({ spentMicros: 5, turns: 1 }), eventOf('turn.finished', FINISHED))).toEqual(
      ledgerRow({ spentMicros: 30_005, turns: 2, inputTokens: 110, outputTokens: 20 }),
    )
  })

  it('adds an unknown cost as assumed, and never to what the next turn is estimated from', () => {
    const event = eventOf('turn.finished', { ...FINISHED, costSource: 'assumed' })
    expect(settle(emptyLedger(agentScope('impl')), event)).toMatchObject({
      spentMicros: 0,
      assumedMicros: 30_000,
      turns: 1,
      assumedTurns: 1,
      recentMicros: [],
    })
  })

  it('is what the next turn of its profile is estimated from', () => {
    const event = eventOf('turn.finished', { ...FINISHED, profile: 'coder', costSource: 'computed' })
    const recent = [GLOBAL_SCOPE, agentScope('impl'), profileScope('coder')].map(
      (scope) => settle(emptyLedger(scope), event).recentMicros,
    )
    expect(recent).toEqual([[], [], [30_000]])
  })

  it('pushes out the oldest of the turns that are remembered', () => {
    const full = Array.from({ length: RECENT_TURNS }, (_, index) => index)
    const { recentMicros } = settle(
      { ...emptyLedger(agentScope('impl')), recentMicros: full },
      eventOf('turn.finished', FINISHED),
    )
    expect(recentMicros).toEqual([...full.slice(1), 30_000])
  })
})

it('a lost turn is charged at what it had set aside', () => {
  expect(settleLost(ledgerRow({ assumedMicros: 5 }), eventOf('turn.lost', LOST))).toEqual(
    ledgerRow({ assumedMicros: 500_005, turns: 1, assumedTurns: 1 }),
  )
})

it('turns that each fitted beside the others never exceed the limit together, if none costs more than it set aside', () => {
  const wanted = fc.array(fc.nat({ max: 400_000 }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.nat({ max: 1_000_000 }), wanted, (limitMicros, wishes) => {
      const ledger = ledgerRow({ limitMicros })
      const running = wishes.reduce(
        (started, reserved, index) =>
          refusalFor([ledger], started, reserved) === undefined
            ? [...started, turnRow({ id: `turn_${index}`, reservedMicros: reserved })]
            : started,
        [] as ReturnType<typeof turnRow>[],
      )
      expect(reservedMicros(GLOBAL_SCOPE, running)).toBeLessThanOrEqual(limitMicros)
    }),
  )
})
