/** A board without a host: its commands on a store, as a worker calls them. */
import { parseWork } from '../src/board/definition-schema.ts'
import { canonicalJson } from '../src/json.ts'
import { projection } from '../src/projection.ts'
import type { HostRow } from '../src/tables.ts'
import { openSqliteStore } from '../src/stores/sqlite/store.ts'
import type { TeamContext } from '../src/team/context.ts'
import { EventFeed } from '../src/team/feed.ts'
import { backgroundClock, systemClock } from '../src/time/system-clock.ts'
import { claimNext, type ClaimedItem } from '../src/workers/claims.ts'
import { completeItem, postItems } from '../src/workers/commands.ts'
import type { DagItem } from './dags.ts'

export const ITEM_TYPE = 'code'
export const RESULT = 'done'

export interface BoardStore {
  readonly team: TeamContext
  /** @param priority of all of them; `normal` unless it is said */
  post(items: readonly DagItem[], priority?: 'low'): Promise<void>
  /** Takes the next item; undefined if none is ready. */
  claim(): Promise<ClaimedItem | undefined>
  complete(claimed: ClaimedItem): Promise<void>
  /** True if no item is ready and none runs. */
  isOver(): Promise<boolean>
  close(): Promise<void>
}

/** Opens the board in a file, which is made if it does not exist. */
export async function openBoard(path: string): Promise<BoardStore> {
  const store = await openSqliteStore({ path, projection, clock: systemClock })
  const feed = new EventFeed(store)
  const by = { actor: 'user', via: 'library' } as const
  const team: TeamContext = { store, clock: systemClock, loops: backgroundClock, feed, by }
  const worker = `worker-${process.pid}`
  // It claims as a host does, and gives no further sign of life.
  await store.write([{ table: 'host', put: hostRow(worker) }])
  return {
    team,
    async post(items, priority) {
      await postItems(
        team,
        items.map((item) => newItem(item, priority)),
      )
    },
    claim: () =>
      claimNext(team, {
        ...{ type: ITEM_TYPE, agent: worker, host: worker },
        ...{ routing: 'least_loaded', canHandleOf: () => undefined },
      }),
    complete: ({ item, attempt }) =>
      completeItem(team, item.id, { attempt, result: RESULT, verified: false, commit: null }),
    isOver: () =>
      store.read(async (reader) => {
        const ready = await reader.list('item', { where: { state: 'ready' }, limit: 1 })
        const running = await reader.list('attempt', { where: { state: 'running' } })
        return ready.length === 0 && running.length === 0
      }),
    close: () => store.close(),
  }
}

function hostRow(id: string): HostRow {
  const identity = { machine: 'bench', pid: process.pid, pidStart: '' }
  const at = systemClock.now()
  return {
    ...{ id, kind: 'library', state: 'running', ...identity },
    ...{ backends: [], startedAt: at, expiresAt: at + 3_600_000, idleExitMs: null },
  }
}

function newItem(
  { id, durationMs, dependsOn }: DagItem,
  priority: 'low' | 'normal' = 'normal',
): Parameters<typeof postItems>[1][number] {
  const estimate = `${durationMs}ms`
  const {
    post: { due: _due, ...post },
    definition,
  } = parseWork({ id, title: id, type: ITEM_TYPE, estimate, dependsOn, priority })
  return { ...post, deadline: null, definition: canonicalJson(definition) }
}
