/** Runs single turns for the tests of the adapters. */
import type { AgentBackend, AgentEvent, TurnOutcome, TurnRequest } from '../../src/agent-backend.ts'
import type { TurnFailure } from '../../src/agents/failures.ts'
import { newId } from '../../src/ids.ts'

export interface TurnResult {
  readonly events: readonly AgentEvent[]
  readonly outcome: TurnOutcome
}

/** A request with what every request has. */
export function requestOf(fields: Partial<TurnRequest>): TurnRequest {
  return {
    turn: newId('turn'),
    agent: 'impl',
    cwd: '/',
    prompt: 'Do it',
    env: {},
    permissionMode: 'auto',
    ...fields,
  }
}

/** Runs a turn to its end. */
export async function runTurn(
  backend: AgentBackend,
  fields: Partial<TurnRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<TurnResult> {
  const events: AgentEvent[] = []
  for await (const event of backend.run(requestOf(fields), signal)) events.push(event)
  const last = events.at(-1)
  if (last?.t !== 'end') throw new Error('The stream has no end.')
  return { events, outcome: last.outcome }
}

/** The failure of a turn that must have failed. */
export function failureOf({ outcome }: TurnResult): TurnFailure {
  if (outcome.status !== 'failed') throw new Error(`The turn is ${outcome.status}: ${outcome.text}`)
  return outcome.failure
}

/** The events of one kind. */
export function eventsOf<T extends AgentEvent['t']>(
  { events }: TurnResult,
  t: T,
): Extract<AgentEvent, { readonly t: T }>[] {
  return events.filter((event): event is Extract<AgentEvent, { readonly t: T }> => event.t === t)
}
