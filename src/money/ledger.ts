/** Balances per scope: what was spent, what is set aside, and whether one more turn fits. */
import { errorData, type ErrorData } from '../errors.ts'
import type { EventOf } from '../events.ts'
import type { LedgerRow, TurnRow } from '../tables.ts'
import { RECENT_TURNS } from './reservation.ts'
import { formatUsd, usdOf } from './usd.ts'

export const GLOBAL_SCOPE = 'global'

/** The scope of one agent's spending, over all its replacements and resets. */
export function agentScope(agent: string): string {
  return `agent:${agent}`
}

export function profileScope(profile: string): string {
  return `profile:${profile}`
}

/** Every scope that pays for a turn. */
export function scopesOf(turn: { readonly agent: string; readonly profile: string | null }): string[] {
  const scopes = [GLOBAL_SCOPE, agentScope(turn.agent)]
  return turn.profile === null ? scopes : [...scopes, profileScope(turn.profile)]
}

/** The scope whose recent costs estimate the next turn: the profile's, else the agent's own. */
export function estimateScope(turn: { readonly agent: string; readonly profile: string | null }): string {
  return turn.profile === null ? agentScope(turn.agent) : profileScope(turn.profile)
}

/** A scope in which nothing has happened. */
export function emptyLedger(scope: string): LedgerRow {
  return {
    scope,
    limitMicros: null,
    limitSetAt: null,
    baselineMicros: 0,
    spentMicros: 0,
    assumedMicros: 0,
    turns: 0,
    assumedTurns: 0,
    inputTokens: 0,
    outputTokens: 0,
    recentMicros: [],
  }
}

/** What counts against the limit: reported and assumed costs since the last reset of the budget. */
export function countedMicros(ledger: LedgerRow): number {
  return ledger.spentMicros + ledger.assumedMicros - ledger.baselineMicros
}

/** What running turns have set aside in a scope. */
export function reservedMicros(scope: string, running: readonly TurnRow[]): number {
  let sum = 0
  for (const turn of running) if (scopesOf(turn).includes(scope)) sum += turn.reservedMicros
  return sum
}

/** The first limited scope in which `wantedMicros` does not fit beside what is spent and set aside. */
export function refusalFor(
  ledgers: readonly LedgerRow[],
  running: readonly TurnRow[],
  wantedMicros: number,
): ErrorData | undefined {
  for (const ledger of ledgers) {
    if (ledger.limitMicros === null) continue
    const counted = countedMicros(ledger)
    const reserved = reservedMicros(ledger.scope, running)
    const exhausted = counted >= ledger.limitMicros
    if (!exhausted && counted + reserved + wantedMicros <= ledger.limitMicros) continue
    return errorData(
      'budget_exceeded',
      `The budget of ${describeScope(ledger.scope)} does not cover another turn: ` +
        `${formatUsd(usdOf(counted))} of ${formatUsd(usdOf(ledger.limitMicros))} are used, ` +
        `${formatUsd(usdOf(reserved))} are set aside for running turns, and the next turn needs ${formatUsd(usdOf(wantedMicros))}. ` +
        'Raise the limit, or wait for running turns to end.',
      {
        scope: ledger.scope,
        limitUsd: usdOf(ledger.limitMicros),
        usedUsd: usdOf(counted),
        reservedUsd: usdOf(reserved),
        neededUsd: usdOf(wantedMicros),
      },
    )
  }
  return undefined
}

function describeScope(scope: string): string {
  if (scope === GLOBAL_SCOPE) return 'the workshop'
  const [kind, name] = scope.split(':', 2)
  return `${kind} "${name}"`
}

/** A scope after one of its turns has ended. */
export function settle(ledger: LedgerRow, { data }: EventOf<'turn.finished'>): LedgerRow {
  const assumed = data.costSource === 'assumed'
  return {
    ...ledger,
    spentMicros: ledger.spentMicros + (assumed ? 0 : data.costMicros),
    assumedMicros: ledger.assumedMicros + (assumed ? data.costMicros : 0),
    turns: ledger.turns + 1,
    assumedTurns: ledger.assumedTurns + (assumed ? 1 : 0),
    inputTokens: ledger.inputTokens + data.usage.input + data.usage.cacheRead + data.usage.cacheWrite,
    outputTokens: ledger.outputTokens + data.usage.output,
    recentMicros:
      ledger.scope === estimateScope(data) && !assumed
        ? [...ledger.recentMicros, data.costMicros].slice(-RECENT_TURNS)
        : ledger.recentMicros,
  }
}

/** A scope after a turn was lost: what it had set aside is charged. */
export function settleLost(ledger: LedgerRow, { data }: EventOf<'turn.lost'>): LedgerRow {
  return {
    ...ledger,
    assumedMicros: ledger.assumedMicros + data.chargedMicros,
    turns: ledger.turns + 1,
    assumedTurns: ledger.assumedTurns + 1,
  }
}
