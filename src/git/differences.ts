/** What two trees or commits differ in. */
import { git, LOOK_ONLY, type GitPlace } from './run.ts'

const DEFAULT_PATCH_BYTES = 1 << 20
const SUBMODULE_MODE = '160000'

export interface ChangedFile {
  /** Relative to the top of the working tree. A renamed file is one deleted and one added. */
  readonly path: string
  readonly change: 'added' | 'modified' | 'deleted'
  /** Null for a file that is not text. */
  readonly addedLines: number | null
  readonly deletedLines: number | null
  /** It is a repository of its own, of which git keeps only the name of a commit. */
  readonly isRepository: boolean
}

/** The files in which two trees or commits differ, by path. */
export async function changedFiles(
  place: GitPlace,
  from: string,
  to: string,
): Promise<readonly ChangedFile[]> {
  const args = [
    'diff-tree',
    '-r',
    '-z',
    '--no-renames',
    '--no-ext-diff',
    '--no-textconv',
    '--raw',
    '--numstat',
  ]
  return parseChanges(
    await git(place, [...args, '--ignore-submodules=none', from, to, '--'], { env: LOOK_ONLY }),
  )
}

/** Reads `diff-tree -z --raw --numstat`: first `:modes hashes letter`, path; then `added\tdeleted\tpath`. */
export function parseChanges(output: string): ChangedFile[] {
  const fields = output.split('\0').filter((field) => field !== '')
  const kinds = new Map<string, Pick<ChangedFile, 'change' | 'isRepository'>>()
  const files: ChangedFile[] = []
  for (let at = 0; at < fields.length; at++) {
    const field = fields[at] as string
    if (field.startsWith(':')) {
      const [, mode = '', , , letter = ''] = field.split(' ')
      const change = letter.startsWith('A') ? 'added' : letter.startsWith('D') ? 'deleted' : 'modified'
      kinds.set(fields[++at] ?? '', { change, isRepository: mode === SUBMODULE_MODE })
      continue
    }
    const [added = '', deleted = '', ...path] = field.split('\t')
    const name = path.join('\t')
    const kind = kinds.get(name) ?? { change: 'modified', isRepository: false }
    files.push({ path: name, ...kind, addedLines: count(added), deletedLines: count(deleted) })
  }
  return files
}

function count(text: string): number | null {
  return text === '-' ? null : Number(text)
}

/** The difference as a patch, cut at a number of bytes. */
export async function patch(
  place: GitPlace,
  from: string,
  to: string,
  options: { readonly maxBytes?: number } = {},
): Promise<string> {
  const args = ['diff-tree', '-r', '-p', '--no-ext-diff', '--no-textconv', '--no-color', '-M', from, to, '--']
  return git(place, args, { env: LOOK_ONLY, maxBytes: options.maxBytes ?? DEFAULT_PATCH_BYTES })
}
