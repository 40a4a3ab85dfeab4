/** What an attempt starts from. */
import type { ChangeRow } from '../board/change.ts'
import type { ItemRow } from '../board/item.ts'
import { isAncestor, refValue, resolveTarget } from '../git/refs.ts'
import type { GitPlace } from '../git/run.ts'
import type { Reader } from '../store.ts'
import type { TeamContext } from '../team/context.ts'
import type { BaseCommit } from '../workspace.ts'

export interface AttemptBase {
  /** As a workspace takes it: the first commit, and the heads that are merged into it. */
  readonly base: readonly BaseCommit[]
  /** The head of the item's change, from which it is advanced when the attempt settles. */
  readonly from: string | null
  /** Full name of the branch that the change is for; null where none is checked out. */
  readonly target: string | null
  /** It starts from work of the same change that the target does not have yet, such as that of an attempt that was lost. */
  readonly goesOn: boolean
}

export interface BaseOptions {
  /** The branch that changes are for; without it, the one that is checked out in the project. */
  readonly branch?: string
}

/**
 * The head of the item's change, as long as its target does not have it, else the tip of the target; and the heads of
 * what the item depends on and its target does not have yet.
 * @throws AtelierError `not_found` without a repository, without a commit, or without the branch that is named
 */
export async function baseFor(
  team: TeamContext,
  place: GitPlace,
  item: ItemRow,
  { branch }: BaseOptions = {},
): Promise<AttemptBase> {
  const { own, others } = await team.store.read(async (reader) => ({
    own: await reader.get('change', item.change),
    others: await openHeads(reader, item),
  }))
  const target = await resolveTarget(place, branch)
  const ref = own?.target ?? (target.kind === 'branch' ? target.ref : null)
  const tip = own === undefined ? target.commit : ((await refValue(place, own.target)) ?? target.commit)
  // Somebody may have merged it by hand, as a pull request.
  const goesOn = own?.state === 'open' && !(await isAncestor(place, own.head, tip))
  const first: BaseCommit = goesOn ? { commit: own.head, item: own.item } : { commit: tip }
  const base = [first]
  for (const head of others) if (!(await isContained(place, head, base))) base.push(head)
  return { base, from: own?.head ?? null, target: ref, goesOn }
}

/** The heads before an item that are not in their targets. Whatever came before one of them is in it. */
async function openHeads(reader: Reader, item: ItemRow): Promise<BaseCommit[]> {
  const heads: BaseCommit[] = []
  const seen = new Set<string>()
  const queue = [...item.dependsOn]
  // It grows while it is read.
  for (const id of queue) {
    if (seen.has(id)) continue
    seen.add(id)
    const row = await reader.get('item', id)
    if (row === undefined || row.change === item.change) continue
    const change = row.state === 'done' ? await reader.get('change', row.change) : undefined
    // A review, for example, has no change of its own and passes on what it has seen.
    if (change === undefined) queue.push(...row.dependsOn)
    else if (isOpenHead(change, heads)) heads.push({ commit: change.head, item: change.item })
  }
  return heads
}

function isOpenHead({ state, head }: ChangeRow, heads: readonly BaseCommit[]): boolean {
  return state === 'open' && heads.every(({ commit }) => commit !== head)
}

async function isContained(
  place: GitPlace,
  { commit }: BaseCommit,
  base: readonly BaseCommit[],
): Promise<boolean> {
  for (const one of base) if (await isAncestor(place, commit, one.commit)) return true
  return false
}
