/** The commit that an attempt starts from. */
import { AtelierError } from '../../errors.ts'
import { commitTree } from '../../git/commits.ts'
import { mergeTrees } from '../../git/merging.ts'
import { commitOf, isAncestor, resolveTarget } from '../../git/refs.ts'
import type { GitPlace } from '../../git/run.ts'
import type { BaseCommit } from '../../workspace.ts'

/**
 * The first commit with the others merged into it; without any, what is checked out in the project.
 * @throws AtelierError `merge_conflict` naming the head that does not fit, `not_found` for a commit that is not there
 */
export async function resolveBase(place: GitPlace, base: readonly BaseCommit[]): Promise<string> {
  const [first, ...others] = base
  if (first === undefined) return (await resolveTarget(place)).commit
  let merged = await existing(place, first)
  for (const head of others) merged = await mergeHead(place, merged, head)
  return merged
}

async function mergeHead(place: GitPlace, onto: string, head: BaseCommit): Promise<string> {
  const commit = await existing(place, head)
  if (await isAncestor(place, commit, onto)) return onto
  if (await isAncestor(place, onto, commit)) return commit
  const merged = await mergeTrees(place, onto, commit)
  if (!merged.ok) throw conflict(onto, head, merged)
  const message = `Merge ${nameOf(head)} as a base\n`
  return commitTree(place, { tree: merged.tree, parents: [onto, commit], message })
}

async function existing(place: GitPlace, head: BaseCommit): Promise<string> {
  const commit = await commitOf(place, head.commit)
  if (commit !== undefined) return commit
  throw new AtelierError(
    'not_found',
    `The repository has no commit ${head.commit}, on which ${nameOf(head)} should be.`,
    {
      details: { ...head },
    },
  )
}

function conflict(
  onto: string,
  head: BaseCommit,
  { files, messages }: { readonly files: readonly string[]; readonly messages: readonly string[] },
): AtelierError {
  const where = files.length === 0 ? messages.join(' ') : files.join(', ')
  return new AtelierError(
    'merge_conflict',
    `${nameOf(head)} does not merge with what the attempt starts from: ${where}. Merge one of them into the target first, then retry.`,
    {
      details: {
        head: head.commit,
        ...(head.item !== undefined && { item: head.item }),
        onto,
        files,
        messages,
      },
    },
  )
}

function nameOf({ commit, item }: BaseCommit): string {
  return item === undefined ? commit.slice(0, 10) : `the work of ${item}`
}
