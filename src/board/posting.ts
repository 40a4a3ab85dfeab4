/** Decides about posting: a batch is accepted whole or not at all. */
import type { Wanted } from '../agents/capability.ts'
import { errorData, nearestNames, type ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import { headOf, type StoredText } from '../json.ts'
import { ruled, type StandingItem } from './blocking.ts'
import { cycleIn, dependentsOf } from './graph.ts'
import type { ItemPart, ItemRow } from './item.ts'
import { satisfies } from './item-lifecycle.ts'
import { pathsOf, type PathItem } from './paths.ts'

export type Decided = { readonly events: readonly NewEvent[] } | { readonly refused: ErrorData }

/** One item as it is posted, checked by the schema. */
export interface PostItem {
  readonly id: string
  readonly title: string
  readonly type: string
  readonly priority: number
  /** How much more it is worth than others: 1 is as much. */
  readonly value: number
  /** ms since the epoch. */
  readonly deadline: number | null
  readonly capability: Wanted | null
  readonly definition: StoredText
  readonly dependsOn: readonly string[]
  readonly estimateMs: number
  readonly touches: readonly string[]
  /** The line of work that it extends; its own where none is named. */
  readonly change: string | null
  /** Where a run of a workflow posts it. */
  readonly part?: ItemPart
}

export interface PostFacts {
  /**
   * Rows of the batch's ids, and of everything that the batch depends on, directly or through others. Where an item is
   * replaced, those of the whole board: what is behind it may become blocked or ready, and ways become shorter.
   */
  readonly items: ReadonlyMap<string, ItemRow>
  /** Ids of the board, for the error about an unknown one. */
  readonly known: readonly string[]
  /** An item that neither runs nor is done may be replaced by one of the same id. */
  readonly replace: boolean
}

/** A posted item among the rows of the board. */
type Posted = StandingItem & PathItem

/**
 * Accepts a batch, or says why not: `circular_dependency`, `unknown_dependency`, `already_exists`. Nothing of a refused
 * batch is posted.
 */
export function decidePosting(batch: readonly PostItem[], facts: PostFacts): Decided {
  const board = new Map<string, Posted>(facts.items)
  for (const item of batch) board.set(item.id, postedItem(item, facts.items))
  const refused = doubled(batch) ?? existing(batch, facts) ?? unknown(batch, facts) ?? circular(batch, board)
  if (refused !== undefined) return { refused }
  const ids = batch.map(({ id }) => id)
  const replaced = batch.flatMap(({ id }) => facts.items.get(id) ?? [])
  const isWhole = replaced.length > 0
  const paths = pathsOf([...ids, ...replaced.flatMap(({ dependsOn }) => dependsOn)], board, { isWhole })
  const dependents = dependentsOf([...board.values()])
  const behind = replaced.flatMap(({ id }) => dependents.get(id) ?? [])
  return {
    events: [
      ...replaced.map(({ id, dependsOn }): NewEvent => {
        return { type: 'item.removed', data: { item: id, dependsOn } }
      }),
      ...batch.map((item) => posted(item, board.get(item.id) as Posted, paths.get(item.id) as number)),
      ...ruled({ items: board, dependents }, [...ids, ...behind]),
      ...pathChanges(paths, facts.items, new Set(ids)),
    ],
  }
}

/** Tells of ways that changed, but for those of items that are gone or new. */
export function pathChanges(
  paths: ReadonlyMap<string, number>,
  items: ReadonlyMap<string, ItemRow>,
  without: ReadonlySet<string>,
): NewEvent[] {
  return [...paths]
    .filter(([item, path]) => !without.has(item) && items.get(item)?.path !== path)
    .map(([item, path]) => ({ type: 'item.path_changed', data: { item, path } }))
}

/** Until the rule has looked at it, it waits for its dependencies. */
function postedItem({ id, dependsOn, estimateMs }: PostItem, items: ReadonlyMap<string, ItemRow>): Posted {
  const each = [...new Set(dependsOn)]
  const unmet = each.filter((dependency) => {
    const row = items.get(dependency)
    return row === undefined || !satisfies(row.state)
  }).length
  return { id, dependsOn: each, estimateMs, state: 'waiting', waiting: { for: 'dependencies' }, unmet }
}

function posted(item: PostItem, { id, dependsOn, unmet }: Posted, path: number): NewEvent {
  const { title, type: kind, priority, value, deadline, capability } = item
  const { definition, estimateMs, touches, change, part } = item
  return {
    type: 'item.posted',
    data: {
      item: id,
      title,
      kind,
      priority,
      value,
      deadline,
      capability,
      definition,
      dependsOn,
      unmet,
      estimateMs,
      path,
      touches,
      change: change ?? id,
      ...(part === undefined ? {} : { part }),
    },
  }
}

function doubled(batch: readonly PostItem[]): ErrorData | undefined {
  const seen = new Set<string>()
  const double = batch.find(({ id }) => seen.size === seen.add(id).size)
  if (double === undefined) return undefined
  return errorData(
    'already_exists',
    `The batch has the item "${double.id}" twice. Give each item an id of its own.`,
    {
      item: double.id,
    },
  )
}

function existing(batch: readonly PostItem[], { items, replace }: PostFacts): ErrorData | undefined {
  for (const { id } of batch) {
    const row = items.get(id)
    if (row === undefined) continue
    if (!replace) {
      return errorData(
        'already_exists',
        `There is an item "${id}" already; it is ${row.state}. Choose another id, or ask to replace it.`,
        { item: id, state: row.state },
      )
    }
    if (row.state === 'running' || satisfies(row.state)) {
      const from = row.phase ?? row.state
      return errorData(
        'invalid_transition',
        `The item "${id}" is ${from} and cannot be replaced; one that runs or is done cannot. Post the new one under another id.`,
        { item: id, from, to: 'ready' },
      )
    }
  }
  return undefined
}

function unknown(batch: readonly PostItem[], { items, known }: PostFacts): ErrorData | undefined {
  const ids = new Set(batch.map(({ id }) => id))
  for (const { id, dependsOn } of batch) {
    const missing = dependsOn.find((each) => !ids.has(each) && !items.has(each))
    if (missing === undefined) continue
    const near = nearestNames(missing, new Set([...known, ...ids]))
    const hint =
      near.length > 0
        ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`
        : 'Post that item first, or in the same batch.'
    return errorData(
      'unknown_dependency',
      `The item "${id}" depends on "${headOf(missing, 80)}", which does not exist. ${hint} Nothing was posted.`,
      { item: id, dependency: missing, nearest: near },
    )
  }
  return undefined
}

/** A replaced item may close a circle through items that were posted earlier. */
function circular(
  batch: readonly PostItem[],
  board: ReadonlyMap<string, StandingItem>,
): ErrorData | undefined {
  // Those of the batch first, so that the circle is named from one of them.
  const cycle = cycleIn([...batch, ...board.values()])
  if (cycle === undefined) return undefined
  return errorData(
    'circular_dependency',
    `The items depend on each other in a circle: ${cycle.join(' -> ')}. Remove one of these dependencies. Nothing was posted.`,
    { cycle },
  )
}
