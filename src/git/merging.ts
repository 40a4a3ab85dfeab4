/** Merges commits without a working tree: nothing is checked out, so nobody's files change. */
import { AtelierError } from '../errors.ts'
import { gitFailure, runGit, type GitPlace } from './run.ts'

/** `git merge-tree --write-tree` came with git 2.38. */
const OLDEST_GIT = '2.38'

export type MergedTree =
  | { readonly ok: true; readonly tree: string }
  | {
      readonly ok: false
      /** Conflicted files, in git's order; empty where the commits share no history. */
      readonly files: readonly string[]
      /** What git says about each conflict. */
      readonly messages: readonly string[]
    }

/**
 * The tree that a merge of two commits would have.
 * @throws AtelierError `unsupported` if git is too old
 */
export async function mergeTrees(place: GitPlace, ours: string, theirs: string): Promise<MergedTree> {
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--messages', ours, theirs]
  const { code, output, error } = await runGit(place, args)
  if (code === 0) return { ok: true, tree: output.split('\0', 1)[0] as string }
  if (code === 1) return { ok: false, ...parseConflict(output) }
  if (error.includes('unrelated histories')) return { ok: false, files: [], messages: [error] }
  if (!/usage: git merge-tree|unknown (?:rev|option).*--write-tree/u.test(error))
    throw gitFailure(place, 'merge-tree', error)
  throw new AtelierError(
    'unsupported',
    `This git cannot merge without a working tree. Install git ${OLDEST_GIT} or newer.`,
    {
      details: { oldest: OLDEST_GIT },
    },
  )
}

/**
 * Reads what `merge-tree -z --name-only --messages` prints for a conflict: the tree, the conflicted files, an empty
 * field, then messages of the form `count, path ..., kind, text`.
 */
export function parseConflict(output: string): { readonly files: string[]; readonly messages: string[] } {
  const fields = output.split('\0')
  const end = fields.indexOf('', 1)
  const files = fields.slice(1, end === -1 ? undefined : end)
  const messages: string[] = []
  for (let at = end + 1; end !== -1 && at < fields.length - 1;) {
    const paths = Number(fields[at])
    const kind = fields[at + 1 + paths] ?? ''
    const text = (fields[at + 2 + paths] ?? '').trim()
    if (kind.startsWith('CONFLICT')) messages.push(text)
    at += paths + 3
  }
  return { files: [...new Set(files)], messages }
}
