import type { EventOf, NewEvent } from '../events.ts'
import type { LedgerRow, RowChange, RowLookup, RowRef } from '../tables.ts'
import { countedMicros, emptyLedger, scopesOf, settle, settleLost } from './ledger.ts'

function ledgerRefs(scopes: readonly string[]): RowRef[] {
  return scopes.map((scope) => ({ table: 'ledger', key: scope }))
}

function change(
  rows: RowLookup,
  scopes: readonly string[],
  next: (ledger: LedgerRow) => LedgerRow,
): RowChange[] {
  return scopes.map((scope) => ({
    table: 'ledger',
    key: scope,
    row: next(rows('ledger', scope) ?? emptyLedger(scope)),
  }))
}

/** The ledger rows that an event of money reads. */
export function ledgerReads(event: NewEvent): RowRef[] {
  switch (event.type) {
    case 'turn.finished':
    case 'turn.lost':
      return ledgerRefs(scopesOf(event.data))
    case 'budget.set':
    case 'budget.reset':
      return ledgerRefs([event.data.scope])
    default:
      return []
  }
}

/** Charges an ended turn to every scope that pays for it. */
export function applyTurnFinished(event: EventOf<'turn.finished'>, rows: RowLookup): RowChange[] {
  return change(rows, scopesOf(event.data), (ledger) => settle(ledger, event))
}

/** Charges a lost turn at its reservation. */
export function applyTurnLost(event: EventOf<'turn.lost'>, rows: RowLookup): RowChange[] {
  return change(rows, scopesOf(event.data), (ledger) => settleLost(ledger, event))
}

export function applyBudgetSet(event: EventOf<'budget.set'>, rows: RowLookup): RowChange[] {
  return change(rows, [event.data.scope], (ledger) => ({
    ...ledger,
    limitMicros: event.data.limitMicros,
    limitSetAt: event.at,
  }))
}

/** What was spent so far no longer counts against the limit; it stays on the bill. */
export function applyBudgetReset(event: EventOf<'budget.reset'>, rows: RowLookup): RowChange[] {
  return change(rows, [event.data.scope], (ledger) => ({
    ...ledger,
    baselineMicros: ledger.baselineMicros + countedMicros(ledger),
  }))
}
