import { agentScope, GLOBAL_SCOPE } from '../money/ledger.ts'

/** The scope of an agent's budget, or of the workshop's. */
export function budgetScope(agent: string | undefined): string {
  return agent === undefined ? GLOBAL_SCOPE : agentScope(agent)
}
