/** The breakers in front of each agent and each account, as turns see them. */
import { FAILURES, type TurnFailure } from '../agents/failures.ts'
import { isQuotaFailure } from '../agents/quota.ts'
import { admit, afterCall, closedCircuit, type CircuitRow } from '../board/circuit.ts'
import type { ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { Reader } from '../store.ts'
import type { AgentRow } from '../tables.ts'

/** The breakers that a turn of an agent passes. */
export interface Circuits {
  readonly agent: CircuitRow
  readonly account: CircuitRow
}

export async function loadCircuits(
  reader: Reader,
  { name, account }: Pick<AgentRow, 'name' | 'account'>,
): Promise<Circuits> {
  const read = async (key: string): Promise<CircuitRow> =>
    (await reader.get('circuit', key)) ?? closedCircuit(key)
  return { agent: await read(`agent:${name}`), account: await read(`account:${account}`) }
}

/** Lets a turn through, as the probe where it is time for one, or says why not. */
export function admitTurn(
  { agent, account }: Circuits,
  turn: string,
  now: number,
): { readonly events: readonly NewEvent[] } | { readonly refused: ErrorData } {
  const events: NewEvent[] = []
  for (const before of [account, agent]) {
    const admitted = admit(before, turn, now)
    if ('refused' in admitted) return admitted
    events.push(...changed(before, admitted.circuit))
  }
  return { events }
}

/** True while nothing is sent: whoever has a choice asks somebody else. */
export function isOpen(circuits: Circuits, now: number): boolean {
  return 'refused' in admitTurn(circuits, '', now)
}

/**
 * What the end of a turn makes of its breakers. A failure counts where its kind says that the next turn would meet it, too;
 * a turn that failed for a reason of its own shows that agent and account answer.
 */
export function circuitsAfter(
  { agent, account }: Circuits,
  turn: string,
  failure: TurnFailure | null,
  now: number,
): readonly NewEvent[] {
  const breaks = failure === null ? 'nothing' : FAILURES[failure.kind].breaks
  // Of a turn that was cancelled nobody knows how it would have ended; a used-up quota is a state of its own.
  if (failure?.kind === 'cancelled' || isQuotaFailure(failure)) return []
  const accountAfter = afterCall(account, { id: turn, ok: breaks !== 'account' }, now)
  const agentAfter =
    breaks === 'account' ? agent : afterCall(agent, { id: turn, ok: breaks !== 'agent' }, now)
  return [...changed(account, accountAfter), ...changed(agent, agentAfter)]
}

function changed(before: CircuitRow, after: CircuitRow): NewEvent[] {
  return after === before ? [] : [{ type: 'circuit.changed', data: after }]
}
