/** Items that do nothing, durably: many are claimed and settled in one commit. */
import { decideClaim } from '../board/claiming.ts'
import type { ItemRow } from '../board/item.ts'
import { decideDone } from '../board/settling.ts'
import type { NewEvent } from '../events.ts'
import { newId } from '../ids.ts'
import { commit, isRegistered, type TeamContext } from '../team/context.ts'
import { dependentRows } from '../workers/rows.ts'
import type { Decision } from '../store.ts'
import { ENGINE_OWNER } from './parts.ts'

/** As many as a commit of some 10 ms holds: others wait for the lock meanwhile. */
const BATCH = 64

/** Settles items as done; those that are not ready any more are left alone. */
export async function settleNoops(team: TeamContext, host: string, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += BATCH) {
    const batch = ids.slice(start, start + BATCH).map((item) => ({ item, attempt: newId('att') }))
    await commit(team.store, {
      name: 'item.settle',
      keys: ['board'],
      by: { actor: host, via: 'host' },
      async load(reader) {
        if (!(await isRegistered(reader, host))) return []
        const items: { row: ItemRow; attempt: string; dependents: readonly ItemRow[] }[] = []
        for (const { item, attempt } of batch) {
          const row = await reader.get('item', item)
          if (row?.state === 'ready' && row.run !== null)
            items.push({ row, attempt, dependents: await dependentRows(reader, item) })
        }
        return items
      },
      decide: (items): Decision => ({
        events: items.flatMap(({ row, attempt, dependents }) => settled(row, attempt, host, dependents)),
      }),
    })
  }
}

function settled(
  row: ItemRow,
  attempt: string,
  host: string,
  dependents: readonly ItemRow[],
): readonly NewEvent[] {
  const claim = decideClaim(row, { attempt, owner: ENGINE_OWNER, host, slot: null, tree: null })
  const running: ItemRow = { ...row, state: 'running', phase: 'claimed', attempt }
  const done = decideDone(running, { attempt, result: null, verified: false, commit: null }, dependents)
  return 'events' in claim && 'events' in done ? [...claim.events, ...done.events] : []
}
