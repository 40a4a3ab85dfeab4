/** Looks after held merges: what waits beside a dirty tree comes to its target when the tree is clean. */
import type { MergeRow } from '../board/merge.ts'
import { isWanted, type Outcome, type Settled } from '../board/merge-queue.ts'
import { errorData } from '../errors.ts'
import { crash } from '../failpoints.ts'
import { isAncestor, moveRef, refValue, shortName } from '../git/refs.ts'
import type { GitPlace } from '../git/run.ts'
import { branchUse } from '../git/worktrees.ts'
import { queueTip, syncTarget, type Sync } from './advance.ts'
import { forgetHead, waitingRef, type Integration } from './landing.ts'
import { liveMerges, mergesIn, settleMerges, withItems } from './queue.ts'
import { pullRef } from './ref-names.ts'

/** Looks once at what is held of a target, and lets go on what can. */
export async function tendHeld(context: Integration, target: string): Promise<void> {
  const { team, host } = context
  const { held, live } = await team.store.read(async (reader) => ({
    held: await withItems(reader, await mergesIn(reader, target, 'held')),
    live: await liveMerges(reader, target),
  }))
  // Whoever has some of the target looks after it.
  if (held.length === 0 || live.length > 0) return
  // Somebody has taken the branch away. What is held for it goes on, or is refused, when there is something to go on to.
  if ((await refValue(context.place, target)) === undefined) return
  const unwanted = held.filter((one) => !isWanted(one)).map(({ merge }) => merge)
  // What is on the waiting branch comes to the target whatever its item says now.
  const withdrawn = unwanted.filter(({ ref }) => ref === null)
  await settleMerges(team, withdrawn.map(withdraw), host)
  const rows = held.map(({ merge }) => merge).filter((row) => !withdrawn.includes(row))
  const settled = [
    ...(await tendRed(context.place, target, rows)),
    ...(await tendPulls(context.place, rows)),
    ...(await tendWaiting(context.place, target, rows)),
  ]
  await settleMerges(team, settled, host)
  for (const { merge, outcome } of settled)
    if (outcome.is === 'completed') await forgetHead(context.place, merge)
}

/** The target was red by itself: when it has moved, it may be green. */
async function tendRed(place: GitPlace, target: string, rows: readonly MergeRow[]): Promise<Settled[]> {
  const red = rows.filter(({ reason }) => reason === 'target_red')
  if (red.length === 0) return []
  const tip = await queueTip(place, shortName(target))
  return red.filter(({ old }) => old !== tip).map(resume)
}

/** The branch of a pull request was checked out and not clean. */
async function tendPulls(place: GitPlace, rows: readonly MergeRow[]): Promise<Settled[]> {
  const settled: Settled[] = []
  for (const merge of rows) {
    if (merge.reason !== 'main_tree_dirty' || merge.mode !== 'pr-branch') continue
    if (await isUsable(place, pullRef(merge.change))) settled.push(resume(merge))
  }
  return settled
}

async function tendWaiting(place: GitPlace, target: string, rows: readonly MergeRow[]): Promise<Settled[]> {
  const waiting = rows.filter(({ reason, mode }) => reason === 'main_tree_dirty' && mode !== 'pr-branch')
  if (waiting.length === 0) return []
  crash('git.update-ref.before')
  const sync = await syncTarget(place, shortName(target))
  crash('git.update-ref.after')
  const settled: Settled[] = []
  for (const merge of waiting) {
    const outcome = await outcomeOf(place, target, merge, sync)
    if (outcome !== undefined) settled.push({ merge, outcome })
  }
  if (sync.kind === 'diverged') await dropWaiting(place, target, waiting)
  return settled
}

async function outcomeOf(
  place: GitPlace,
  target: string,
  { commit, ref }: MergeRow,
  sync: Sync,
): Promise<Outcome | undefined> {
  const tip = await refValue(place, target)
  if (commit !== null && tip !== undefined && (await isAncestor(place, commit, tip)))
    return { is: 'completed', ref: target, commit }
  if (sync.kind === 'diverged') return RESUME
  // It waits on no branch, or not any more: it is built anew, once something can be done with it.
  const at = ref === null ? undefined : await refValue(place, ref)
  if (commit !== null && at !== undefined && (await isAncestor(place, commit, at))) return undefined
  const usable = (await isUsable(place, target)) && (await isUsable(place, waitingRef(target)))
  return usable ? RESUME : undefined
}

/** What waited has to be built anew on where the target is now. A branch that somebody has added to stays. */
async function dropWaiting(place: GitPlace, target: string, rows: readonly MergeRow[]): Promise<void> {
  const ref = waitingRef(target)
  const at = await refValue(place, ref)
  if (at === undefined || !rows.some((row) => row.new === at)) return
  if ((await branchUse(place, ref)).state === 'free')
    await moveRef(place, { ref, old: at, new: null, why: 'atelier: built anew' })
}

async function isUsable(place: GitPlace, ref: string): Promise<boolean> {
  return (await branchUse(place, ref)).state !== 'busy'
}

const RESUME: Outcome = { is: 'returned', reason: 'resumed' }

function resume(merge: MergeRow): Settled {
  return { merge, outcome: RESUME }
}

function withdraw(merge: MergeRow): Settled {
  const { item, attempt } = merge
  const message = `"${item}" does not wait for this merge any more, so it was withdrawn. Its work is on its branch.`
  return {
    merge,
    outcome: { is: 'rejected', error: errorData('stale_claim', message, { item, attempt }) },
  }
}
