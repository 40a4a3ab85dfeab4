/** Taking items off the board. The log keeps what they were. */
import type { ItemRow } from '../board/item.ts'
import { decideRemoval } from '../board/removing.ts'
import type { Decision } from '../store.ts'
import type { TeamContext } from '../team/context.ts'
import { commitItems as commit } from './inbox.ts'
import { knownItems, unknownItem } from './rows.ts'

/**
 * Removes one item.
 * @throws AtelierError `not_found`; `invalid_transition` while it runs, `conflict` while others depend on it
 */
export async function removeItem(team: TeamContext, id: string): Promise<void> {
  await commit(team.store, {
    name: 'item.change',
    keys: ['board'],
    by: team.by,
    async load(reader) {
      const item = await reader.get('item', id)
      if (item === undefined) return { known: await knownItems(reader) }
      return { item, board: byId(await reader.list('item')) }
    },
    decide: (loaded): Decision =>
      loaded.item === undefined
        ? { refused: unknownItem(id, loaded.known) }
        : decideRemoval([loaded.item], loaded.board),
  })
}

/**
 * Removes everything but what runs, and what that rests on.
 * @returns what was removed
 */
export async function clearItems(team: TeamContext): Promise<readonly string[]> {
  const { events } = await commit(team.store, {
    name: 'item.change',
    keys: ['board'],
    by: team.by,
    load: async (reader) => byId(await reader.list('item')),
    decide(board): Decision {
      const kept = restsOn(
        board,
        [...board.values()].filter(({ state }) => state === 'running'),
      )
      return decideRemoval(
        [...board.values()].filter(({ id }) => !kept.has(id)),
        board,
      )
    },
  })
  return events.flatMap((event) => (event.type === 'item.removed' ? [event.data.item] : []))
}

/** The items themselves, and all that they depend on, directly or through others. */
function restsOn(board: ReadonlyMap<string, ItemRow>, items: readonly ItemRow[]): Set<string> {
  const kept = new Set(items.map(({ id }) => id))
  // It grows while it is read.
  for (const id of kept) for (const each of board.get(id)?.dependsOn ?? []) kept.add(each)
  return kept
}

function byId(rows: readonly ItemRow[]): Map<string, ItemRow> {
  return new Map(rows.map((row) => [row.id, row]))
}
