/**
 * The longest way from an item to the end of the board: its own estimate and the longest way of what depends on it, in
 * whatever state that is. What is done or skipped keeps the way that it had, as nothing waits for it any more.
 */
import { dependentsFirst, dependentsOf } from './graph.ts'
import type { ItemState } from './item.ts'
import { satisfies } from './item-lifecycle.ts'

/** An item as its way is measured. */
export interface PathItem {
  readonly id: string
  readonly dependsOn: readonly string[]
  readonly estimateMs: number
  readonly state: ItemState
  /** As it was before; undefined of a new item. */
  readonly path?: number
}

/**
 * The ways of some items, and of everything that they depend on, as far as it is among the items.
 * @param isWhole the items are the whole board; else a way only becomes longer, as not all of what it led to is known
 */
export function pathsOf(
  of: readonly string[],
  items: ReadonlyMap<string, PathItem>,
  { isWhole }: { readonly isWhole: boolean },
): Map<string, number> {
  const measured = upwards(of, items)
  const dependents = dependentsOf([...items.values()])
  const paths = new Map<string, number>()
  for (const id of dependentsFirst(measured)) {
    const { estimateMs, path = estimateMs } = items.get(id) as PathItem
    // What is not measured here has a way already: only new items have none, and all of them are.
    const ways = (dependents.get(id) ?? []).map(
      (each) => paths.get(each) ?? (items.get(each)?.path as number),
    )
    const longest = ways.reduce((a, b) => Math.max(a, b), isWhole ? 0 : path - estimateMs)
    paths.set(id, estimateMs + longest)
  }
  return paths
}

/** Items and what they depend on, up to what is done or skipped. */
function upwards(of: readonly string[], items: ReadonlyMap<string, PathItem>): PathItem[] {
  const found = new Map<string, PathItem>()
  const queue = [...of]
  // It grows while it is read.
  for (const id of queue) {
    const item = items.get(id)
    if (item === undefined || found.has(id) || satisfies(item.state)) continue
    found.set(id, item)
    queue.push(...item.dependsOn)
  }
  return [...found.values()]
}
