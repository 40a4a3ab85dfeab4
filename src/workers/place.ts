/** Where an attempt works, and what it leaves there. */
import type { ItemDefinition } from '../board/definition.ts'
import type { BaseCommit, Released, Workspace, WorkspaceAdapter } from '../workspace.ts'
import type { ClaimedItem } from './claims.ts'
import type { WorkerContext } from './context.ts'
import { attemptsAt } from './rows.ts'
import type { Suspended } from './suspending.ts'

/** The workspace of one attempt; none where it works in the project folder itself. */
export interface Place {
  readonly cwd: string
  readonly checkout: { readonly adapter: WorkspaceAdapter; readonly workspace: Workspace } | null
}

export interface PlaceInput {
  readonly claimed: ClaimedItem
  readonly definition: ItemDefinition
  /** What its worktree starts from; undefined works in the project folder. */
  readonly base: readonly BaseCommit[] | undefined
  /** What it goes on with. */
  readonly suspended: Suspended | undefined
  /** The head of its change, where it starts from that. */
  readonly upon: string | null
  readonly signal: AbortSignal
}

/** Makes the place and announces it, so that this host starts the attempt's turns there. */
export async function openPlace(
  context: WorkerContext,
  { claimed, definition, base, suspended, upon, signal }: PlaceInput,
): Promise<Place> {
  const { item, attempt, slot } = claimed
  const conversation = suspended?.turn === undefined ? {} : { suspended: suspended.turn }
  if (base === undefined) {
    context.attempts.set(attempt, { cwd: context.dir, env: {}, ...conversation })
    return { cwd: context.dir, checkout: null }
  }
  const adapter = await context.worktrees()
  const workspace = await adapter.acquire({
    attempt,
    item: { id: item.id, title: item.title },
    change: item.change,
    base,
    access: definition.access,
    slot,
    host: context.host,
    signal,
    ...(suspended === undefined ? {} : { continues: { attempts: suspended.attempts, upon } }),
  })
  context.attempts.set(attempt, { cwd: workspace.cwd, env: workspace.env, ...conversation })
  return { cwd: workspace.cwd, checkout: { adapter, workspace } }
}

/** Gives the place up. What no branch holds is saved first; what a reader wrote is not. */
export async function closePlace(
  context: WorkerContext,
  { attempt }: ClaimedItem,
  place: Place | undefined,
  files: 'keep' | 'remove',
): Promise<Released | undefined> {
  context.attempts.delete(attempt)
  if (place?.checkout == null) return undefined
  return place.checkout.adapter.release({ attempt }, { files, host: context.host })
}

/** Takes away what earlier attempts at the item left: their work is saved, and this one goes on from the change. */
export async function clearEarlier(context: WorkerContext, { item, attempt }: ClaimedItem): Promise<void> {
  if (item.attempt === null) return
  const earlier = await context.team.store.read((reader) => attemptsAt(reader, item.id))
  const adapter = await context.worktrees()
  const found = new Set((await adapter.list()).map((each) => each.attempt))
  for (const { id, state } of earlier) {
    if (id === attempt || state === 'running' || !found.has(id)) continue
    await adapter.release({ attempt: id }, { files: 'remove', host: context.host })
  }
}
