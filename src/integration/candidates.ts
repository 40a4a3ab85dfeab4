/**
 * Candidates of the merge queue: the merges of several results, each on the one before, as they would stand in the
 * target. They are made without a working tree, and nothing points at them until the target is advanced.
 */
import { commitMessage, commitTree, mergedAttempts, type CommitOrigin } from '../git/commits.ts'
import { mergeTrees } from '../git/merging.ts'
import { isAncestor } from '../git/refs.ts'
import type { GitPlace } from '../git/run.ts'

/** A result that waits to be merged. */
export interface PendingMerge extends CommitOrigin {
  readonly title: string
  /** The head of its change. */
  readonly head: string
}

/** A merge that fits. */
export interface Candidate extends PendingMerge {
  /** What it stands on: the target's tip, or the candidate before. */
  readonly onto: string
  /** The merge commit. */
  readonly commit: string
  readonly tree: string
}

/** A merge that does not fit, with the facts for its owner. */
export interface Conflict extends PendingMerge {
  /** The commit that it does not merge with. */
  readonly onto: string
  /** Empty where the two share no history. */
  readonly files: readonly string[]
  readonly messages: readonly string[]
  /** The items stacked before it; with none of them, it is the target itself that it does not merge with. */
  readonly after: readonly string[]
}

/** A result that the target has already: merged earlier, or nothing was changed. */
export interface Contained extends PendingMerge {
  /** The commit that brought it; the tip where it changed nothing. */
  readonly commit: string
}

export interface Stack {
  readonly candidates: readonly Candidate[]
  readonly conflicts: readonly Conflict[]
  readonly contained: readonly Contained[]
}

/**
 * Stacks the results in the order given. One that conflicts is left out, and the others go on without it. Each is a
 * merge commit of its own, also where a fast-forward would do: its trailers say that the target has this attempt.
 */
export async function stackCandidates(
  place: GitPlace,
  tip: string,
  pending: readonly PendingMerge[],
): Promise<Stack> {
  const candidates: Candidate[] = []
  const conflicts: Conflict[] = []
  const contained: Contained[] = []
  let onto = tip
  for (const one of pending) {
    if (await isAncestor(place, one.head, onto)) {
      contained.push({ ...one, commit: await broughtBy(place, one, onto) })
      continue
    }
    const merged = await mergeTrees(place, onto, one.head)
    if (!merged.ok) {
      const { files, messages } = merged
      conflicts.push({ ...one, onto, files, messages, after: candidates.map(({ item }) => item) })
      continue
    }
    const { tree } = merged
    const message = commitMessage(`Merge ${one.item}: ${one.title}`, one)
    const commit = await commitTree(place, { tree, parents: [onto, one.head], message })
    candidates.push({ ...one, onto, commit, tree })
    onto = commit
  }
  return { candidates, conflicts, contained }
}

/** Only the target's own line since the result was made can have brought it. */
async function broughtBy(place: GitPlace, { head, attempt }: PendingMerge, tip: string): Promise<string> {
  if (head === tip) return tip
  return (await mergedAttempts(place, { after: head, to: tip })).get(attempt) ?? tip
}
