/** Dependencies as a graph: what is wrong with a batch, in which waves it can run, how long its ways are. */

/** An item of a batch with what it waits for. */
export interface GraphItem {
  readonly id: string
  readonly dependsOn: readonly string[]
}

/** One cycle of a graph, its first id repeated at the end; undefined if there is none. */
export function cycleIn(items: readonly GraphItem[]): string[] | undefined {
  const byId = new Map(items.map((item) => [item.id, item]))
  const finished = new Set<string>()
  for (const { id } of items) {
    const cycle = finished.has(id) ? undefined : walk(id, byId, finished)
    if (cycle !== undefined) return cycle
  }
  return undefined
}

/** Goes down from one item without recursion, as a chain may be longer than the stack. */
function walk(
  from: string,
  byId: ReadonlyMap<string, GraphItem>,
  finished: Set<string>,
): string[] | undefined {
  const path: { readonly id: string; next: number }[] = [{ id: from, next: 0 }]
  const onPath = new Set([from])
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const below = byId.get(top.id)?.dependsOn[top.next++]
    if (below === undefined) {
      finished.add(top.id)
      onPath.delete(top.id)
      path.pop()
    } else if (onPath.has(below)) {
      const ids = path.map(({ id }) => id)
      return [...ids.slice(ids.indexOf(below)), below]
    } else if (byId.has(below) && !finished.has(below)) {
      path.push({ id: below, next: 0 })
      onPath.add(below)
    }
  }
  return undefined
}

/**
 * Items that can run together, one wave after the other: each holds what depends only on earlier ones.
 * Dependencies outside of the batch count as met.
 * @throws RangeError if there is a cycle: {@link cycleIn} names it
 */
export function wavesOf(items: readonly GraphItem[]): string[][] {
  const unmet = unmetCounts(items)
  const dependents = dependentsOf(items)
  const waves: string[][] = []
  let placed = 0
  for (let wave = items.filter(({ id }) => unmet.get(id) === 0).map(({ id }) => id); wave.length > 0;) {
    waves.push(wave)
    placed += wave.length
    wave = wave.flatMap((id) =>
      (dependents.get(id) ?? []).filter((dependent) => {
        const left = (unmet.get(dependent) as number) - 1
        unmet.set(dependent, left)
        return left === 0
      }),
    )
  }
  if (placed < items.length) throw new RangeError('The items have a cycle.')
  return waves
}

/** The items of a batch, each behind everything of the batch that depends on it. */
export function dependentsFirst(items: readonly GraphItem[]): string[] {
  return wavesOf(items).flat().toReversed()
}

/**
 * Some items and everything behind them, each after what it depends on. Of the items of a cycle the order is arbitrary.
 * @param dependents who waits for whom
 */
export function dependenciesFirst(
  from: Iterable<string>,
  dependents: ReadonlyMap<string, readonly string[]>,
): string[] {
  const seen = new Set<string>()
  const left: string[] = []
  for (const start of from) {
    if (seen.has(start)) continue
    seen.add(start)
    // As in walk(): without recursion. An item is left when everything behind it was left.
    const path: { readonly id: string; next: number }[] = [{ id: start, next: 0 }]
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const behind = dependents.get(top.id)?.[top.next++]
      if (behind === undefined) {
        left.push(top.id)
        path.pop()
      } else if (!seen.has(behind)) {
        seen.add(behind)
        path.push({ id: behind, next: 0 })
      }
    }
  }
  return left.toReversed()
}

/** Who waits for whom inside of a batch. */
export function dependentsOf(items: readonly GraphItem[]): Map<string, string[]> {
  const dependents = new Map<string, string[]>()
  for (const { id, dependsOn } of items) {
    for (const below of new Set(dependsOn)) {
      const list = dependents.get(below)
      if (list === undefined) dependents.set(below, [id])
      else list.push(id)
    }
  }
  return dependents
}

function unmetCounts(items: readonly GraphItem[]): Map<string, number> {
  const ids = new Set(items.map(({ id }) => id))
  return new Map(
    items.map(({ id, dependsOn }) => [id, new Set(dependsOn.filter((below) => ids.has(below))).size]),
  )
}
