import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AtelierEvent } from '../../src/events.ts'
import { projection } from '../../src/projection.ts'
import { replay } from '../../src/testing/replay.ts'
import { sequences, type Action } from './actions.ts'
import { brokenBudget, brokenFinality, brokenInvariants, type TeamRows } from './invariants.ts'
import { Oracle } from './oracle.ts'
import { RowTeam } from './row-team.ts'

function rowsOf(team: RowTeam): TeamRows {
  return {
    agent: team.list('agent'),
    message: team.list('message'),
    turn: team.list('turn'),
    ledger: team.list('ledger'),
  }
}

/** Does what the actions say, and checks everything after each. */
function play(actions: readonly Action[]): RowTeam {
  const team = new RowTeam()
  const oracle = new Oracle()
  for (const action of actions) {
    const before = rowsOf(team)
    const turn = action.do === 'finish' ? team.pickTurn(action.turn, action.isAny) : undefined
    const result = team.perform(action)
    oracle.check(action, result, turn)
    const after = rowsOf(team)
    expect(brokenInvariants(after, team.log)).toEqual([])
    expect(brokenFinality(before, after)).toEqual([])
    expect(brokenBudget(before, after, action, result)).toEqual([])
  }
  return team
}

it('a team keeps its promises after every step, whatever happens to it', () => {
  fc.assert(
    fc.property(sequences(80), (actions) => {
      play(actions)
    }),
    { numRuns: 300 },
  )
})

it('replaying the log gives the rows at every cut of it', () => {
  fc.assert(
    fc.property(sequences(40), (actions) => {
      const cuts: string[] = []
      const team = new RowTeam(() => void cuts.push(JSON.stringify(team.rows())))
      for (const action of actions) team.perform(action)
      const log = JSON.parse(JSON.stringify(team.log)) as AtelierEvent[]
      expect(cuts).toHaveLength(log.length)
      for (const [index, rows] of cuts.entries()) {
        expect(JSON.stringify(replay(log.slice(0, index + 1), projection))).toBe(rows)
      }
    }),
    { numRuns: 30 },
  )
})
