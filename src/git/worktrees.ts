/** The working trees of a repository: the user's and the engine's. */
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

import { randomFraction } from '../ids.ts'
import { sleep } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { unfinishedIn } from './committing.ts'
import { git, gitFailure, LOOK_ONLY, runGit, type GitPlace, type GitResult } from './run.ts'

/** A record is made and taken away in milliseconds. */
const TRIES = 8
const LONGEST_PAUSE_MS = 200

/** One working tree, as git lists it. */
export interface WorktreeEntry {
  readonly path: string
  /** The commit that is checked out; null before the first one. */
  readonly head: string | null
  /** The ref of the branch that is checked out; null where HEAD is detached. */
  readonly ref: string | null
  readonly isBare: boolean
  readonly isLocked: boolean
}

/** All working trees, the repository's own one first. */
export async function listWorktrees(place: GitPlace): Promise<readonly WorktreeEntry[]> {
  const { code, output, error } = await runOnWorktrees(place, ['worktree', 'list', '--porcelain', '-z'])
  if (code !== 0) throw gitFailure(place, 'worktree list', error)
  return parseWorktrees(output)
}

/** True for what git says where it read the record of a working tree that another git was making or taking away. */
export function isBeingMade(error: string): boolean {
  return /worktrees\/.*(?:No such file|Success|File exists)|failed to read .*(?:commondir|gitdir)/u.test(
    error,
  )
}

/** Runs a command that reads the records of all working trees, again where it came upon one that was being made. */
async function runOnWorktrees(place: GitPlace, args: readonly string[]): Promise<GitResult> {
  for (let tries = 1; ; tries++) {
    const result = await runGit(place, args, { env: LOOK_ONLY })
    if (result.code === 0 || !isBeingMade(result.error) || tries === TRIES) return result
    await sleep(systemClock, randomFraction() * LONGEST_PAUSE_MS)
  }
}

/** Reads `git worktree list --porcelain -z`: `name value` fields, an empty one after each entry. */
export function parseWorktrees(output: string): WorktreeEntry[] {
  const blocks = output.split('\0\0').filter((block) => block !== '')
  return blocks.map((block) => {
    const lines = block.split('\0')
    const value = (name: string): string | undefined =>
      lines.find((line) => line === name || line.startsWith(`${name} `))?.slice(name.length + 1)
    const head = value('HEAD') ?? null
    return {
      path: value('worktree') ?? '',
      head: head !== null && /^0+$/u.test(head) ? null : head,
      ref: value('branch') ?? null,
      isBare: value('bare') !== undefined,
      isLocked: value('locked') !== undefined,
    }
  })
}

/** The folder that all working trees of the repository share. */
export async function commonGitDir(place: GitPlace): Promise<string> {
  const args = ['rev-parse', '--path-format=absolute', '--git-common-dir']
  return (await git(place, args, { env: LOOK_ONLY })).replace(/\n$/u, '')
}

/**
 * The git folder that belongs to a working tree, found by git's own records and not by the `.git` file in it, which
 * an agent can delete or change. Undefined if git has no record of that folder.
 */
export function gitDirOf(commonDir: string, path: string): string | undefined {
  const wanted = realFolder(path)
  return recordedWorktrees(commonDir).find((one) => realFolder(one.path) === wanted)?.gitDir
}

/** Every working tree that git has a record of beside the repository's own, also half-made ones. */
export function recordedWorktrees(
  commonDir: string,
): readonly { readonly path: string; readonly gitDir: string }[] {
  const folder = join(commonDir, 'worktrees')
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => {
    const gitDir = join(folder, name)
    try {
      const link = readFileSync(join(gitDir, 'gitdir'), 'utf8').replace(/\n$/u, '')
      return link === '' ? [] : [{ gitDir, path: dirname(resolve(gitDir, link)) }]
    } catch {
      return []
    }
  })
}

/** Absolute and without links, also for a folder that is gone. */
function realFolder(path: string): string {
  const absolute = resolve(path)
  try {
    return realpathSync(absolute)
  } catch {
    const parent = dirname(absolute)
    return parent === absolute ? absolute : join(realFolder(parent), basename(absolute))
  }
}

/** Where a branch is in use, and whether its files may be moved on with it. */
export type BranchUse =
  | { readonly state: 'free' }
  /** Checked out, and its tracked files are as committed. Untracked files do not count. */
  | { readonly state: 'clean'; readonly place: Required<GitPlace> }
  | {
      readonly state: 'busy'
      readonly path: string
      readonly reason: 'dirty' | 'unfinished'
      readonly what: readonly string[]
    }

/** Says where a branch is in use: checked out, or in the middle of a rebase or bisect. */
export async function branchUse(place: GitPlace, ref: string): Promise<BranchUse> {
  const commonDir = await commonGitDir(place)
  const entries = await listWorktrees(place)
  const trees = entries
    .filter(({ isBare, path }) => !isBare && existsSync(path))
    .map((entry) => ({ ...entry, gitDir: gitDirOf(commonDir, entry.path) ?? commonDir }))
  for (const { gitDir, path } of trees) {
    if (headInOperation(gitDir) === ref)
      return { state: 'busy', path, reason: 'unfinished', what: [unfinishedIn(gitDir) ?? 'rebase'] }
  }
  const tree = trees.find((entry) => entry.ref === ref)
  if (tree === undefined) return { state: 'free' }
  const { path, gitDir } = tree
  const operation = unfinishedIn(gitDir)
  if (operation !== undefined) return { state: 'busy', path, reason: 'unfinished', what: [operation] }
  const own = { dir: path, gitDir }
  const changes = await trackedChanges(own)
  return changes.length === 0
    ? { state: 'clean', place: own }
    : { state: 'busy', path, reason: 'dirty', what: changes }
}

/** The branch that a rebase or bisect took off HEAD for the while. */
function headInOperation(gitDir: string): string | undefined {
  for (const file of ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START']) {
    try {
      const name = readFileSync(join(gitDir, file), 'utf8').trim()
      return file === 'BISECT_START' && !name.startsWith('refs/') ? `refs/heads/${name}` : name
    } catch {
      // It is not that.
    }
  }
  return undefined
}

/** Tracked files that are changed, staged or not. */
async function trackedChanges(place: GitPlace): Promise<string[]> {
  const args = [
    'status',
    '--porcelain=v1',
    '-z',
    '--untracked-files=no',
    '--no-renames',
    '--ignore-submodules=dirty',
  ]
  const output = await git(place, args, { env: LOOK_ONLY })
  return output
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => entry.slice(3))
}
