/** How a worker of this host takes an item and begins to work on it. */
import { limitedUntil } from '../agents/quota.ts'
import { decidePost } from '../agents/mailbox.ts'
import { decideClaim, decidePrompt, freeSlot } from '../board/claiming.ts'
import type { ItemRow } from '../board/item.ts'
import { overlap } from '../board/touches.ts'
import { newId, packText } from '../ids.ts'
import { refusalFor } from '../money/ledger.ts'
import type { Reader } from '../store.ts'
import { commit, isRegistered, type TeamContext } from '../team/context.ts'
import { isOpen, loadCircuits } from '../team/circuits.ts'
import { loadFunds } from '../team/posting.ts'
import type { Decided } from '../board/posting.ts'
import { fallbackProfile, wornOut } from '../board/settling.ts'
import { failItem } from './commands.ts'
import { readyFor, type Selection } from './eligible.ts'
import { contentOf } from './judged.ts'
import { leftToOthers, type Claimant } from './preference.ts'
import { definitionOf, unknownItem } from './rows.ts'

/** Ready items that are looked at for one that may run beside what runs already. */
const CANDIDATES = 32

const RUNNING = { where: { state: 'running' } } as const

/** Who claims, and what. */
export interface ClaimInput extends Selection {
  readonly type: string
  /** The agent that will work on it. */
  readonly agent: string
  readonly host: string
  /** Told when an item is left to another agent: it is taken after this time whoever is free. */
  readonly onLeft?: (until: number) => void
  /** This item or none; without it the first of the type. */
  readonly only?: string
}

/** An item in the hands of a worker. */
export interface ClaimedItem {
  readonly item: ItemRow
  readonly attempt: string
  readonly slot: number
  /** Which try it is, from 1. */
  readonly number: number
  /** Who tries it: the worker's own agent, or one of a profile of the item's fallback. */
  readonly owner: string
  readonly profile: string | undefined
}

/**
 * Takes the first ready item of a type that may run now; undefined where there is none. Nothing is taken while the
 * agent's account has no quota left: the item stays for whoever has some.
 */
export async function claimNext(
  team: TeamContext,
  { type, agent, host, only, ...selection }: ClaimInput,
): Promise<ClaimedItem | undefined> {
  const attempt = newId('att')
  const result = await team.store.transact({
    name: 'item.claim',
    keys: ['board'],
    by: { actor: agent, via: 'host' },
    async load(reader) {
      if (!(await isRegistered(reader, host))) return NOTHING
      const row = await reader.get('agent', agent)
      const account = row === undefined ? undefined : await reader.get('account', row.account)
      const circuits = row === undefined ? undefined : await loadCircuits(reader, row)
      const claimant = { type, agent, row, now: team.clock.now(), ...selection }
      const found = await (only === undefined ? candidates(reader, claimant) : candidate(reader, only))
      const slots = found.ready.length === 0 ? [] : await reader.values('attempt', 'slot', RUNNING)
      return {
        ...{ account, circuits, slots, ...found },
        profiles: await fallbacks(reader, found.ready),
        contents: await contentsOf(reader, found.ready),
      }
    },
    decide({ account, circuits, ready, slots, running, profiles, contents }, now): Decided {
      if (limitedUntil(account, now) !== null) return { events: [] }
      if (circuits !== undefined && isOpen(circuits, now)) return { events: [] }
      const item = firstThatMayRun(ready, running)
      if (item === undefined) return { events: [] }
      const owner = ownerOf(agent, profiles.get(item.id))
      const tree = contents.get(item.id) ?? null
      return decideClaim(item, { attempt, owner, host, slot: freeSlot(slots), tree })
    },
  })
  if (result.ok) await giveUp(team, result.loaded.ready)
  const [claimed] = result.ok ? result.events : []
  if (claimed?.type !== 'item.claimed') return undefined
  const item = result.loaded.ready.find(({ id }) => id === claimed.data.item) as ItemRow
  const { slot, number, owner } = claimed.data
  const profile = result.loaded.profiles.get(item.id)
  return { item, attempt, slot: slot ?? 0, number, owner, profile }
}

/** Ready items, the most urgent first, and what runs beside them, as far as that may keep one of them from running. */
interface Candidates {
  readonly ready: readonly ItemRow[]
  readonly running: readonly ItemRow[]
}

/** What a host that is not registered may claim. */
const NOTHING = {
  account: undefined,
  circuits: undefined,
  slots: [],
  ready: [],
  running: [],
  profiles: new Map<string, string>(),
  contents: new Map<string, string | null>(),
}

/** Nearly always the first one may run; only where it may not are others looked at. */
async function candidates(reader: Reader, claimant: Claimant): Promise<Candidates> {
  const { type, agent, row, canHandleOf } = claimant
  const ability = { skills: row?.capabilities ?? [], canHandle: canHandleOf(agent, row?.profile ?? null) }
  let found: Candidates = { ready: [], running: [] }
  for (const limit of [1, CANDIDATES]) {
    const first = await readyFor(reader, type, ability, limit)
    const ready = await leftToOthers(reader, claimant, first)
    const isGuarded = ready.some(({ touches }) => touches.length > 0)
    found = { ready, running: isGuarded ? await runningItems(reader) : [] }
    if (first.length < limit || firstThatMayRun(ready, found.running) !== undefined) break
  }
  return found
}

/** One item that was chosen before, if it may still be taken. */
async function candidate(reader: Reader, id: string): Promise<Candidates> {
  const row = await reader.get('item', id)
  if (row?.state !== 'ready') return { ready: [], running: [] }
  return { ready: [row], running: row.touches.length > 0 ? await runningItems(reader) : [] }
}

function firstThatMayRun(ready: readonly ItemRow[], running: readonly ItemRow[]): ItemRow | undefined {
  return ready.find(
    (row) => wornOut(row) === undefined && !running.some((other) => overlap(row.touches, other.touches)),
  )
}

/** The profiles that try the items next whose own tries are used up. */
async function fallbacks(reader: Reader, ready: readonly ItemRow[]): Promise<Map<string, string>> {
  const profiles = new Map<string, string>()
  for (const item of ready) {
    if (item.ownTries === null) continue
    const { fallback } = await definitionOf(reader, item)
    const profile = fallbackProfile(item, fallback)
    if (profile !== undefined) profiles.set(item.id, profile)
  }
  return profiles
}

/** What the items begin with; only those of runs are judged by it. */
async function contentsOf(reader: Reader, ready: readonly ItemRow[]): Promise<Map<string, string | null>> {
  const found = new Map<string, string | null>()
  for (const item of ready) if (item.run !== null) found.set(item.id, await contentOf(reader, item))
  return found
}

/** The agent of a profile that stands in for a worker's own. */
function ownerOf(agent: string, profile: string | undefined): string {
  return profile === undefined ? agent : `${agent}.${profile}`
}

/** Items whose hosts died too often fail for good. */
async function giveUp(team: TeamContext, ready: readonly ItemRow[]): Promise<void> {
  for (const item of ready) {
    const error = wornOut(item)
    if (error !== undefined) await failItem(team, item.id, error)
  }
}

async function runningItems(reader: Reader): Promise<ItemRow[]> {
  const items: ItemRow[] = []
  for (const id of await reader.values('attempt', 'item', RUNNING)) {
    const row = await reader.get('item', id)
    if (row !== undefined) items.push(row)
  }
  return items
}

export interface BeginInput {
  readonly item: string
  readonly attempt: string
  readonly agent: string
  readonly message: string
  readonly prompt: string
  readonly timeoutMs: number | null
}

/** Says that work has begun and hands the prompt to the agent, in one commit. */
export async function beginItem(team: TeamContext, input: BeginInput): Promise<void> {
  const { item: id, attempt, agent, message, prompt, timeoutMs } = input
  const { stored, blobs } = packText(prompt)
  await commit(team.store, {
    name: 'item.report',
    keys: ['board', `agent:${agent}`],
    by: { actor: agent, via: 'host' },
    blobs,
    load: async (reader) => ({
      item: await reader.get('item', id),
      agent: await reader.get('agent', agent),
      funds: await loadFunds(reader, agent),
    }),
    decide({ item, agent: row, funds }): Decided {
      if (item === undefined) return { refused: unknownItem(id, []) }
      const start = decidePrompt(item, attempt)
      if ('refused' in start) return start
      const refused = refusalFor(funds.ledgers, funds.running, 0)
      const post = decidePost(
        { message, agent, kind: 'item', prompt: stored, group: null, timeoutMs, itemAttempt: attempt },
        { agent: row, refused, known: [] },
      )
      return 'refused' in post ? post : { events: [...start.events, ...post.events] }
    },
  })
}
