/** What lies in a working tree, compared with what an attempt started from. */
import { listCommits } from '../git/commits.ts'
import { conflictedFiles, unfinishedIn } from '../git/committing.ts'
import { readContent } from '../git/content.ts'
import { changedFiles } from '../git/differences.ts'
import { commitOf, isAncestor, shortName } from '../git/refs.ts'
import { runGit, type GitPlace } from '../git/run.ts'
import type { WorkspaceState } from '../workspace.ts'

/** More commits of one attempt are not listed. */
const MAX_COMMITS = 1000

/** @param start the commit and the tree that the attempt started from */
export async function stateOf(
  place: Required<GitPlace>,
  start: { readonly base: string | null; readonly tree: string },
  which: 'all' | 'tracked' = 'all',
): Promise<WorkspaceState> {
  const head = (await commitOf(place, 'HEAD')) ?? null
  const { tree, missing } = await readContent(place, which)
  const ref = (await runGit(place, ['symbolic-ref', '--quiet', 'HEAD'])).output.trim()
  const range = { to: 'HEAD', limit: MAX_COMMITS, ...(start.base !== null && { after: start.base }) }
  const uncommitted = await changedFiles(place, head ?? start.tree, tree)
  return {
    head,
    tree,
    branch: ref === '' ? null : shortName(ref),
    commits: (head === null ? [] : await listCommits(place, range)).map(({ hash, subject }) => ({
      hash,
      subject,
    })),
    files: await changedFiles(place, start.tree, tree),
    uncommitted: [...new Set([...uncommitted.map(({ path }) => path), ...missing])],
    extendsBase: start.base === null || (head !== null && (await isAncestor(place, start.base, head))),
    unfinished: unfinishedIn(place.gitDir) ?? null,
    conflicts: await conflictedFiles(place),
  }
}
