/** A projection small enough to see through, over the real tables: what the store's own suite uses. */
import { applyBoard, boardReads } from '../board/projection.ts'
import { emptyLedger } from '../money/ledger.ts'
import type { Projection } from '../store.ts'
import type { AgentRow } from '../tables.ts'

/**
 * `budget.set` counts in `turns`; `message.posted` changes two rows; `context.put` reads nothing; items are those of the
 * board, as rows of a compound key and removed ones go with them.
 */
export const smallProjection: Projection = {
  reads(event) {
    if (event.type === 'budget.set') return [{ table: 'ledger', key: event.data.scope }]
    if (event.type === 'message.posted') return [{ table: 'agent', key: event.data.agent }]
    return boardReads(event)
  },
  apply(event, rows) {
    switch (event.type) {
      case 'budget.set': {
        const { scope, limitMicros } = event.data
        const before = rows('ledger', scope) ?? emptyLedger(scope)
        const row = {
          ...before,
          limitMicros,
          turns: before.turns + 1,
          recentMicros: [...before.recentMicros, event.seq],
        }
        return [{ table: 'ledger', key: scope, row }]
      }
      case 'context.put': {
        const { key, value, version } = event.data
        return [{ table: 'context', key, row: { key, value, version, by: event.actor, updatedAt: event.at } }]
      }
      case 'context.removed': {
        const { key, version } = event.data
        return [
          { table: 'context', key, row: { key, value: null, version, by: event.actor, updatedAt: event.at } },
        ]
      }
      case 'message.posted': {
        const {
          message: id,
          agent: name,
          generation,
          kind,
          prompt,
          group,
          timeoutMs,
          itemAttempt,
        } = event.data
        const agent: AgentRow = rows('agent', name) ?? newAgent(name, event.at)
        return [
          {
            table: 'message',
            key: id,
            row: {
              id,
              agent: name,
              generation,
              kind,
              state: 'queued',
              position: event.seq,
              from: event.actor,
              prompt,
              group,
              timeoutMs,
              itemAttempt,
              attempts: 0,
              turn: null,
              costMicros: 0,
              answer: null,
              error: null,
              postedAt: event.at,
              settledAt: null,
            },
          },
          { table: 'agent', key: name, row: { ...agent, queued: agent.queued + 1, ready: 1 } },
        ]
      }
      case 'schedule.cancelled':
        throw new Error('This projection breaks on purpose.')
      case 'item.posted':
      case 'item.removed':
      case 'item.readied':
      case 'item.path_changed':
      case 'item.claimed':
      case 'item.started':
      case 'item.progressed':
      case 'attempt.ended':
      case 'item.failed':
        return applyBoard(event, rows)
      default:
        return []
    }
  },
}

function newAgent(name: string, createdAt: number): AgentRow {
  return {
    name,
    state: 'active',
    generation: 1,
    profile: null,
    backend: 'scripted',
    model: null,
    account: 'scripted',
    definition: 'none',
    capabilities: [],
    session: null,
    queued: 0,
    turn: null,
    ready: 0,
    cursor: 0,
    turns: 0,
    last: null,
    createdAt,
  }
}
