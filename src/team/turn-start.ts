/** Takes an agent's next message and commits the intent to run it, before anything runs. */
import type { AgentDefinition } from '../agents/definition.ts'
import { decideStart } from '../agents/mailbox.ts'
import { limitedUntil } from '../agents/quota.ts'
import { hashText, newId } from '../ids.ts'
import { estimateScope, refusalFor } from '../money/ledger.ts'
import { DEFAULT_ASSUME_USD, reservationFor } from '../money/reservation.ts'
import { microsOf } from '../money/usd.ts'
import type { Reader } from '../store.ts'
import type { AccountRow, AgentRow, MessageRow } from '../tables.ts'
import { unpackText, type DefinitionCache, type TeamContext } from './context.ts'
import { loadFunds, type Funds } from './posting.ts'

/** A turn whose intent is stored: what the runner needs. */
export interface StartedTurn {
  readonly turn: string
  readonly agent: AgentRow
  readonly message: MessageRow
  readonly definition: AgentDefinition
  readonly prompt: string
  readonly attempt: number
}

interface Candidate {
  readonly agent: AgentRow
  readonly next: MessageRow
  readonly definition: AgentDefinition
  readonly prompt: string
  readonly funds: Funds
  readonly recentMicros: readonly number[]
  readonly account: AccountRow | undefined
}

/**
 * Starts the next message of an agent if there is one, if no turn of it is running, and if the host
 * provides its backend.
 */
export async function startTurn(
  team: TeamContext,
  definitions: DefinitionCache,
  host: { readonly id: string; provides(backend: string): boolean },
  agent: string,
): Promise<StartedTurn | undefined> {
  const turn = newId('turn')
  const result = await team.store.transact({
    name: 'turn.start',
    keys: [`agent:${agent}`],
    by: { actor: host.id, via: 'host' },
    load: (reader) => loadCandidate(reader, definitions, host, agent),
    decide(candidate, now) {
      if (candidate === undefined) return { events: [] }
      const { definition, funds, recentMicros, next, agent: row } = candidate
      const reservedMicros = reservationFor({
        capMicros: definition.maxBudgetUsd === undefined ? null : microsOf(definition.maxBudgetUsd),
        recentMicros,
        assumeMicros: microsOf(definition.assumeUsd ?? DEFAULT_ASSUME_USD),
      })
      const session = definition.session === 'fresh' ? null : row.session
      const promptHash = typeof next.prompt === 'string' ? hashText(next.prompt) : next.prompt.blob
      return decideStart(
        { turn, agent, host: host.id, promptHash, reservedMicros, session },
        {
          agent: row,
          next,
          refused: refusalFor(funds.ledgers, funds.running, reservedMicros),
          limitedUntil: limitedUntil(candidate.account, now),
        },
      )
    },
  })
  const { loaded } = result
  if (!result.ok || loaded === undefined || result.events[0]?.type !== 'turn.started') return undefined
  const { next, definition, prompt } = loaded
  return { turn, agent: loaded.agent, message: next, definition, prompt, attempt: next.attempts + 1 }
}

async function loadCandidate(
  reader: Reader,
  definitions: DefinitionCache,
  host: { provides(backend: string): boolean },
  name: string,
): Promise<Candidate | undefined> {
  const agent = await reader.get('agent', name)
  if (agent === undefined || agent.ready === 0 || !host.provides(agent.backend)) return undefined
  const [next] = await reader.list('message', {
    where: { agent: name, state: 'queued' },
    orderBy: 'position',
    after: agent.cursor,
    limit: 1,
  })
  if (next === undefined) return undefined
  const estimate = await reader.get('ledger', estimateScope({ agent: name, profile: agent.profile }))
  return {
    agent,
    next,
    definition: await definitions.read(reader, agent.definition),
    prompt: await unpackText(reader, next.prompt),
    funds: await loadFunds(reader, name),
    recentMicros: estimate?.recentMicros ?? [],
    account: await reader.get('account', agent.account),
  }
}
