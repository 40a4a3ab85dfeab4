/**
 * Claims of people and programs outside of every host. Who claims is bound to who calls; the engine keeps the token of the
 * attempt, and gives the item back when the time of the claim is over.
 */
import { unknownAgent } from '../agents/mailbox.ts'
import { decideClaim, decideStart, invalid } from '../board/claiming.ts'
import type { AttemptRow, ItemRow } from '../board/item.ts'
import type { Decided } from '../board/posting.ts'
import { decideDone, decideFailed, decideReturn } from '../board/settling.ts'
import { errorData, type ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import type { TransactionName } from '../failpoints.ts'
import { newId, packText } from '../ids.ts'
import type { Decision, OperationalChange, Reader } from '../store.ts'
import type { AgentRow, LeaseRow } from '../tables.ts'
import type { TeamContext } from '../team/context.ts'
import { DueTimer } from '../team/due-timer.ts'
import { commitItems as commit } from './inbox.ts'
import { knownAgents } from '../team/posting.ts'
import { contentOf } from './judged.ts'
import { definitionOf, dependentRows, knownItems, loadDownstream, unknownItem } from './rows.ts'

/** How long a claim holds unless it is extended: long enough for a person to read what there is to do. */
export const CLAIM_MS: number = 30 * 60_000

/** A claim that was made or extended. */
export interface OutsideClaim {
  readonly item: string
  readonly owner: string
  /** ms since the epoch. */
  readonly expiresAt: number
}

/** An item with who has claimed it. */
interface Claimed {
  readonly item: ItemRow
  readonly attempt: AttemptRow | undefined
  readonly lease: LeaseRow | undefined
}

/**
 * Claims an item for whoever calls, or for an agent. A claim of somebody else that has run out is ended by it.
 * @param agent must exist
 */
export async function claimOutside(team: TeamContext, id: string, agent?: string): Promise<OutsideClaim> {
  const { actor } = team.by
  const claim = { attempt: newId('att'), owner: agent ?? actor, host: null, slot: null }
  let expiresAt = 0
  await commit(team.store, {
    name: 'item.claim',
    keys: ['board'],
    by: team.by,
    async load(reader) {
      const claimed = await loadClaimed(reader, id)
      const row = agent === undefined ? undefined : await reader.get('agent', agent)
      const isKnown = agent === undefined || row?.state === 'active'
      return {
        claimed,
        row,
        tree: claimed === undefined ? null : await contentOf(reader, claimed.item),
        agents: isKnown ? [] : await knownAgents(reader),
        items: claimed === undefined ? await knownItems(reader) : [],
      }
    },
    decide({ claimed, row, tree, agents, items }, now): Decision {
      if (claimed === undefined) return { refused: unknownItem(id, items) }
      const refused = notAnAgent(agent, row, agents)
      if (refused !== undefined) return { refused }
      const freed = free(claimed, now)
      if ('refused' in freed) return freed
      const decided = decideClaim(freed.item, { ...claim, tree })
      if ('refused' in decided) return decided
      expiresAt = now + CLAIM_MS
      const lease: LeaseRow = { item: id, attempt: claim.attempt, actor, expiresAt }
      return { events: [...freed.events, ...decided.events], rows: [{ table: 'lease', put: lease }] }
    },
  })
  return { item: id, owner: claim.owner, expiresAt }
}

/** Says that work on a claimed item has begun. */
export async function startOutside(team: TeamContext, id: string, agent?: string): Promise<void> {
  await onClaimed(
    team,
    { id, agent, name: 'item.report', to: 'in_progress' },
    async () =>
      ({ item, attempt }) =>
        decideStart(item, attempt),
  )
}

/**
 * Settles a claimed item as done.
 * @returns false where it has something to verify first: then nothing was changed
 */
export async function completeOutside(
  team: TeamContext,
  id: string,
  { result, agent }: { readonly result: string | null; readonly agent?: string | undefined },
): Promise<boolean> {
  const { stored, blobs } = result === null ? { stored: null, blobs: [] } : packText(result)
  let isDone = true
  await onClaimed(team, { id, agent, name: 'item.settle', to: 'done', blobs }, async (reader, row) => {
    const dependents = await dependentRows(reader, id)
    const { verify } = await definitionOf(reader, row)
    return ({ item, attempt }) => {
      isDone = verify.length === 0
      if (!isDone) return { events: [] }
      const done = { attempt, result: stored, verified: false, commit: null }
      return released(id, decideDone(item, done, dependents))
    }
  })
  return isDone
}

/** Fails a claimed item for good; what depends on it is blocked. */
export async function failOutside(
  team: TeamContext,
  id: string,
  { error, agent }: { readonly error: ErrorData; readonly agent?: string | undefined },
): Promise<void> {
  await onClaimed(team, { id, agent, name: 'item.settle', to: 'failed' }, async (reader) => {
    const downstream = await loadDownstream(reader, id)
    return ({ item }) => released(id, decideFailed(item, error, downstream))
  })
}

/** Gives a claimed item back; no try is used up. */
export async function releaseOutside(team: TeamContext, id: string, agent?: string): Promise<void> {
  await onClaimed(
    team,
    { id, agent, name: 'item.settle', to: 'ready' },
    async () =>
      ({ item, attempt }) =>
        released(id, decideReturn(item, attempt, { outcome: 'released' })),
  )
}

/** Lets a claim end only after this long from now. It is no event: nothing was decided about the item. */
export async function extendOutside(
  team: TeamContext,
  id: string,
  { ms, agent }: { readonly ms: number; readonly agent?: string | undefined },
): Promise<OutsideClaim> {
  const { actor } = team.by
  let claim: OutsideClaim | undefined
  await onClaimed(team, { id, agent, name: 'item.report', to: 'in_progress' }, async () => (held) => {
    const { item, attempt, now } = held
    claim = { item: id, owner: item.owner ?? actor, expiresAt: now + ms }
    const lease: LeaseRow = { item: id, attempt, actor: held.actor ?? actor, expiresAt: now + ms }
    return { events: [], rows: [{ table: 'lease', put: lease }] }
  })
  return claim as OutsideClaim
}

/**
 * Gives back every item whose claim from outside has run out. Whoever hosts the board, or changes it, does this.
 * @returns when the next claim runs out, ms since the epoch; null if there is none
 */
export async function expireClaims(team: TeamContext): Promise<number | null> {
  const { claims, stale } = await team.store.read(async (reader) => {
    const held = await outsideClaims(reader)
    const live = new Set(held.map(({ attempt }) => attempt.id))
    const leases = await reader.list('lease')
    return { claims: held, stale: leases.filter(({ attempt }) => !live.has(attempt)) }
  })
  if (stale.length > 0) await team.store.write(stale.map(({ item }) => ({ table: 'lease', remove: item })))
  const now = team.clock.now()
  for (const { item, expiresAt } of claims) if (expiresAt < now) await expire(team, item)
  const left = claims.filter(({ expiresAt }) => expiresAt >= now).map(({ expiresAt }) => expiresAt)
  return left.length === 0 ? null : Math.min(...left)
}

/** Gives items back whose claim from outside runs out; one that was extended meanwhile is looked at again at its new end. */
export function claimTimer(team: TeamContext, onError: (error: unknown) => void): DueTimer {
  return new DueTimer(team, {
    isNews: (event) => event.type === 'item.claimed' && event.data.host === null,
    async act() {
      const end = await expireClaims(team)
      // It has run out when its end lies in the past.
      return end === null ? null : end + 1
    },
    onError,
  })
}

/** When the claim of an attempt runs out; null for one that lives by its host. */
export function claimEnd(attempt: AttemptRow | undefined, lease: LeaseRow | undefined): number | null {
  if (attempt === undefined || attempt.host !== null || attempt.state !== 'running') return null
  // The engine has it now.
  if (attempt.submission !== null) return null
  return lease?.attempt === attempt.id ? lease.expiresAt : attempt.startedAt + CLAIM_MS
}

interface OutsideAttempt {
  readonly item: string
  readonly attempt: AttemptRow
  readonly expiresAt: number
}

async function outsideClaims(reader: Reader): Promise<OutsideAttempt[]> {
  const claims: OutsideAttempt[] = []
  for (const attempt of await reader.list('attempt', { where: { state: 'running' } })) {
    const end = claimEnd(attempt, await reader.get('lease', attempt.item))
    if (end !== null) claims.push({ item: attempt.item, attempt, expiresAt: end })
  }
  return claims
}

async function expire(team: TeamContext, id: string): Promise<void> {
  await commit(team.store, {
    name: 'item.settle',
    keys: ['board'],
    by: team.by,
    load: (reader) => loadClaimed(reader, id),
    decide(claimed, now): Decision {
      // Somebody else may have given it back, or extended it.
      if (claimed === undefined) return { events: [] }
      const freed = free(claimed, now)
      return 'refused' in freed ? freed : { events: freed.events, rows: [{ table: 'lease', remove: id }] }
    },
  })
}

async function loadClaimed(reader: Reader, id: string): Promise<Claimed | undefined> {
  const item = await reader.get('item', id)
  if (item === undefined) return undefined
  const attempt = item.attempt === null ? undefined : await reader.get('attempt', item.attempt)
  return { item, attempt, lease: await reader.get('lease', id) }
}

/** The item as it is once a claim that has run out is ended, and the events of that. */
function free(
  { item, attempt, lease }: Claimed,
  now: number,
): { readonly item: ItemRow; readonly events: readonly NewEvent[] } | { readonly refused: ErrorData } {
  const end = item.state === 'running' ? claimEnd(attempt, lease) : null
  if (attempt === undefined || end === null || end >= now) return { item, events: [] }
  const decided = decideReturn(item, attempt.id, { outcome: 'lost' })
  if ('refused' in decided) return decided
  return { item: { ...item, state: 'ready', phase: null }, events: decided.events }
}

/** A claim in the hands of who calls. */
export interface Held {
  readonly item: ItemRow
  readonly row: AttemptRow
  readonly attempt: string
  /** Who made it, as far as is known. */
  readonly actor: string | undefined
  readonly now: number
}

export interface OnClaimed {
  readonly id: string
  readonly agent: string | undefined
  readonly name: TransactionName
  /** What the item is to become, for the error. */
  readonly to: string
  readonly blobs?: readonly { readonly hash: string; readonly body: string }[]
}

/** A command on an item that the caller has claimed. */
export async function onClaimed(
  team: TeamContext,
  { id, agent, name, to, blobs = [] }: OnClaimed,
  prepare: (reader: Reader, item: ItemRow) => Promise<(held: Held) => Decision>,
): Promise<void> {
  await commit(team.store, {
    name,
    keys: ['board'],
    by: team.by,
    blobs,
    async load(reader) {
      const claimed = await loadClaimed(reader, id)
      if (claimed === undefined) return { items: await knownItems(reader) }
      return { claimed, decide: await prepare(reader, claimed.item) }
    },
    decide(loaded, now): Decision {
      if (loaded.claimed === undefined) return { refused: unknownItem(id, loaded.items) }
      const { item, lease } = loaded.claimed
      const refused = notHeld(loaded.claimed, { agent, actor: team.by.actor, to })
      if (refused !== undefined) return { refused }
      const row = loaded.claimed.attempt as AttemptRow
      return loaded.decide({ item, row, attempt: row.id, actor: lease?.actor, now })
    },
  })
}

/** Why the caller may not report on an item; undefined if it may. */
function notHeld(
  { item, attempt, lease }: Claimed,
  { agent, actor, to }: { readonly agent: string | undefined; readonly actor: string; readonly to: string },
): ErrorData | undefined {
  if (item.state !== 'running' || attempt === undefined) return invalid(item, to)
  const { id, owner } = item
  const caller = agent ?? actor
  const isMaker = agent === undefined && lease?.attempt === attempt.id && lease.actor === actor
  if (attempt.host === null && (owner === caller || isMaker)) return undefined
  const whose = attempt.host === null ? `${owner} has claimed it` : `the worker ${owner} runs it`
  return errorData(
    'stale_claim',
    `The item "${id}" is not ${caller}'s: ${whose}. Nothing was changed. Look at it with: work show ${id}`,
    { item: id, owner, caller },
  )
}

function notAnAgent(
  agent: string | undefined,
  row: AgentRow | undefined,
  known: readonly string[],
): ErrorData | undefined {
  return agent === undefined || row?.state === 'active' ? undefined : unknownAgent(agent, known)
}

/** What ends a claim removes its lease. */
function released(id: string, decided: Decided): Decision {
  if ('refused' in decided) return decided
  const rows: readonly OperationalChange[] = [{ table: 'lease', remove: id }]
  return { events: decided.events, rows }
}
