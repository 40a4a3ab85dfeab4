/** Commits how a turn ended: message, agent, money and transcript at once. */
import type { TurnOutcome } from '../agent-backend.ts'
import { decideFinish } from '../agents/mailbox.ts'
import { FAILURES, type TurnFailure } from '../agents/failures.ts'
import { packText } from '../ids.ts'
import { microsOf } from '../money/usd.ts'
import type { SessionRef } from '../tables.ts'
import { circuitsAfter, loadCircuits } from './circuits.ts'
import type { TeamContext } from './context.ts'
import type { TranscriptRows } from './turn-record.ts'
import type { StartedTurn } from './turn-start.ts'

/**
 * Settles a turn. A turn that was taken from this host meanwhile changes nothing.
 * @returns true if a message waits for the agent that may be started now
 */
export async function settleTurn(
  team: TeamContext,
  host: string,
  started: StartedTurn,
  outcome: TurnOutcome,
  session: SessionRef | null,
  transcript: TranscriptRows,
): Promise<boolean> {
  const failure = failureOf(outcome)
  const answer = outcome.status === 'completed' ? packText(outcome.text) : { stored: null, blobs: [] }
  const result = await team.store.transact({
    name: 'turn.finish',
    keys: [`agent:${started.agent.name}`],
    by: { actor: host, via: 'host' },
    blobs: [...answer.blobs, ...transcript.blobs],
    async load(reader) {
      const turn = await reader.get('turn', started.turn)
      const message = await reader.get('message', started.message.id)
      const agent = await reader.get('agent', started.agent.name)
      return { turn, message, agent, circuits: await loadCircuits(reader, agent ?? started.agent) }
    },
    decide({ turn, message, agent, circuits }, now) {
      const decision = decideFinish(
        {
          turn: started.turn,
          outcome: outcome.status,
          answer: answer.stored,
          failure,
          session,
          usage: outcome.usage,
          costMicros: outcome.costUsd === undefined ? null : microsOf(outcome.costUsd),
          costSource: outcome.costSource ?? null,
          modelTurns: outcome.modelTurns ?? 1,
        },
        { turn, message, account: agent?.account ?? started.agent.account },
        now,
      )
      if ('refused' in decision) return decision
      const events = [...decision.events, ...circuitsAfter(circuits, started.turn, failure, now)]
      return { events, rows: transcript.rows }
    },
  })
  const limited = result.ok && result.events.some((event) => event.type === 'account.limited')
  return !limited && (result.loaded.agent?.queued ?? 0) > 0
}

function failureOf(outcome: TurnOutcome): TurnFailure | null {
  switch (outcome.status) {
    case 'completed':
      return null
    case 'cancelled':
      return { kind: 'cancelled', message: 'The turn was cancelled.' }
    case 'failed':
      // A backend that somebody else wrote may name a kind that there is not; the turn must end all the same.
      return Object.hasOwn(FAILURES, outcome.failure.kind)
        ? outcome.failure
        : { ...outcome.failure, kind: 'unknown' }
  }
}
