/**
 * Brings a verified candidate to its branch: the intent is committed, the branch moved, and what became of it settled.
 * Whatever dies in between, the refs say whether the branch has moved.
 */
import type { MergeRow } from '../board/merge.ts'
import type { Outcome } from '../board/merge-queue.ts'
import { errorData, type ErrorData } from '../errors.ts'
import { crash } from '../failpoints.ts'
import { isAncestor, refValue, shortName } from '../git/refs.ts'
import type { GitPlace } from '../git/run.ts'
import type { TeamContext } from '../team/context.ts'
import { advanceTarget, moveBranch, stateOfIntent, waitingBranch, type Advance } from './advance.ts'
import { changesWithin, dropChangeRef } from './changes.ts'
import { intendMerges, settleMerges } from './queue.ts'
import { pullRef } from './ref-names.ts'
import type { Verifier } from './verifying.ts'

/** What an integrator works with. */
export interface Integration {
  readonly team: TeamContext
  /** The project folder. */
  readonly place: GitPlace
  readonly host: string
  readonly verifier: Verifier
  /** Aborted when the integrator ends at once. */
  readonly signal: AbortSignal
}

/** A merge and the commit that holds it. */
export interface Landing {
  readonly merge: MergeRow
  readonly commit: string
}

/**
 * Advances the target to the last of the landings.
 * @param old where they are built on
 * @returns false if nothing was done because an item does not want its merge any more
 */
export async function land(
  context: Integration,
  target: string,
  old: string,
  landings: readonly Landing[],
): Promise<boolean> {
  const last = landings.at(-1)
  if (last === undefined) return true
  const commits = new Map(landings.map(({ merge, commit }) => [merge.id, commit]))
  const intent = { host: context.host, ref: target, old, new: last.commit, commits }
  const merges = landings.map(({ merge }) => merge)
  if (!(await intendMerges(context.team, merges, intent))) return false
  const advance = await advanceTo(context.place, { target, old, new: last.commit })
  await settleLandings(context, target, landings, advance)
  return true
}

/** Puts a change on a branch of its own, for a pull request. */
export async function landPull(context: Integration, merge: MergeRow): Promise<void> {
  const { place, team, host } = context
  const ref = pullRef(merge.change)
  const old = (await refValue(place, ref)) ?? null
  const isThere = old !== null && (await isAncestor(place, merge.head, old))
  if (isThere || (old !== null && !(await isAncestor(place, old, merge.head)))) {
    const outcome: Outcome = isThere
      ? { is: 'completed', ref, commit: merge.head }
      : { is: 'rejected', error: foreignBranch(merge, ref, old) }
    return settleMerges(team, [{ merge, outcome }], host)
  }
  const commits = new Map([[merge.id, merge.head]])
  if (!(await intendMerges(team, [merge], { host, ref, old, new: merge.head, commits }))) return
  await pushPull(context, { ...merge, ref, old, new: merge.head })
}

/** Moves the branch of an intended pull request, and says what became of it. */
async function pushPull({ team, place, host }: Integration, merge: MergeRow): Promise<void> {
  const ref = merge.ref as string
  crash('git.update-ref.before')
  const moved = await moveBranch(place, { ref, old: merge.old, new: merge.head })
  crash('git.update-ref.after')
  const outcome: Outcome =
    moved.kind === 'advanced'
      ? { is: 'completed', ref, commit: merge.head }
      : moved.kind === 'moved'
        ? { is: 'returned', reason: 'moved' }
        : heldFor(ref, { ...moved, branch: '' })
  await settleMerges(team, [{ merge, outcome }], host)
}

/** Finishes what was intended before: by this host, or by one that is gone. */
export async function recoverIntents(
  context: Integration,
  target: string,
  rows: readonly MergeRow[],
): Promise<void> {
  const intents = rows.filter(({ state }) => state === 'intended')
  for (const merge of intents.filter(({ ref }) => ref !== target)) await recoverPull(context, merge)
  const own = intents.filter(({ ref }) => ref === target)
  // Every intent has merges of its own; there is one at a time, and several only if a decision was wrong.
  for (const next of new Set(own.map((row) => row.new))) {
    const merges = own.filter((row) => row.new === next)
    await recoverLanding(context, target, merges)
  }
}

async function recoverLanding(
  context: Integration,
  target: string,
  merges: readonly MergeRow[],
): Promise<void> {
  const { place } = context
  const [{ old, new: next }] = merges as [MergeRow]
  const intent = { target: shortName(target), old: old as string, new: next as string }
  const landings = merges.map((merge) => ({ merge, commit: merge.commit as string }))
  switch (await stateOfIntent(place, intent)) {
    case 'applied':
      return settleLandings(context, target, landings, { kind: 'advanced' })
    case 'moved':
      return settleLandings(context, target, landings, { kind: 'moved', at: null })
    case 'waiting':
      return settleWaiting(context, target, merges)
    case 'not_applied':
      return settleLandings(context, target, landings, await advanceTo(place, { ...intent, target }))
  }
}

/** It was put beside the target; whether that is clean by now is looked at when what is held is looked at. */
async function settleWaiting(
  { team, host }: Integration,
  target: string,
  merges: readonly MergeRow[],
): Promise<void> {
  const ref = waitingRef(target)
  const name = shortName(target)
  const message = `The work waits on ${shortName(ref)}, and comes to ${name} when the tree that has it checked out is clean.`
  const outcome: Outcome = { is: 'held', reason: 'main_tree_dirty', ref, tip: null, message }
  await settleMerges(
    team,
    merges.map((merge) => ({ merge, outcome })),
    host,
  )
}

async function recoverPull(context: Integration, merge: MergeRow): Promise<void> {
  const { place, team, host } = context
  const ref = merge.ref as string
  const at = (await refValue(place, ref)) ?? null
  if (at === merge.old) return pushPull(context, merge)
  const outcome: Outcome =
    at !== null && (await isAncestor(place, merge.head, at))
      ? { is: 'completed', ref, commit: merge.head }
      : { is: 'returned', reason: 'moved' }
  await settleMerges(team, [{ merge, outcome }], host)
}

async function advanceTo(
  place: GitPlace,
  intent: { readonly target: string; readonly old: string; readonly new: string },
): Promise<Advance> {
  crash('git.update-ref.before')
  const advance = await advanceTarget(place, { ...intent, target: shortName(intent.target) })
  crash('git.update-ref.after')
  return advance
}

async function settleLandings(
  { team, place, host }: Integration,
  target: string,
  landings: readonly Landing[],
  advance: Advance,
): Promise<void> {
  const outcomeOf = (commit: string): Outcome => {
    switch (advance.kind) {
      case 'advanced':
        return { is: 'completed', ref: target, commit }
      case 'moved':
        return { is: 'returned', reason: 'moved' }
      case 'main_tree_dirty':
        return heldFor(target, advance)
    }
  }
  const settled = landings.map(({ merge, commit }) => ({ merge, outcome: outcomeOf(commit) }))
  if (advance.kind !== 'advanced') return settleMerges(team, settled, host)
  const tip = landings.at(-1)?.commit as string
  const closings = await changesWithin(team, place, target, tip)
  await settleMerges(team, settled, host, closings)
  for (const { merge } of landings) await forgetHead(place, merge)
  for (const { change, head } of closings) await dropChangeRef(place, change, head)
}

/** The branch holds the head now, so nothing else has to. */
export async function forgetHead(place: GitPlace, { change, head }: MergeRow): Promise<void> {
  await dropChangeRef(place, change, head)
}

/** What holds a merge whose branch is checked out and not clean. */
function heldFor(
  ref: string,
  { reason, path, what, branch }: Extract<Advance, { readonly kind: 'main_tree_dirty' }>,
): Outcome {
  const name = shortName(ref)
  const list = what.slice(0, 5).join(', ') + (what.length > 5 ? `, and ${what.length - 5} more` : '')
  const why = {
    dirty: `has changes that are not committed (${list}): commit or stash them`,
    unfinished: `is in the middle of a ${list}: finish it`,
    untracked: `has files that git does not track and that the merge brings (${list}): move them, or commit them`,
    locked: `is in use by another git command (${list})`,
  }[reason]
  const waits = branch === '' ? 'The work' : `The work waits on ${branch}, and`
  const message = `${name} is checked out in ${path}, which ${why}. ${waits} comes to ${name} by itself then.`
  const held = branch === '' ? null : `refs/heads/${branch}`
  return { is: 'held', reason: 'main_tree_dirty', ref: held, tip: null, message }
}

/** The branch on which work waits for a target, as a full name. */
export function waitingRef(target: string): string {
  return `refs/heads/${waitingBranch(shortName(target))}`
}

function foreignBranch({ item, head }: MergeRow, ref: string, at: string): ErrorData {
  return errorData(
    'conflict',
    `${shortName(ref)} has commits that the work of "${item}" does not have, so it was left as it is. ` +
      `Merge ${shortName(ref)} into the work, or give the branch another name; then retry the item.`,
    { item, ref, head, at },
  )
}
