/**
 * What a failed or cancelled item does to everything behind it. The rule is local: an item is blocked by those
 * dependencies that failed or were cancelled, and by whatever blocks a dependency that is itself blocked. So any change
 * is followed by working the rule downwards, each item after what it depends on; there is no special case for repair.
 */
import type { NewEvent } from '../events.ts'
import { dependenciesFirst } from './graph.ts'
import type { ItemRow } from './item.ts'
import { blocks } from './item-lifecycle.ts'

/** The part of the board behind some items: rows by id, dependencies of all of them included. */
export interface Downstream {
  readonly items: ReadonlyMap<string, ItemRow>
  /** Items that depend on each. */
  readonly dependents: ReadonlyMap<string, readonly string[]>
}

/** What the rule looks at, as it will be once the decision is committed. */
export type Standing = Pick<ItemRow, 'state' | 'waiting' | 'unmet'>

/** An item as the rule sees it. */
export interface StandingItem extends Standing {
  readonly id: string
  readonly dependsOn: readonly string[]
}

/**
 * What becomes of the items behind those that change, as events in order.
 * @param changed the new standing of the items whose change is decided
 * @param released items that count one dependency less with this decision
 */
export function consequences(
  { items, dependents }: Downstream,
  changed: ReadonlyMap<string, Standing>,
  released: readonly string[] = [],
): NewEvent[] {
  const board = new Map<string, StandingItem>(items)
  for (const id of released) {
    const row = items.get(id)
    if (row !== undefined) board.set(id, { ...row, unmet: row.unmet - 1 })
  }
  for (const [id, standing] of changed) board.set(id, { id, dependsOn: [], ...standing })
  const behind = [...changed.keys()].flatMap((id) => dependents.get(id) ?? [])
  return ruled({ items: board, dependents }, new Set(behind), changed)
}

/**
 * Works the rule over some items and everything that this changes, and says how each comes to its new standing.
 * @param fixed items whose standing is decided
 */
export function ruled(
  {
    items,
    dependents,
  }: {
    readonly items: ReadonlyMap<string, StandingItem>
    readonly dependents: ReadonlyMap<string, readonly string[]>
  },
  of: Iterable<string>,
  fixed: { has(id: string): boolean } = new Set(),
): NewEvent[] {
  const events: NewEvent[] = []
  const now = new Map(items)
  const open = new Set(of)
  for (const id of dependenciesFirst(open, dependents)) {
    const before = now.get(id)
    // What runs or has settled is not called back; nor does the change of an item reach itself.
    if (!open.has(id) || before === undefined || fixed.has(id) || !isOpen(before)) continue
    const causes = causesOf(before.dependsOn, (each) => now.get(each))
    const after = { ...before, ...standingWith(before, causes) }
    if (isSame(before, after)) continue
    now.set(id, after)
    events.push(eventFor(id, after))
    for (const each of dependents.get(id) ?? []) open.add(each)
  }
  return events
}

/** The failed and cancelled items that keep something from running, in order of its dependencies. */
export function causesOf(
  dependsOn: readonly string[],
  standing: (id: string) => Pick<ItemRow, 'state' | 'waiting'> | undefined,
): string[] {
  const causes = new Set<string>()
  for (const id of dependsOn) {
    const dependency = standing(id)
    if (dependency === undefined) continue
    if (blocks(dependency.state)) causes.add(id)
    else if (dependency.waiting?.for === 'failed_dependency')
      for (const cause of dependency.waiting.causes) causes.add(cause)
  }
  return [...causes]
}

/** True for what the rule decides: a ready item, and one that waits for its dependencies. */
function isOpen({ state, waiting }: Standing): boolean {
  if (state === 'ready') return true
  return state === 'waiting' && (waiting?.for === 'dependencies' || waiting?.for === 'failed_dependency')
}

function standingWith({ unmet }: Standing, causes: readonly string[]): Standing {
  if (causes.length > 0) return { state: 'waiting', waiting: { for: 'failed_dependency', causes }, unmet }
  return unmet === 0
    ? { state: 'ready', waiting: null, unmet }
    : { state: 'waiting', waiting: { for: 'dependencies' }, unmet }
}

/** How an item comes to a standing that the rule gave it. */
function eventFor(item: string, { state, waiting }: Standing): NewEvent {
  if (state === 'ready') return { type: 'item.readied', data: { item } }
  return waiting?.for === 'failed_dependency'
    ? { type: 'item.blocked', data: { item, causes: waiting.causes } }
    : { type: 'item.unblocked', data: { item } }
}

function isSame(a: Standing, b: Standing): boolean {
  return a.state === b.state && JSON.stringify(a.waiting) === JSON.stringify(b.waiting)
}
