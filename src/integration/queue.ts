/** The transactions of an integrator: what it takes, intends and settles. */
import { decideClose, type ChangeRow, type Closing } from '../board/change.ts'
import type { ItemDefinition } from '../board/definition.ts'
import type { MergeRow, MergeState } from '../board/merge.ts'
import {
  BATCH,
  decideAdopt,
  decideIntend,
  decideSettle,
  decideTake,
  type Intent,
  type Settled,
  type Wanted,
} from '../board/merge-queue.ts'
import type { Decided } from '../board/posting.ts'
import type { EventOf } from '../events.ts'
import type { Reader } from '../store.ts'
import { commit, unpackText, type TeamContext } from '../team/context.ts'

/** A merge with what its item verifies. */
export interface TakenMerge {
  readonly merge: MergeRow
  readonly verify: ItemDefinition['verify']
}

/** Merges that may be unwanted are looked at as well, so more than a batch is read. */
const READ_AHEAD = BATCH * 4

/** Takes the next merges of a target; none while another integrator has some. */
export async function takeMerges(
  team: TeamContext,
  target: string,
  host: string,
): Promise<readonly TakenMerge[]> {
  const where = { state: 'queued', target } as const
  if ((await team.store.read((reader) => reader.list('merge', { where, limit: 1 }))).length === 0) return []
  const { events, loaded } = await commit(team.store, {
    name: 'merge.take',
    keys: [`target:${target}`],
    by: { actor: host, via: 'host' },
    async load(reader) {
      const queue = await reader.list('merge', { where, orderBy: 'position', limit: READ_AHEAD })
      const wanted = await withItems(reader, queue)
      return {
        wanted,
        live: await liveMerges(reader, target),
        definitions: await definitionsOf(reader, wanted),
      }
    },
    decide: ({ wanted, live }): Decided => ({ events: decideTake(wanted, live, host) }),
  })
  const taken = events.find((event): event is EventOf<'merge.taken'> => event.type === 'merge.taken')
  const ids = new Set(taken?.data.merges)
  return loaded.wanted
    .filter(({ merge }) => ids.has(merge.id))
    .map(({ merge }) => ({
      merge: { ...merge, state: 'taken', host },
      verify: loaded.definitions.get(merge.id)?.verify ?? [],
    }))
}

/** Takes over the intents of hosts that are gone, and gives what this host has of a target from before. */
export async function adoptMerges(
  team: TeamContext,
  target: string,
  host: string,
): Promise<readonly MergeRow[]> {
  const load = async (reader: Reader): Promise<{ live: readonly MergeRow[]; hosts: Set<string> }> => {
    const hosts = await reader.list('host')
    return { live: await liveMerges(reader, target), hosts: new Set([host, ...hosts.map(({ id }) => id)]) }
  }
  const { live, hosts } = await team.store.read(load)
  if (live.every((row) => hosts.has(row.host as string))) return live.filter((row) => row.host === host)
  await commit(team.store, {
    name: 'merge.take',
    keys: [`target:${target}`],
    by: { actor: host, via: 'host' },
    load,
    decide: (now): Decided => ({ events: decideAdopt(now.live, now.hosts, host) }),
  })
  const adopted = await team.store.read((reader) => liveMerges(reader, target))
  return adopted.filter((row) => row.host === host)
}

/**
 * Commits to moving a ref.
 * @returns false if an item does not want its merge any more: the others are built anew
 * @throws AtelierError `stale_claim` if this host has lost the merges
 */
export async function intendMerges(
  team: TeamContext,
  merges: readonly MergeRow[],
  intent: Intent,
): Promise<boolean> {
  const { events } = await commit(team.store, {
    name: 'merge.intend',
    keys: merges.map(({ target }) => `target:${target}`).slice(0, 1),
    by: { actor: intent.host, via: 'host' },
    load: async (reader) => withItems(reader, await current(reader, merges)),
    decide: (batch) => decideIntend(batch, intent),
  })
  return events.some(({ type }) => type === 'merge.intended')
}

/**
 * Says what became of merges, in one commit.
 * @param closings changes that came to the target with them
 * @throws AtelierError `stale_claim` if this host has lost one of them
 */
export async function settleMerges(
  team: TeamContext,
  settled: readonly Settled[],
  host: string,
  closings: readonly Closing[] = [],
): Promise<void> {
  if (settled.length === 0) return
  await commit(team.store, {
    name: 'merge.settle',
    keys: settled.map(({ merge }) => `target:${merge.target}`).slice(0, 1),
    by: { actor: host, via: 'host' },
    load: async (reader) => {
      const changes: (ChangeRow | undefined)[] = []
      for (const { change } of closings) changes.push(await reader.get('change', change))
      const merges = await current(
        reader,
        settled.map(({ merge }) => merge),
      )
      return { merges, changes }
    },
    decide: ({ merges, changes }): Decided => {
      const byId = new Map(merges.map((row) => [row.id, row]))
      const decided = decideSettle(
        settled.map(({ merge, outcome }) => ({ merge: byId.get(merge.id) ?? merge, outcome })),
        host,
      )
      if ('refused' in decided) return decided
      const own = new Set(settled.map(({ merge }) => merge.change))
      const closed = closings.flatMap((closing, index) =>
        own.has(closing.change) ? [] : decideClose(changes[index], closing),
      )
      return { ...decided, events: [...decided.events, ...closed] }
    },
  })
}

/** Merges of a target in one state, in order. */
export function mergesIn(reader: Reader, target: string, state: MergeState): Promise<readonly MergeRow[]> {
  return reader.list('merge', { where: { state, target }, orderBy: 'position' })
}

/** What integrators have of a target. */
export async function liveMerges(reader: Reader, target: string): Promise<readonly MergeRow[]> {
  return [...(await mergesIn(reader, target, 'taken')), ...(await mergesIn(reader, target, 'intended'))]
}

/** Merges with the items that may want them. */
export async function withItems(reader: Reader, merges: readonly MergeRow[]): Promise<readonly Wanted[]> {
  const wanted: Wanted[] = []
  for (const merge of merges) wanted.push({ merge, item: await reader.get('item', merge.item) })
  return wanted
}

async function current(reader: Reader, merges: readonly MergeRow[]): Promise<readonly MergeRow[]> {
  const rows: MergeRow[] = []
  for (const { id } of merges) {
    const row = await reader.get('merge', id)
    if (row !== undefined) rows.push(row)
  }
  return rows
}

async function definitionsOf(
  reader: Reader,
  wanted: readonly Wanted[],
): Promise<ReadonlyMap<string, ItemDefinition>> {
  const definitions = new Map<string, ItemDefinition>()
  for (const { merge, item } of wanted) {
    if (item === undefined) continue
    definitions.set(merge.id, JSON.parse(await unpackText(reader, item.definition)) as ItemDefinition)
  }
  return definitions
}
