/** A board on a real SQLite file, on a clock that the test moves, without anybody who runs agents. */
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import type { ErrorCode } from '../../src/errors.ts'
import type { AtelierEvent } from '../../src/events.ts'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { projection } from '../../src/projection.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import type { TeamContext } from '../../src/team/context.ts'
import { EventFeed } from '../../src/team/feed.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { openWorkshop, type OpenOptions } from '../../src/workshop.ts'
import { temporaryFolder } from '../direct/team.ts'

export interface TestShop {
  readonly shop: HostedWorkshop
  readonly clock: ManualClock
  readonly dir: string
  /** The same board in the hands of somebody else. */
  readonly as: (actor: string) => Promise<HostedWorkshop>
}

/** Opens a workshop in a folder of its own; `impl` and `reviewer` are in the team. */
export async function openShop(options: OpenOptions = {}): Promise<TestShop> {
  const dir = await temporaryFolder()
  const clock = new ManualClock()
  const as = async (actor: string): Promise<HostedWorkshop> => {
    const shop = await openWorkshop({
      dir,
      clock,
      config: false,
      host: 'none',
      persistence: join(dir, 'state'),
      durability: 'fast',
      backends: [scriptedBackend({ clock })],
      actor,
      ...options,
    })
    onTestFinished(() => shop.close({ drain: false }))
    return shop
  }
  const shop = await as('tester')
  shop.configure({ backend: 'scripted' })
  for (const name of ['impl', 'reviewer']) await shop.agent(name, `You are ${name}.`).stored
  return { shop, clock, dir, as }
}

/** The parts below a workshop, on the same file. */
export async function openTeam(dir: string, clock: ManualClock): Promise<TeamContext> {
  const store = await openSqliteStore({ path: join(dir, 'state', 'atelier.db'), projection, clock })
  const feed = new EventFeed(store)
  onTestFinished(async () => {
    feed.close()
    await store.close()
  })
  return { store, clock, loops: clock, feed, by: { actor: 'somebody', via: 'library' } }
}

/** The error of a promise that must fail with a code. */
export async function refused(
  promise: PromiseLike<unknown>,
  code: ErrorCode,
): Promise<{ readonly message: string; readonly details: Readonly<Record<string, unknown>> }> {
  const error: unknown = await promise.then(
    (value) => expect.fail(`resolved to ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code })
  return error as { readonly message: string; readonly details: Readonly<Record<string, unknown>> }
}

/** The status of every item by its id. */
export async function statuses(shop: HostedWorkshop): Promise<Record<string, string>> {
  const { items } = await shop.board()
  return Object.fromEntries(items.map(({ id, status }) => [id, status]))
}

/** Events about items, as `item.posted a`. */
export function told(events: readonly AtelierEvent[]): string[] {
  return events.flatMap(({ type, data }) =>
    'item' in data && type.startsWith('item.') ? [`${type} ${data.item}`] : [],
  )
}

/** Claims an item, and says how it ended. */
export async function finish(shop: HostedWorkshop, id: string, result?: string): Promise<void> {
  await shop.claim(id)
  await shop.complete(id, result)
}
