/**
 * Advances a target branch to a verified candidate, whoever else has its hands on it. The one fence is the move of
 * the ref from the value that was intended:
 *
 *     intent {target, old, new} committed ── advance ── settle
 *
 *     not checked out                   git update-ref target new old
 *     checked out, tracked files clean  the same, and the files as `git merge --ff-only` would move them
 *     checked out, not clean           never; the work goes to atelier/<target>, and `syncTarget` brings it later
 */
import { AtelierError } from '../errors.ts'
import { crash } from '../failpoints.ts'
import { moveLocked } from '../git/ref-lock.ts'
import { isAncestor, moveRef, refValue } from '../git/refs.ts'
import { git, gitFailure, LOOK_ONLY, runGit, type GitPlace } from '../git/run.ts'
import { branchUse, type BranchUse } from '../git/worktrees.ts'
import { sleep } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'

/** How long the index of a checked-out target is waited for. */
const LOCK_TRIES = 10
const LOCK_PAUSE_MS = 100

/** What is to happen to a target; stored before it happens. */
export interface MergeIntent {
  /** The branch, without `refs/heads/`. */
  readonly target: string
  readonly old: string
  readonly new: string
}

/** Why the files of a checked-out target cannot be moved on. */
export interface MainTreeDirty {
  readonly reason: 'dirty' | 'unfinished' | 'untracked' | 'locked'
  /** Where the branch is checked out. */
  readonly path: string
  /** Files that are in the way, or the operation that is not finished. */
  readonly what: readonly string[]
}

export type Advance =
  | { readonly kind: 'advanced' }
  /** Somebody else moved the target: build the candidates anew on where it is. */
  | { readonly kind: 'moved'; readonly at: string | null }
  /** The target stays; its work is on this branch until the tree is clean. */
  | ({ readonly kind: 'main_tree_dirty'; readonly branch: string } & MainTreeDirty)

/** The branch on which work waits for a target whose tree is not clean. */
export function waitingBranch(target: string): string {
  return `atelier/${target}`
}

/**
 * Where the next candidates stand: on work that waits for the target, as long as that goes on from it, else on the
 * target itself.
 * @throws AtelierError `not_found` if there is no such branch
 */
export async function queueTip(place: GitPlace, target: string): Promise<string> {
  const tip = await refValue(place, `refs/heads/${target}`)
  if (tip === undefined) {
    const message = `There is no branch ${JSON.stringify(target)} to merge into. List the branches with: git branch`
    throw new AtelierError('not_found', message, { details: { branch: target } })
  }
  const waiting = await refValue(place, `refs/heads/${waitingBranch(target)}`)
  return waiting !== undefined && (await isAncestor(place, tip, waiting)) ? waiting : tip
}

/**
 * Advances the target. `old` is what `queueTip` gave; `new` is built on it.
 * @throws AtelierError `already_exists` if another branch's name is in the way of `atelier/<target>`
 */
export async function advanceTarget(place: GitPlace, intent: MergeIntent): Promise<Advance> {
  const ref = `refs/heads/${intent.target}`
  const tip = (await refValue(place, ref)) ?? null
  if (tip === intent.new) return { kind: 'advanced' }
  const waiting = await refValue(place, `refs/heads/${waitingBranch(intent.target)}`)
  const waits = waiting === intent.old || waiting === intent.new
  const isOurs = tip === intent.old || (waits && tip !== null && (await isAncestor(place, tip, intent.old)))
  if (!isOurs || tip === null) return { kind: 'moved', at: tip }
  const result = await moveBranch(place, { ref, old: tip, new: intent.new })
  if (result.kind !== 'main_tree_dirty') {
    if (result.kind === 'advanced') await forgetWaiting(place, intent.target, intent.new)
    return result
  }
  return park(place, intent, result)
}

/** Keeps the work beside a target that cannot take it now. */
async function park(
  place: GitPlace,
  intent: MergeIntent,
  why: { readonly kind: 'main_tree_dirty' } & MainTreeDirty,
): Promise<Advance> {
  const tip = (await refValue(place, `refs/heads/${intent.target}`)) ?? null
  // An integrator that was faster, or the user's own commit, just now.
  if (tip === null || !(await isAncestor(place, tip, intent.new))) return { kind: 'moved', at: tip }
  const branch = waitingBranch(intent.target)
  const ref = `refs/heads/${branch}`
  const at = (await refValue(place, ref)) ?? null
  const parked =
    at === intent.new
      ? { kind: 'advanced' as const }
      : await moveBranch(place, { ref, old: at, new: intent.new })
  // Somebody works on the waiting branch itself: their tree is the one that is in the way.
  if (parked.kind === 'main_tree_dirty') return { ...parked, branch: '' }
  return parked.kind === 'moved' ? parked : { ...why, branch }
}

export type Sync =
  /** Nothing waits. */
  | { readonly kind: 'nothing' }
  | Advance
  /** The target went on by itself: what waits has to be merged with it, as new candidates. */
  | { readonly kind: 'diverged'; readonly waiting: string; readonly target: string }

/** Brings a target the work that waits for it, if its tree is clean now. */
export async function syncTarget(place: GitPlace, target: string): Promise<Sync> {
  const [tip, waiting] = await Promise.all([
    refValue(place, `refs/heads/${target}`),
    refValue(place, `refs/heads/${waitingBranch(target)}`),
  ])
  if (waiting === undefined || tip === undefined) return { kind: 'nothing' }
  if (await isAncestor(place, waiting, tip)) {
    await forgetWaiting(place, target, tip)
    return { kind: 'nothing' }
  }
  if (!(await isAncestor(place, tip, waiting))) return { kind: 'diverged', waiting, target: tip }
  return advanceTarget(place, { target, old: tip, new: waiting })
}

/** Deletes the waiting branch once the target holds all of it. */
async function forgetWaiting(place: GitPlace, target: string, tip: string): Promise<void> {
  const ref = `refs/heads/${waitingBranch(target)}`
  const at = await refValue(place, ref)
  if (at === undefined || !(await isAncestor(place, at, tip))) return
  if ((await branchUse(place, ref)).state !== 'free') return
  await moveRef(place, { ref, old: at, new: null, why: 'atelier: synced' })
}

/** What became of an intent whose integrator never reported back. */
export type IntentState =
  /** The target has it, or has gone on from it. */
  | 'applied'
  /** It is on `atelier/<target>`. */
  | 'waiting'
  /** The target is where it was: advance again. */
  | 'not_applied'
  /** Somebody else moved the target: build the candidates anew. */
  | 'moved'

/** Reads what became of an intent: the refs say it, and nothing else can. */
export async function stateOfIntent(place: GitPlace, intent: MergeIntent): Promise<IntentState> {
  const tip = await refValue(place, `refs/heads/${intent.target}`)
  if (tip !== undefined && (await isAncestor(place, intent.new, tip))) return 'applied'
  const waiting = await refValue(place, `refs/heads/${waitingBranch(intent.target)}`)
  if (waiting !== undefined && (await isAncestor(place, intent.new, waiting))) return 'waiting'
  return tip === intent.old || waiting === intent.old ? 'not_applied' : 'moved'
}

/** A branch, where it is believed to be, and where it is to go; null is no branch yet. */
export interface BranchMove {
  readonly ref: string
  readonly old: string | null
  readonly new: string
}

export type MoveOutcome =
  | { readonly kind: 'advanced' }
  | { readonly kind: 'moved'; readonly at: string | null }
  | ({ readonly kind: 'main_tree_dirty' } & MainTreeDirty)

/**
 * Moves a branch, with the files of whoever has it checked out and clean. All of it happens while git holds the
 * branch locked at its old value: two `git merge --ff-only` at once were seen to leave the files of the one that
 * lost in the tree.
 */
export async function moveBranch(place: GitPlace, move: BranchMove): Promise<MoveOutcome> {
  const result = await moveLocked(place, { ...move, why: 'atelier: merge' }, async () => {
    const dirty = await moveFiles(place, move)
    return { move: dirty === undefined, dirty }
  })
  if (result.done === undefined) return { kind: 'moved', at: result.at }
  const { dirty } = result.done
  return dirty === undefined ? { kind: 'advanced' } : { kind: 'main_tree_dirty', ...dirty }
}

/** Brings the files to where the branch goes; says why that cannot be, and has changed none of them then. */
async function moveFiles(place: GitPlace, move: BranchMove): Promise<MainTreeDirty | undefined> {
  const use = await branchUse(place, move.ref)
  switch (use.state) {
    case 'free':
      return undefined
    case 'clean':
      return fastForward(use.place, move)
    case 'busy':
      return (await isInterrupted(use, move))
        ? undefined
        : { reason: use.reason, path: use.path, what: use.what }
  }
}

/** What `git merge --ff-only` does with files and index, and leaves the branch to the caller. */
async function fastForward(tree: Required<GitPlace>, move: BranchMove): Promise<MainTreeDirty | undefined> {
  for (let tries = 1; ; tries++) {
    // Files of which only the time changed are as committed.
    await runGit(tree, ['update-index', '-q', '--refresh'])
    crash('git.files.before')
    const { code, error } = await runGit(tree, ['read-tree', '-m', '-u', move.old ?? move.new, move.new])
    crash('git.files.after')
    if (code === 0) return undefined
    const refused = refusedFor(error)
    if (refused === undefined) throw gitFailure(tree, 'read-tree', error)
    // A `git status` in somebody's editor holds the index for a moment; a git that crashed holds it for ever.
    if (refused.reason !== 'locked' || tries === LOCK_TRIES) return { path: tree.dir, ...refused }
    await sleep(systemClock, LOCK_PAUSE_MS)
  }
}

/** What git says when it will not touch the files. */
function refusedFor(error: string): Pick<MainTreeDirty, 'reason' | 'what'> | undefined {
  const [, lock] = /Unable to create '([^']+\.lock)': File exists/u.exec(error) ?? []
  if (lock !== undefined) return { reason: 'locked', what: [lock] }
  const untracked = [...error.matchAll(/Untracked working tree file '(.+)' would be/gu)]
  if (untracked.length > 0) return { reason: 'untracked', what: untracked.map(([, path]) => path ?? '') }
  const changed = [...error.matchAll(/Entry '(.+)' (?:not uptodate|would be overwritten)/gu)]
  if (changed.length > 0) return { reason: 'dirty', what: changed.map(([, path]) => path ?? '') }
  return undefined
}

/**
 * Files and index move first and the branch last. Where a crash came between, the tree looks dirty, although it is
 * exactly what the branch should point at: then moving the branch is all that is left to do. The same goes for a
 * person who made the same changes by hand.
 */
async function isInterrupted(
  use: Extract<BranchUse, { readonly state: 'busy' }>,
  move: BranchMove,
): Promise<boolean> {
  if (use.reason !== 'dirty') return false
  const at = { dir: use.path }
  const [index, files] = await Promise.all([
    runGit(at, ['diff-index', '--quiet', '--cached', move.new, '--'], { env: LOOK_ONLY }),
    git(at, ['diff-files', '--name-only', '--no-ext-diff'], { env: LOOK_ONLY }),
  ])
  return index.code === 0 && files === ''
}
