/** Messages into mailboxes, and out of them again. */
import { decideCancel, decidePost, type Decided } from '../agents/mailbox.ts'
import { newId, packText } from '../ids.ts'
import { agentScope, GLOBAL_SCOPE, refusalFor } from '../money/ledger.ts'
import type { Reader } from '../store.ts'
import type { LedgerRow, MessageKind, MessageRow, TurnRow } from '../tables.ts'
import { commit, type TeamContext } from './context.ts'

export interface NewMessage {
  readonly agent: string
  readonly prompt: string
  readonly kind: MessageKind
  readonly group?: string
  readonly timeoutMs?: number
  /** The attempt at an item that it is for. */
  readonly itemAttempt?: string
}

/** Balances that limit what an agent may spend, and what is set aside if a limit exists. */
export interface Funds {
  readonly ledgers: readonly LedgerRow[]
  readonly running: readonly TurnRow[]
}

/** Reads the limited scopes of an agent. */
export async function loadFunds(reader: Reader, agent: string): Promise<Funds> {
  const ledgers: LedgerRow[] = []
  for (const scope of [GLOBAL_SCOPE, agentScope(agent)]) {
    const ledger = await reader.get('ledger', scope)
    if (ledger !== undefined && ledger.limitMicros !== null) ledgers.push(ledger)
  }
  if (ledgers.length === 0) return NO_LIMITS
  return { ledgers, running: await reader.list('turn', { where: { state: 'running' } }) }
}

const NO_LIMITS: Funds = { ledgers: [], running: [] }

/** Names for the error about an unknown agent; read only where one is unknown. */
export async function knownAgents(reader: Reader): Promise<string[]> {
  const rows = await reader.list('agent', { where: { state: 'active' }, limit: 200 })
  return rows.map((row) => row.name)
}

/**
 * Posts one message. The command is handed to the store before this returns, so that calls made in
 * order are accepted in order.
 * @returns the id of the message
 */
export async function postMessage(
  team: TeamContext,
  message: NewMessage,
  id: string = newId('msg'),
): Promise<string> {
  const { stored, blobs } = packText(message.prompt)
  const { agent, kind } = message
  await commit(team.store, {
    name: 'message.post',
    keys: [`agent:${agent}`],
    by: team.by,
    blobs,
    async load(reader) {
      const row = await reader.get('agent', agent)
      if (row === undefined || row.state === 'dismissed')
        return { agent: row, funds: NO_LIMITS, known: await knownAgents(reader) }
      return { agent: row, funds: await loadFunds(reader, agent), known: [] }
    },
    decide: ({ agent: row, funds, known }): Decided =>
      decidePost(
        {
          message: id,
          agent,
          kind,
          prompt: stored,
          group: message.group ?? null,
          timeoutMs: message.timeoutMs ?? null,
          itemAttempt: message.itemAttempt ?? null,
        },
        { agent: row, refused: refusalFor(funds.ledgers, funds.running, 0), known },
      ),
  })
  return id
}

/** Messages of an agent that are not settled: those after its cursor, and the one its turn runs. */
export async function openMessages(reader: Reader, agent: string): Promise<readonly MessageRow[]> {
  const row = await reader.get('agent', agent)
  if (row === undefined) return []
  const waiting = await reader.list('message', {
    where: { agent, state: 'queued' },
    orderBy: 'position',
    after: row.cursor,
  })
  const turn = row.turn === null ? undefined : await reader.get('turn', row.turn)
  const running = turn === undefined ? undefined : await reader.get('message', turn.message)
  return running === undefined ? waiting : [running, ...waiting]
}

/**
 * Cancels a message, or everything an agent has open. The turn itself ends when its host has stopped it.
 * @returns how many messages were cancelled
 */
export async function cancelMessages(
  team: TeamContext,
  target: { readonly agent: string; readonly message?: string },
  reason: string,
): Promise<number> {
  const { events } = await commit(team.store, {
    name: 'message.cancel',
    keys: [`agent:${target.agent}`],
    by: team.by,
    async load(reader) {
      if (target.message === undefined) return openMessages(reader, target.agent)
      const message = await reader.get('message', target.message)
      return message === undefined ? [] : [message]
    },
    decide: (messages) => ({ events: decideCancel(messages, reason) }),
  })
  return events.length
}
