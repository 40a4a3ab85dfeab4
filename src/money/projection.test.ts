import { describe, expect, it } from 'vitest'
import { FINISHED, LOST, eventOf, ledgerRow, lookup } from '../../test/replay/example-rows.ts'
import { emptyLedger } from './ledger.ts'
import {
  applyBudgetReset,
  applyBudgetSet,
  applyTurnFinished,
  applyTurnLost,
  ledgerReads,
} from './projection.ts'

const NOTHING = lookup({})

describe('events of money read', () => {
  it.each([
    [
      'an ended turn',
      eventOf('turn.finished', { ...FINISHED, profile: 'coder' }),
      ['global', 'agent:impl', 'profile:coder'],
    ],
    ['a lost turn', eventOf('turn.lost', LOST), ['global', 'agent:impl']],
    ['a limit', eventOf('budget.set', { scope: 'agent:impl', limitMicros: 5 }), ['agent:impl']],
    ['a reset budget', eventOf('budget.reset', { scope: 'global' }), ['global']],
    ['anything else', eventOf('agent.dismissed', { agent: 'impl' }), []],
  ])('for %s the ledgers that it changes', (_name, event, scopes) => {
    expect(ledgerReads(event)).toEqual(scopes.map((key) => ({ table: 'ledger', key })))
  })
})

describe('the ledger', () => {
  it('charges an ended turn to every scope that pays for it, also where nothing has happened yet', () => {
    const rows = lookup({ ledger: [ledgerRow({ spentMicros: 1 })] })
    const changes = applyTurnFinished(eventOf('turn.finished', FINISHED), rows)
    expect(changes.map(({ key, row }) => [key, row])).toMatchObject([
      ['global', { scope: 'global', spentMicros: 30_001, turns: 1 }],
      ['agent:impl', { scope: 'agent:impl', spentMicros: 30_000, turns: 1 }],
    ])
  })

  it('charges a lost turn to the same scopes', () => {
    const changes = applyTurnLost(eventOf('turn.lost', { ...LOST, profile: 'coder' }), NOTHING)
    expect(changes.map(({ key, row }) => [key, row])).toMatchObject([
      ['global', { assumedMicros: 500_000 }],
      ['agent:impl', { assumedMicros: 500_000 }],
      ['profile:coder', { assumedMicros: 500_000 }],
    ])
  })

  it.each([[2_000_000], [null]])('takes a limit of %d', (limitMicros) => {
    const rows = lookup({ ledger: [ledgerRow({ limitMicros: 1, spentMicros: 7 })] })
    const changes = applyBudgetSet(eventOf('budget.set', { scope: 'global', limitMicros }), rows)
    expect(changes).toEqual([
      { table: 'ledger', key: 'global', row: ledgerRow({ limitMicros, limitSetAt: 9000, spentMicros: 7 }) },
    ])
  })

  it('begins to count anew when a budget is reset, every time', () => {
    const spent = ledgerRow({ limitMicros: 100, baselineMicros: 40, spentMicros: 60, assumedMicros: 30 })
    const [change] = applyBudgetReset(
      eventOf('budget.reset', { scope: 'global' }),
      lookup({ ledger: [spent] }),
    )
    expect(change?.row).toEqual({ ...spent, baselineMicros: 90 })
  })

  it('may be limited before anything was spent', () => {
    const [change] = applyBudgetSet(eventOf('budget.set', { scope: 'agent:impl', limitMicros: 5 }), NOTHING)
    expect(change?.row).toEqual({ ...emptyLedger('agent:impl'), limitMicros: 5, limitSetAt: 9000 })
  })
})
