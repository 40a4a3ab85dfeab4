/** What was spent and what may still be spent. */
import { countedMicros, emptyLedger, GLOBAL_SCOPE, reservedMicros } from '../money/ledger.ts'
import { usdOf } from '../money/usd.ts'
import type { Reader, StoreView } from '../store.ts'
import type { LedgerRow } from '../tables.ts'
import type { BudgetView, CostLine, CostReport } from './view-types.ts'

export async function ledgerOf(reader: Reader, scope: string): Promise<LedgerRow> {
  return (await reader.get('ledger', scope)) ?? emptyLedger(scope)
}

/** A scope's costs in USD. */
export function spending(ledger: LedgerRow): Omit<CostLine, 'name'> {
  return {
    costUsd: usdOf(ledger.spentMicros + ledger.assumedMicros),
    assumedUsd: usdOf(ledger.assumedMicros),
    turns: ledger.turns,
    assumedTurns: ledger.assumedTurns,
    inputTokens: ledger.inputTokens,
    outputTokens: ledger.outputTokens,
  }
}

/** The total, and each agent's part of it, also of agents that were reset or dismissed. */
export async function viewCost(store: StoreView): Promise<CostReport> {
  return store.read(async (reader) => {
    const ledgers = await reader.list('ledger')
    const agents = ledgers
      .filter(({ scope }) => scope.startsWith('agent:'))
      .map((ledger) => ({ name: ledger.scope.slice('agent:'.length), ...spending(ledger) }))
    const total = ledgers.find(({ scope }) => scope === GLOBAL_SCOPE) ?? emptyLedger(GLOBAL_SCOPE)
    return { total: { name: 'total', ...spending(total) }, agents }
  })
}

export async function viewBudget(store: StoreView, scope: string): Promise<BudgetView> {
  return store.read(async (reader) => {
    const ledger = await ledgerOf(reader, scope)
    const reserved = reservedMicros(scope, await reader.list('turn', { where: { state: 'running' } }))
    const counted = countedMicros(ledger)
    return {
      scope,
      limitUsd: ledger.limitMicros === null ? null : usdOf(ledger.limitMicros),
      usedUsd: usdOf(counted),
      reservedUsd: usdOf(reserved),
      remainingUsd:
        ledger.limitMicros === null ? null : usdOf(Math.max(0, ledger.limitMicros - counted - reserved)),
    }
  })
}
