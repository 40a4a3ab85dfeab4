/**
 * The content of a working tree as it lies there, committed or not, and saving it to a ref. It is read through an
 * index of its own, so the index that an agent or a person uses stays as it is.
 */
import { copyFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'

import { crash } from '../failpoints.ts'
import { newId } from '../ids.ts'
import { commitTree } from './commits.ts'
import { changedFiles } from './differences.ts'
import { commitOf, moveRef, refValue, treeOf } from './refs.ts'
import { git, gitFailure, runGit, type GitPlace } from './run.ts'

/** A file with mixed line ends is saved like any other, whatever the user's git says to people. */
export const ANY_LINE_ENDS = 'core.safecrlf=false'

/** A tree of what lies in a working tree, without ignored files. */
export interface Content {
  readonly tree: string
  /**
   * What the tree does not hold, although it is not ignored: repositories inside of the working tree, of which git
   * keeps only a commit's name, and files that cannot be read.
   */
  readonly missing: readonly string[]
}

/**
 * Writes the content as a tree.
 * @param which `all` with untracked files, `tracked` without
 */
export async function readContent(place: GitPlace, which: 'all' | 'tracked' = 'all'): Promise<Content> {
  const gitDir = place.gitDir ?? (await git(place, ['rev-parse', '--absolute-git-dir'])).trim()
  // Beside the real one, where git finds the parts of an index that is split.
  const index = join(gitDir, `atelier-index-${newId('proc')}`)
  const options = { env: { GIT_INDEX_FILE: index }, settings: [ANY_LINE_ENDS] }
  try {
    // With the sizes and times of the files, of which only those that changed are read again.
    await copyIndex(join(gitDir, 'index'), index)
    const what = which === 'all' ? '--all' : '--update'
    const added = await runGit(place, ['add', what, '--ignore-errors'], options)
    if (added.code !== 0 && !isPartial(added.error)) throw gitFailure(place, 'add', added.error)
    const tree = (await git(place, ['write-tree'], options)).trim()
    const unread = added.code === 0 ? [] : unreadable(added.error)
    return { tree, missing: [...unread, ...(await repositoriesIn(place, tree))] }
  } finally {
    await Promise.all([rm(index, { force: true }), rm(`${index}.lock`, { force: true })])
  }
}

/**
 * Copies an index with its time. Git tells by it which files may have changed in the very second in which the index was
 * written, and reads those again; a copy that is newer would make it miss a change that kept size and second.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  try {
    const { atimeMs, mtimeMs } = await stat(from)
    await copyFile(from, to)
    // A little earlier is safe: one more file is read.
    await utimes(to, atimeMs / 1000, Math.floor(mtimeMs - 1) / 1000)
  } catch (error) {
    // A repository without an index has everything to be read.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Single files failed, the others were added. */
function isPartial(error: string): boolean {
  return unreadable(error).length > 0 && !/no space left|index\.lock|unable to write/iu.test(error)
}

function unreadable(error: string): string[] {
  const found = error.matchAll(
    /'([^']+)' does not have a commit checked out|unable to index file '([^']+)'|open\("([^"]+)"\): Permission denied/gu,
  )
  return [...new Set([...found].map(([, ...names]) => names.find((name) => name !== undefined) ?? ''))]
}

/** Repositories that the tree names and the last commit does not, or not at this commit. */
async function repositoriesIn(place: GitPlace, tree: string): Promise<string[]> {
  const head = await commitOf(place, 'HEAD')
  if (head === undefined) return []
  const files = await changedFiles(place, head, tree)
  return files.filter(({ isRepository }) => isRepository).map(({ path }) => path)
}

export interface SavedWork {
  readonly ref: string
  readonly commit: string
  /** What could not be saved; while it counts, the folder is to be kept. */
  readonly missing: readonly string[]
}

/**
 * Saves what is not committed, untracked files included and ignored ones not, as a commit on top of HEAD.
 * A ref that is there already goes on: its commit becomes a second parent, so nothing saved earlier is lost.
 * @param save.unless asked when everything was read: true where somebody else has saved it and takes the files away
 * @returns undefined where everything is committed, or saved by somebody else
 */
export async function saveWork(
  place: GitPlace,
  save: { readonly ref: string; readonly message: string; readonly unless?: () => boolean },
): Promise<SavedWork | undefined> {
  const { tree, missing } = await readContent(place)
  if (save.unless?.() === true) return undefined
  const head = await commitOf(place, 'HEAD')
  const isCommitted = head !== undefined && (await treeOf(place, head)) === tree
  if (isCommitted && missing.length === 0) return undefined
  return { ref: save.ref, missing, commit: await pointAt(place, { ...save, tree, head }) }
}

async function pointAt(
  place: GitPlace,
  save: {
    readonly ref: string
    readonly message: string
    readonly tree: string
    readonly head: string | undefined
  },
): Promise<string> {
  for (;;) {
    const earlier = await refValue(place, save.ref)
    if (earlier !== undefined && (await treeOf(place, earlier)) === save.tree) return earlier
    const parents = [save.head, earlier].filter((parent) => parent !== undefined)
    const commit = await commitTree(place, { tree: save.tree, parents, message: save.message })
    const move = { ref: save.ref, old: earlier ?? null, new: commit, why: 'atelier: save work' }
    crash('git.save.before')
    const isSaved = (await moveRef(place, move)).moved
    crash('git.save.after')
    if (isSaved) return commit
  }
}
