/**
 * Integrates the merges that were taken together:
 *
 *     stack ── conflicts go back ── verify the top ── green: land all
 *                                                └── red: bisect, land what is below the one to blame, go on without it
 */
import type { MergeRow } from '../board/merge.ts'
import type { Outcome, Settled } from '../board/merge-queue.ts'
import { errorData, type ErrorData } from '../errors.ts'
import { crash } from '../failpoints.ts'
import { listCommits } from '../git/commits.ts'
import { mergeTrees } from '../git/merging.ts'
import { git, LOOK_ONLY, type GitPlace } from '../git/run.ts'
import { isAncestor, refValue, shortName } from '../git/refs.ts'
import { queueTip, waitingBranch } from './advance.ts'
import { bisect, TARGET } from './bisect.ts'
import { stackCandidates, type Candidate, type Conflict, type Contained, type Stack } from './candidates.ts'
import { forgetHead, land, landPull, type Integration } from './landing.ts'
import { settleMerges, type TakenMerge } from './queue.ts'
import { rejectionOf, unionOf, verifyCommit } from './verifying.ts'

/** Brings taken merges to their target, or says of each why it did not come there. */
export async function integrate(
  context: Integration,
  target: string,
  taken: readonly TakenMerge[],
): Promise<void> {
  for (const { merge } of taken) if (merge.mode === 'pr-branch') await landPull(context, merge)
  let open = taken.filter(({ merge }) => merge.mode !== 'pr-branch')
  if (open.length > 0 && (await refValue(context.place, target)) === undefined) {
    const settled = open.map(({ merge }) => ({ merge, outcome: targetGone(merge) }))
    return settleMerges(context.team, settled, context.host)
  }
  while (open.length > 0) open = await round(context, target, open)
}

/** Settles at least one of the merges, and gives those that are still open. */
async function round(
  context: Integration,
  target: string,
  open: readonly TakenMerge[],
): Promise<TakenMerge[]> {
  const { place, team, host } = context
  const byAttempt = new Map(open.map((one) => [one.merge.attempt, one]))
  const find = ({ attempt }: { readonly attempt: string }): TakenMerge => byAttempt.get(attempt) as TakenMerge
  const tip = await queueTip(place, shortName(target))
  const stack = await buildStack(place, tip, open)
  const settled: Settled[] = []
  for (const one of stack.contained)
    settled.push({ merge: find(one).merge, outcome: await containedOutcome(place, target, one) })
  for (const one of stack.conflicts)
    settled.push({ merge: find(one).merge, outcome: await conflictOutcome(place, target, tip, one) })
  await settleMerges(team, settled, host)
  for (const { merge, outcome } of settled) if (outcome.is === 'completed') await forgetHead(place, merge)
  const { candidates } = stack
  const verdict = await judge(context, tip, candidates, find)
  const green = candidates.slice(0, verdict.green)
  const landings = green.map((one) => ({ merge: find(one).merge, commit: one.commit }))
  // What is not wanted any more was rejected: the rest is built anew without it.
  if (!(await land(context, target, tip, landings))) return stillOpen(context, candidates.map(find))
  if (verdict.blamed === undefined) return []
  const { candidate, error, isTargetRed } = verdict.blamed
  const outcome: Outcome = isTargetRed
    ? targetRed(target, tip, candidate, error)
    : { is: 'rejected', error: rejectionOf(error, candidate, shortName(target)) }
  await settleMerges(team, [{ merge: find(candidate).merge, outcome }], host)
  return candidates.slice(verdict.green + 1).map(find)
}

async function buildStack(place: GitPlace, tip: string, open: readonly TakenMerge[]): Promise<Stack> {
  crash('git.candidate.before')
  const pending = open.map(({ merge }) => merge)
  const stack = await stackCandidates(
    place,
    tip,
    pending.map(({ item, attempt, title, head }) => ({ item, attempt, title, head })),
  )
  crash('git.candidate.after')
  return stack
}

interface Verdict {
  /** So many candidates, from the lowest, are green. */
  readonly green: number
  /** The next one, if it is to blame. */
  readonly blamed?: {
    readonly candidate: Candidate
    readonly error: ErrorData
    /** It was green by itself, and what it verifies fails on the target without it. */
    readonly isTargetRed: boolean
  }
}

async function judge(
  context: Integration,
  tip: string,
  candidates: readonly Candidate[],
  find: (candidate: Candidate) => TakenMerge,
): Promise<Verdict> {
  const verdicts = new Map<number, 'green' | 'red'>()
  const errors = new Map<number, ErrorData>()
  const blame = (index: number, isTargetRed: boolean): Verdict => ({
    green: index,
    blamed: { candidate: candidates[index] as Candidate, error: errors.get(index) as ErrorData, isTargetRed },
  })
  for (;;) {
    const step = bisect(candidates.length, verdicts)
    switch (step.kind) {
      case 'green':
        return { green: candidates.length }
      case 'blame':
        return blame(step.index, false)
      case 'target_red':
        return blame(0, true)
      case 'verify': {
        const error = await look(step.index)
        verdicts.set(step.index, error === undefined ? 'green' : 'red')
        if (error !== undefined) errors.set(step.index, error)
      }
    }
  }

  async function look(index: number): Promise<ErrorData | undefined> {
    const first = candidates[0] as Candidate
    // What was never green may fail on the target because it is about something that the target does not have yet.
    if (index === TARGET && find(first).merge.verified === 0) return undefined
    const last = candidates[Math.max(index, 0)] as Candidate
    const commands = unionOf(candidates.slice(0, Math.max(index, 0) + 1).map(find))
    const commit = index === TARGET ? tip : last.commit
    return verifyCommit(context.verifier, { commit, of: find(last).merge, commands }, context.signal)
  }
}

/** Those of the merges that this host still has. */
async function stillOpen({ team, host }: Integration, merges: readonly TakenMerge[]): Promise<TakenMerge[]> {
  const open: TakenMerge[] = []
  for (const one of merges) {
    const row = await team.store.read((reader) => reader.get('merge', one.merge.id))
    if (row?.state === 'taken' && row.host === host) open.push(one)
  }
  return open
}

async function containedOutcome(
  place: GitPlace,
  target: string,
  { head, commit }: Contained,
): Promise<Outcome> {
  const tip = await refValue(place, target)
  if (tip !== undefined && (await isAncestor(place, head, tip)))
    return { is: 'completed', ref: target, commit }
  const branch = waitingBranch(shortName(target))
  const message = `${branch} has this work already; it comes to ${shortName(target)} when its tree is clean.`
  return { is: 'held', reason: 'main_tree_dirty', ref: null, tip: null, message }
}

async function conflictOutcome(
  place: GitPlace,
  target: string,
  tip: string,
  conflict: Conflict,
): Promise<Outcome> {
  // Those before it may turn out red: it is tried again on what has come of them.
  if (conflict.after.length > 0 && (await mergeTrees(place, tip, conflict.head)).ok)
    return { is: 'returned', reason: 'stacked' }
  return { is: 'rejected', error: await conflictError(place, target, tip, conflict) }
}

async function conflictError(
  place: GitPlace,
  target: string,
  tip: string,
  { item, head, files, messages }: Conflict,
): Promise<ErrorData> {
  const name = shortName(target)
  const other = files.length === 0 ? undefined : await lastToTouch(place, tip, files)
  const by =
    other === undefined
      ? ''
      : other.item === undefined
        ? ` ${name} has changed there in ${other.commit.slice(0, 10)}.`
        : ` ${name} has changed there with the item "${other.item}".`
  const where = files.length === 0 ? messages.join(' ') : files.join(', ')
  return errorData(
    'merge_conflict',
    `The work of "${item}" does not merge with ${name}: ${where}.${by} ` +
      `Merge ${name} into the work, resolve these files, and finish it again.`,
    {
      item,
      target: name,
      head,
      onto: tip,
      files,
      messages,
      ...(other === undefined ? {} : { with: other.item ?? other.commit, commit: other.commit }),
    },
  )
}

/** The commit by which the target changed the files last, and the item that it brought. */
async function lastToTouch(
  place: GitPlace,
  tip: string,
  files: readonly string[],
): Promise<{ readonly commit: string; readonly item?: string } | undefined> {
  const paths = files.map((path) => `:(top,literal)${path}`)
  const args = ['log', '-n', '1', '--first-parent', '--format=%H', tip, '--', ...paths]
  const output = await git(place, args, { env: LOOK_ONLY })
  const commit = output.trim()
  if (commit === '') return undefined
  const [found] = await listCommits(place, { to: commit, limit: 1 })
  const [item] = found?.items ?? []
  return item === undefined ? { commit } : { commit, item }
}

/** Nobody but a person brings it back, so that it is not tried again. */
function targetGone({ item, target, head }: MergeRow): Outcome {
  const name = shortName(target)
  const message =
    `The branch ${name}, for which the work of "${item}" is, is not there any more. The work is ${head.slice(0, 10)}. ` +
    `Make the branch again, for example with: git branch ${name} ${head.slice(0, 10)}; then retry the item.`
  return { is: 'rejected', error: errorData('not_found', message, { item, target: name, head }) }
}

function targetRed(target: string, tip: string, { item }: Candidate, error: ErrorData): Outcome {
  const name = shortName(target)
  const message =
    `What "${item}" verifies fails on ${name} without its work as well, so nobody in the queue is to blame. ` +
    `It is tried again when ${name} has moved. ${error.message}`
  return { is: 'held', reason: 'target_red', ref: null, tip, message }
}
