/**
 * Copies the files that `.worktreeinclude` names, such as `.env`, from the project into a worktree. The file has the
 * syntax of a `.gitignore`; copied is what matches *and* is ignored by git, as other tools read it.
 */
import { constants, existsSync, realpathSync } from 'node:fs'
import { copyFile, lstat, mkdir, readlink, symlink } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'

import { messageOf } from '../../errors.ts'
import { git, LOOK_ONLY, runGit, type GitPlace } from '../../git/run.ts'

const FILE = '.worktreeinclude'

/**
 * Copies from the top of one working tree to the same paths of another; a file that is there already stays.
 * @param own the folder of the worktrees, from which nothing is copied
 * @returns what could not be copied, and why
 */
export async function copyIncluded(from: GitPlace, to: string, own: string): Promise<readonly string[]> {
  if (!existsSync(join(from.dir, FILE))) return []
  const warnings: string[] = []
  for (const path of await includedFiles(from, own)) {
    const why = await copyOne(from.dir, to, path)
    if (why !== undefined) warnings.push(`${path}, which ${FILE} names, was not copied: ${why}`)
  }
  return warnings
}

async function includedFiles(from: GitPlace, own: string): Promise<readonly string[]> {
  const folder = relative(from.dir, own)
  const isInside = folder !== '' && !folder.startsWith('..')
  const notOwn = isInside ? [`:(exclude,top,literal)${folder.split(sep).join('/')}`] : []
  const args = [
    'ls-files',
    '-z',
    '--others',
    '--ignored',
    `--exclude-from=${join(from.dir, FILE)}`,
    '--',
    ':/',
  ]
  const output = await git(from, [...args, ...notOwn], { env: LOOK_ONLY })
  // A repository inside of the project is listed as a folder; it is not ours to copy.
  const matching = output.split('\0').filter((path) => path !== '' && !path.endsWith('/'))
  if (matching.length === 0) return []
  const checked = await runGit(from, ['check-ignore', '-z', '--stdin'], {
    env: LOOK_ONLY,
    input: matching.map((path) => `${path}\0`).join(''),
  })
  return checked.output.split('\0').filter((path) => path !== '')
}

/** Says why it was not copied; undefined if it was, or if the worktree has such a file. */
async function copyOne(from: string, to: string, path: string): Promise<string | undefined> {
  const target = join(to, path)
  try {
    await mkdir(dirname(target), { recursive: true })
    // A folder of the checkout may be a link that an agent made, to anywhere.
    const folder = realpathSync(dirname(target))
    const top = realpathSync(to)
    if (folder !== top && !folder.startsWith(`${top}${sep}`))
      return 'its folder there is a link that leads outside.'
    const source = join(from, path)
    const isLink = (await lstat(source)).isSymbolicLink()
    if (isLink) await symlink(await readlink(source), target)
    else await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? undefined : messageOf(error)
  }
}
