/** Decides about taking items off the board. */
import { errorData, type ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import { dependentsFirst, dependentsOf } from './graph.ts'
import type { ItemRow } from './item.ts'
import { pathsOf } from './paths.ts'
import { pathChanges, type Decided } from './posting.ts'

/**
 * Removes items, one or the whole board, or says why not: `invalid_transition` while one of them runs, `conflict` where
 * an item that stays depends on one of them. Then nothing is removed.
 * @param board every row of the board
 */
export function decideRemoval(items: readonly ItemRow[], board: ReadonlyMap<string, ItemRow>): Decided {
  const removed = new Set(items.map(({ id }) => id))
  const refused = running(items) ?? needed(items, removed, board)
  if (refused !== undefined) return { refused }
  const rest = new Map([...board].filter(([id]) => !removed.has(id)))
  const gone = new Map(items.map((item) => [item.id, item]))
  const paths = pathsOf(
    items.flatMap(({ dependsOn }) => dependsOn),
    rest,
    { isWhole: true },
  )
  return {
    events: [
      ...dependentsFirst(items).map((id): NewEvent => {
        const { dependsOn } = gone.get(id) as ItemRow
        return { type: 'item.removed', data: { item: id, dependsOn } }
      }),
      ...pathChanges(paths, board, removed),
    ],
  }
}

function running(items: readonly ItemRow[]): ErrorData | undefined {
  const item = items.find(({ state }) => state === 'running')
  if (item === undefined) return undefined
  const from = item.phase ?? item.state
  return errorData(
    'invalid_transition',
    `The item "${item.id}" is ${from} by ${item.owner}, so it cannot be removed. Wait until it has ended. Nothing was removed.`,
    { item: item.id, from, to: 'removed' },
  )
}

/** Without what it waits for, an item could neither become ready nor be told the result. */
function needed(
  items: readonly ItemRow[],
  removed: ReadonlySet<string>,
  board: ReadonlyMap<string, ItemRow>,
): ErrorData | undefined {
  const dependents = dependentsOf([...board.values()])
  for (const { id } of items) {
    const needing = (dependents.get(id) ?? []).filter((each) => !removed.has(each))
    const [first] = needing
    if (first === undefined) continue
    const others = needing.length === 1 ? '' : ` and ${needing.length - 1} more`
    return errorData(
      'conflict',
      `The item "${id}" cannot be removed, because "${first}"${others} on the board depends on it. Look at it with: work show ${first}. Nothing was removed.`,
      { item: id, dependents: needing },
    )
  }
  return undefined
}
