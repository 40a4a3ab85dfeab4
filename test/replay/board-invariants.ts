/**
 * What holds of the rows of a board at every moment, computed from scratch: from the states of all items, and for counts
 * from the log. It knows neither events nor steps.
 */
import type { AttemptRow, DependencyRow, ItemRow, WakeRow } from '../../src/board/item.ts'
import { rankOf } from '../../src/board/rank.ts'
import type { AtelierEvent } from '../../src/events.ts'

export interface BoardTables {
  readonly item: readonly ItemRow[]
  readonly dependency: readonly DependencyRow[]
  readonly attempt: readonly AttemptRow[]
  readonly wake: readonly WakeRow[]
}

/** Every promise that the rows break, as sentences; none if all is well. */
export function brokenBoard(rows: BoardTables, log: readonly AtelierEvent[]): string[] {
  const items = new Map(rows.item.map((row) => [row.id, row]))
  return [
    ...rows.item.flatMap((row) => [
      ...brokenReadiness(row, items),
      ...brokenFields(row, log),
      ...brokenAttempts(row, rows.attempt),
      ...brokenPath(row, rows.item),
    ]),
    ...brokenLinks(rows),
  ]
}

/** What was final before and is different now, but for what was removed. */
export function brokenBoardFinality(before: BoardTables, after: BoardTables): string[] {
  const items = new Map(after.item.map((row) => [row.id, row]))
  const attempts = new Map(after.attempt.map((row) => [row.id, row]))
  return [
    ...before.item.flatMap((row) => {
      const now = items.get(row.id)
      const isFinal = row.state === 'done' || row.state === 'skipped'
      if (!isFinal || now === undefined) return []
      // A skipped item may still be told that something which it depends on is done.
      const isKept =
        row.state === 'done' ? JSON.stringify(row) === JSON.stringify(now) : now.state === 'skipped'
      return isKept ? [] : [`${row.state} item ${row.id} changed`]
    }),
    ...before.attempt
      .filter((row) => row.state !== 'running')
      .filter((row) => JSON.stringify(row) !== JSON.stringify(attempts.get(row.id)))
      .map(({ id }) => `ended attempt ${id} changed`),
  ]
}

function brokenReadiness(row: ItemRow, items: ReadonlyMap<string, ItemRow>): string[] {
  const { state, waiting, unmet } = row
  const open = row.dependsOn.filter((id) => !['done', 'skipped'].includes(items.get(id)?.state ?? 'missing'))
  const causes = state === 'waiting' ? blockersOf(row, items) : []
  const named = waiting?.for === 'failed_dependency' ? waiting.causes : []
  return broken(row.id, {
    'depends on what is not there': row.dependsOn.some((id) => !items.has(id)),
    [`has ${unmet} unmet dependencies instead of ${open.length}`]: unmet !== open.length,
    'is ready or runs with unmet dependencies': (state === 'ready' || state === 'running') && open.length > 0,
    'waits for its dependencies, and all are done': waiting?.for === 'dependencies' && open.length === 0,
    'is blocked by nothing': waiting?.for === 'failed_dependency' && named.length === 0,
    [`is blocked by ${named.join(' ')} instead of ${causes.join(' ')}`]:
      JSON.stringify([...named].toSorted()) !== JSON.stringify(causes.toSorted()),
    'waits for something else with unmet dependencies':
      waiting !== null && !['dependencies', 'failed_dependency'].includes(waiting.for) && open.length > 0,
  })
}

/** The failed and cancelled items from which a way of waiting items leads here. */
function blockersOf({ dependsOn }: ItemRow, items: ReadonlyMap<string, ItemRow>): string[] {
  const causes = new Set<string>()
  for (const id of dependsOn) {
    const dependency = items.get(id)
    if (dependency === undefined) continue
    if (['failed', 'cancelled'].includes(dependency.state)) causes.add(id)
    if (dependency.state === 'waiting') for (const cause of blockersOf(dependency, items)) causes.add(cause)
  }
  return [...causes]
}

function brokenFields(row: ItemRow, log: readonly AtelierEvent[]): string[] {
  const { id, state, phase, waiting, readyAt } = row
  const isSettled = ['done', 'skipped', 'failed', 'cancelled'].includes(state)
  const { attempts, losses } = countsOf(id, log)
  return broken(id, {
    'has a phase and does not run, or the other way round': (phase !== null) !== (state === 'running'),
    'waits for something and is not waiting, or the other way round':
      (waiting !== null) !== (state === 'waiting'),
    'is settled without a time, or the other way round': isSettled !== (row.settledAt !== null),
    'failed without saying why': state === 'failed' && row.error === null,
    [`counts ${row.attempts} attempts and ${row.losses} losses instead of ${attempts} and ${losses}`]:
      row.attempts !== attempts || row.losses !== losses,
    'is ready in another place than its rank says':
      state === 'ready' && (readyAt === null || row.rank !== rankOf({ ...row, readyAt })),
  })
}

/** Attempts since an item was posted or retried by hand, without those that use up no retry; and those lost of them. */
function countsOf(item: string, log: readonly AtelierEvent[]): { attempts: number; losses: number } {
  const own = log.filter(({ data }) => 'item' in data && data.item === item)
  const since = own.findLastIndex(({ type }) => type === 'item.posted' || type === 'item.retried')
  const outcomes = own
    .slice(since)
    .map((event) => (event.type === 'attempt.ended' ? event.data.outcome : event.type))
  const count = (...words: readonly string[]): number =>
    outcomes.filter((word) => words.includes(word)).length
  return { attempts: count('item.claimed') - count('released', 'parked', 'returned'), losses: count('lost') }
}

function brokenAttempts(row: ItemRow, attempts: readonly AttemptRow[]): string[] {
  const running = attempts.filter(({ item, state }) => item === row.id && state === 'running')
  return broken(row.id, {
    [`has ${running.length} running attempts while ${row.state}`]:
      running.length !== (row.state === 'running' ? 1 : 0),
    'runs in another attempt than it names': running.some(({ id }) => id !== row.attempt),
  })
}

/** What is done or skipped keeps the way that it had: nothing waits for it. */
function brokenPath(row: ItemRow, items: readonly ItemRow[]): string[] {
  if (row.state === 'done' || row.state === 'skipped') return []
  const longest = longestWay(row, items)
  return broken(row.id, { [`has a way of ${row.path} instead of ${longest}`]: row.path !== longest })
}

function longestWay({ id, estimateMs }: ItemRow, items: readonly ItemRow[]): number {
  const ways = items
    .filter(({ dependsOn }) => dependsOn.includes(id))
    .map((each) => (['done', 'skipped'].includes(each.state) ? each.path : longestWay(each, items)))
  return estimateMs + Math.max(0, ...ways)
}

function brokenLinks({ item, dependency, attempt, wake }: BoardTables): string[] {
  const edges = item.flatMap(({ id, dependsOn }) => dependsOn.map((each) => `${each} ${id}`)).toSorted()
  const kept = dependency.map((row) => `${row.dependsOn} ${row.item}`).toSorted()
  const timed = item.flatMap(({ id, waiting }) =>
    waiting !== null && 'at' in waiting ? [`${id} ${waiting.at}`] : [],
  )
  const slots = attempt.flatMap(({ state, slot }) => (state === 'running' && slot !== null ? [slot] : []))
  return broken('the board', {
    [`has the dependencies ${kept.join(', ')} instead of ${edges.join(', ')}`]:
      JSON.stringify(edges) !== JSON.stringify(kept),
    'wakes other items than those that wait for a time':
      JSON.stringify(wake.map((row) => `${row.item} ${row.at}`).toSorted()) !==
      JSON.stringify(timed.toSorted()),
    'has two running attempts in one slot': new Set(slots).size !== slots.length,
  })
}

function broken(what: string, promises: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(promises)
    .filter(([, isBroken]) => isBroken)
    .map(([promise]) => `${what} ${promise}`)
}
