/** Goes on where an earlier attempt was suspended: on its commits, with what it had not committed. */
import { crash } from '../../failpoints.ts'
import { commitOf, isAncestor, refValue } from '../../git/refs.ts'
import { git, LOOK_ONLY, runGit, type GitPlace } from '../../git/run.ts'
import type { WorkspaceRequest } from '../../workspace.ts'
import { savedMessage, savedRef } from './removal.ts'

/** Where a worktree begins that goes on. */
export interface Continuation {
  /** What the work is compared with. */
  readonly base: string
  /** The commit on which it goes on. */
  readonly head: string
  /** The commit that holds the files as they lay there; null where all of them were committed. */
  readonly files: string | null
}

/** What the first of the attempts left that left something; undefined where there is none, or it lacks what it should stand on. */
export async function continuationOf(
  project: GitPlace,
  base: string,
  { attempts, upon }: NonNullable<WorkspaceRequest['continues']>,
): Promise<Continuation | undefined> {
  for (const attempt of attempts) {
    const saved = await refValue(project, savedRef(attempt))
    if (saved === undefined) continue
    const isWork = (await messageOf(project, saved)) === savedMessage(attempt)
    const head = isWork ? await commitOf(project, `${saved}^1`) : saved
    if (head === undefined || (upon !== null && !(await isAncestor(project, upon, head)))) return undefined
    return { base: await commonBase(project, base, head), head, files: isWork ? saved : null }
  }
  return undefined
}

/** Its base, or where it left the line of what would be its base now. */
async function commonBase(project: GitPlace, base: string, head: string): Promise<string> {
  if (await isAncestor(project, base, head)) return base
  const { code, output } = await runGit(project, ['merge-base', base, head], { env: LOOK_ONLY })
  return code === 0 ? output.trim() : head
}

async function messageOf(project: GitPlace, commit: string): Promise<string> {
  return git(project, ['show', '-s', '--format=%B', commit], { env: LOOK_ONLY }).then(
    (text) => `${text.trim()}\n`,
  )
}

/** Puts the files there as they lay there: what was not committed then is not committed now. */
export async function restoreFiles(
  place: Required<GitPlace>,
  files: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  crash('worktree.restore.before')
  await git(place, ['read-tree', '-m', '-u', 'HEAD', files], signal && { signal })
  // As if nothing of it had been said to git.
  await git(place, ['reset', '--quiet'], signal && { signal })
  crash('worktree.restore.after')
}
