/** What the board looks like: reads only, light enough for a command that starts, looks and ends. */
import { wantedText } from '../agents/capability.ts'
import type { ItemRow } from '../board/item.ts'
import { priorityName } from '../board/priority.ts'
import { dynamicPriority } from '../board/urgency.ts'
import { toError } from '../errors.ts'
import type { Reader, StoreView } from '../store.ts'
import type { Clock } from '../time/clock.ts'
import { unpackText } from '../team/context.ts'
import { costsByAttempt, costsOf } from './costs.ts'
import { claimEnd } from './external.ts'
import { attemptsAt, definitionOf, dependentRows, knownItems, unknownItem } from './rows.ts'
import { loadStaff } from './staff.ts'
import {
  BOARD_STATUSES,
  columnOf,
  needsWorker,
  reasonOf,
  statusOfItem,
  type StandingFacts,
} from './standing.ts'
import type {
  BoardFilter,
  BoardStatus,
  BoardView,
  DependencyLine,
  ItemLine,
  ItemView,
  Unstaffed,
} from './view-types.ts'

/** What a view of the board reads from. */
export interface BoardSource {
  readonly store: StoreView
  readonly clock: Clock
}

/** The items that a filter lets through, the most urgent first, with a count for each status. */
export async function viewBoard({ store, clock }: BoardSource, filter: BoardFilter = {}): Promise<BoardView> {
  return store.read((reader) => readBoard(reader, clock.now(), filter))
}

/** The board as one state of the store has it. */
export async function readBoard(reader: Reader, now: number, filter: BoardFilter = {}): Promise<BoardView> {
  const rows = await reader.list('item')
  const facts = await factsFor(reader, rows, now)
  const costs = await itemCosts(reader)
  const items = rows
    .toSorted(byUrgency)
    .map((row) => itemLine(row, facts, costs.get(row.id) ?? 0))
    .filter((line) => matches(line, filter))
  const shown = new Set(items.map(({ id }) => id))
  return {
    items,
    summary: summaryOf(items),
    unstaffed: unstaffed(rows.filter(({ id }) => shown.has(id)).toSorted(byUrgency), facts),
    costUsd: items.reduce((sum, { costUsd }) => sum + costUsd, 0),
  }
}

/** What can be claimed now, in the order in which workers take it. */
export async function viewReady(
  { store, clock }: BoardSource,
  type: string | undefined,
): Promise<readonly ItemLine[]> {
  return store.read(async (reader) => {
    const ready = await reader.list('item', {
      where: { state: 'ready', ...(type === undefined ? {} : { type }) },
      orderBy: 'rank',
    })
    const facts = await factsFor(reader, ready, clock.now())
    return ready.map((row) => itemLine(row, facts, 0))
  })
}

/** @throws AtelierError `not_found` with the nearest ids */
export async function viewItem({ store, clock }: BoardSource, id: string): Promise<ItemView> {
  return store.read(async (reader) => {
    const row = await reader.get('item', id)
    if (row === undefined) throw toError(unknownItem(id, await knownItems(reader)))
    const definition = await definitionOf(reader, row)
    const attempts = await attemptsAt(reader, id)
    const costs = await costsOf(
      reader,
      attempts.map((attempt) => attempt.id),
    )
    const { retry, verify, timeoutMs, maxCostUsd, agent, access, merge } = definition
    const known = await rowsById(reader, row.dependsOn)
    const facts = await factsFor(reader, [row, ...known.values()], clock.now())
    return {
      ...itemLine(row, facts, total(costs.values())),
      spec: definition.spec,
      input: definition.input,
      result: row.result === null ? null : await unpackText(reader, row.result),
      dependencies: row.dependsOn.flatMap((each) => dependencyLine(known.get(each))),
      dependents: (await dependentRows(reader, id)).flatMap(dependencyLine),
      verify,
      touches: row.touches,
      change: row.change,
      access,
      merge,
      agent,
      estimateMs: row.estimateMs,
      dynamicPriority: dynamicPriority(row, clock.now()),
      maxAttempts: retry.attempts,
      retryCount: row.retryCount,
      timeoutMs,
      maxCostUsd,
      metadata: definition.metadata,
      tries: attempts.map(({ id: attempt, number, owner: by, state, startedAt, endedAt, error }) => {
        return { id: attempt, number, by, state, startedAt, endedAt, error, costUsd: costs.get(attempt) ?? 0 }
      }),
      postedBy: row.postedBy,
      revision: row.revision,
    }
  })
}

/** One item as the board lists it. */
export async function viewLine({ store, clock }: BoardSource, id: string): Promise<ItemLine> {
  return store.read(async (reader) => {
    const row = await reader.get('item', id)
    if (row === undefined) throw toError(unknownItem(id, await knownItems(reader)))
    const attempts = await attemptsAt(reader, id)
    const costs = await costsOf(
      reader,
      attempts.map((attempt) => attempt.id),
    )
    return itemLine(row, await factsFor(reader, [row], clock.now()), total(costs.values()))
  })
}

/** How many items have each status. */
function summaryOf(items: readonly { readonly status: BoardStatus }[]): Record<BoardStatus, number> {
  const counts = Object.fromEntries(BOARD_STATUSES.map((status) => [status, 0])) as Record<
    BoardStatus,
    number
  >
  for (const { status } of items) counts[status]++
  return counts
}

function wantedOf({ capability, minExpertise }: ItemRow): string | null {
  return capability === null ? null : wantedText({ name: capability, minExpertise })
}

function itemLine(row: ItemRow, facts: StandingFacts, costUsd: number): ItemLine {
  const { waiting, priority, owner, state } = row
  return {
    id: row.id,
    title: row.title,
    type: row.type,
    status: statusOfItem(row),
    state,
    column: columnOf(row),
    phase: row.phase,
    waiting,
    why: reasonOf(row, facts),
    priority,
    priorityName: priorityName(priority),
    value: row.value,
    deadline: row.deadline,
    capability: wantedOf(row),
    dependsOn: row.dependsOn,
    claimedBy: state === 'waiting' || state === 'ready' ? null : owner,
    claimEndsAt: facts.claimEnd(row.id),
    attempts: row.attempts,
    progress: row.progress,
    part: partOf(row),
    needsWorker: needsWorker(row, facts),
    error: row.error,
    verified: row.verified === 1,
    flags: row.flags,
    commit: row.commit,
    costUsd,
    createdAt: row.postedAt,
    claimedAt: row.claimedAt,
    startedAt: row.startedAt,
    completedAt: row.settledAt,
  }
}

function partOf({ run, stage, round, index }: ItemRow): ItemLine['part'] {
  return run === null || stage === null || round === null ? null : { run, stage, round, index }
}

/** Some items as the board lists them. */
export async function readLines(
  reader: Reader,
  rows: readonly ItemRow[],
  now: number,
): Promise<readonly ItemLine[]> {
  const facts = await factsFor(reader, rows, now)
  const lines: ItemLine[] = []
  for (const row of rows) {
    const attempts = row.attempt === null ? [] : await attemptsAt(reader, row.id)
    const costs = await costsOf(
      reader,
      attempts.map(({ id }) => id),
    )
    lines.push(itemLine(row, facts, total(costs.values())))
  }
  return lines
}

/** Facts for some items; those that run are looked up where the items do not hold them. */
async function factsFor(reader: Reader, rows: readonly ItemRow[], now: number): Promise<StandingFacts> {
  const known = new Map(rows.map((row) => [row.id, row]))
  const ends = new Map<string, number>()
  const running: ItemRow[] = []
  const unverified = new Set<string>()
  for (const attempt of await reader.list('attempt', { where: { state: 'running' } })) {
    const row = known.get(attempt.item) ?? (await reader.get('item', attempt.item))
    if (row !== undefined) running.push(row)
    if (attempt.submission !== null && attempt.verifier === null) unverified.add(attempt.item)
    const end = claimEnd(attempt, await reader.get('lease', attempt.item))
    if (end !== null) ends.set(attempt.item, end)
  }
  for (const row of rows) await addDependencies(reader, row, known)
  return {
    now,
    item: (id) => known.get(id),
    running,
    staff: await loadStaff(
      reader,
      rows.filter(({ state }) => state === 'ready'),
    ),
    doers: await doersOf(
      reader,
      rows.filter(({ state, run }) => state === 'ready' && run !== null),
    ),
    isHosted: (await reader.list('host', { limit: 1 })).length > 0,
    claimEnd: (id) => ends.get(id) ?? null,
    isUnverified: (id) => unverified.has(id),
  }
}

/** Who does ready items of runs for which no worker runs; those of which only a worker could know are left out. */
async function doersOf(
  reader: Reader,
  rows: readonly ItemRow[],
): Promise<ReadonlyMap<string, string | null>> {
  const doers = new Map<string, string | null>()
  for (const row of rows) {
    const { agent, work } = await definitionOf(reader, row)
    if (work === undefined) continue
    if (work.doer.by !== 'agent') doers.set(row.id, null)
    else if (agent !== null) doers.set(row.id, agent)
  }
  return doers
}

/** The items that one waits for, where they are not known yet. */
async function addDependencies(reader: Reader, row: ItemRow, known: Map<string, ItemRow>): Promise<void> {
  if (row.state !== 'waiting') return
  const { dependsOn, waiting } = row
  const causes = waiting?.for === 'failed_dependency' ? waiting.causes : []
  for (const id of [...dependsOn, ...causes]) {
    if (known.has(id)) continue
    const dependency = await reader.get('item', id)
    if (dependency !== undefined) known.set(id, dependency)
  }
}

async function rowsById(reader: Reader, ids: readonly string[]): Promise<Map<string, ItemRow>> {
  const rows = new Map<string, ItemRow>()
  for (const id of ids) {
    const row = await reader.get('item', id)
    if (row !== undefined) rows.set(id, row)
  }
  return rows
}

async function itemCosts(reader: Reader): Promise<ReadonlyMap<string, number>> {
  const byAttempt = await costsByAttempt(reader)
  const costs = new Map<string, number>()
  for (const [id, cost] of byAttempt) {
    const attempt = await reader.get('attempt', id)
    if (attempt !== undefined) costs.set(attempt.item, (costs.get(attempt.item) ?? 0) + cost)
  }
  return costs
}

function total(amounts: Iterable<number>): number {
  return [...amounts].reduce((sum, amount) => sum + amount, 0)
}

function dependencyLine(row: ItemRow | undefined): DependencyLine[] {
  return row === undefined ? [] : [{ id: row.id, status: statusOfItem(row), title: row.title }]
}

/** What ready items need that no worker has. */
function unstaffed(rows: readonly ItemRow[], facts: StandingFacts): Unstaffed[] {
  const lacking = rows.flatMap((row) => {
    const lacks = needsWorker(row, facts) ? facts.staff.lacks(row) : null
    return lacks === null ? [] : [{ row, lacks }]
  })
  return [...Map.groupBy(lacking, ({ row, lacks }) => `${row.type} ${lacks}`).values()].map((list) => {
    const [{ row, lacks }] = list as [(typeof lacking)[number]]
    return {
      type: row.type,
      capability: lacks.startsWith('type ') ? null : wantedOf(row),
      ready: list.length,
    }
  })
}

function matches(line: ItemLine, { status, type, claimedBy }: BoardFilter): boolean {
  if (status !== undefined && line.status !== status) return false
  if (type !== undefined && line.type !== type) return false
  return claimedBy === undefined || line.claimedBy === claimedBy
}

function byUrgency(a: ItemRow, b: ItemRow): number {
  return a.priority - b.priority || a.postedAt - b.postedAt || (a.id < b.id ? -1 : 1)
}
