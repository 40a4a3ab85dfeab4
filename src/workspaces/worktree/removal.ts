/**
 * Takes a worktree away. First everything that no other ref holds is saved to `refs/atelier/saved/<attempt>`; only
 * worktrees in our own folder are touched, and `git worktree prune`, which would take others' along, is not used.
 */
import { existsSync } from 'node:fs'
import { chmod, lstat, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { AtelierError, messageOf } from '../../errors.ts'
import { crash } from '../../failpoints.ts'
import { saveWork } from '../../git/content.ts'
import { commitOf, ENGINE_REFS, listRefs, moveRef, refValue, shortName } from '../../git/refs.ts'
import { git, LOOK_ONLY, type GitPlace } from '../../git/run.ts'
import { listWorktrees } from '../../git/worktrees.ts'
import { newId } from '../../ids.ts'
import type { Released } from '../../workspace.ts'
import { BRANCH_FOLDER, shortAttempt } from './branch-name.ts'
import type { OwnWorktree } from './record.ts'

/** Where saved work is found. */
export function savedRef(attempt: string): string {
  return `${ENGINE_REFS}saved/${attempt}`
}

/** What the commit says that holds uncommitted work. */
export function savedMessage(attempt: string): string {
  return `Uncommitted work of ${attempt}\n`
}

/** Removals under way in this process, by the root of the worktree. */
const removing = new Map<string, Promise<unknown>>()

/** Runs a removal when an earlier one of the same worktree has ended: of two at once, one would work on half of it. */
export function afterOthers<T>(root: string, act: () => Promise<T>): Promise<T> {
  const result = (removing.get(root) ?? Promise.resolve()).then(act)
  const ended = result
    .then(
      () => {},
      () => {},
    )
    .then(() => {
      if (removing.get(root) === ended) removing.delete(root)
    })
  removing.set(root, ended)
  return result
}

/**
 * In git's record from the moment when all is saved: what is there of the files from then on is what was not removed yet, and
 * not the agent's work. Another host may look at it meanwhile, or after a crash.
 */
const LEAVING = 'atelier-leaving'

/** Records of worktrees in the repository's own folder that are no longer there for git. */
const GONE = 'atelier-gone-'

/** Removes files, git's record and the branch, after saving what only they hold. */
export async function removeWorktree(project: GitPlace, own: OwnWorktree): Promise<Released> {
  const { gitDir } = own
  const mayBeOthers = gitDir !== undefined && !isLeaving(gitDir)
  try {
    return await removeAll(project, own)
  } catch (error) {
    // Where a host has died, all others take its worktrees away, and one was quicker: git cannot read what is gone.
    if (gitDir === undefined) throw error
    if (!existsSync(gitDir))
      return { removed: true, saved: await savedOf(project, own.attempt), warnings: [] }
    if (mayBeOthers && isLeaving(gitDir)) return removeWorktree(project, own)
    throw error
  }
}

function isLeaving(gitDir: string): boolean {
  return existsSync(join(gitDir, LEAVING))
}

async function removeAll(project: GitPlace, own: OwnWorktree): Promise<Released> {
  const { attempt, gitDir, root, record, hasFiles } = own
  const isReader = record?.access === 'read'
  const place = gitDir === undefined ? undefined : { dir: root, gitDir }
  if (place !== undefined && hasFiles && !isReader && !isLeaving(place.gitDir)) {
    const save = { ref: savedRef(attempt), message: savedMessage(attempt) }
    const work = await saveWork(place, { ...save, unless: () => isLeaving(place.gitDir) })
    if (work !== undefined && work.missing.length > 0) return keptFor(own, work.missing)
  }
  // Without git's record nothing says what the files are: they are nobody's checkout, and not looked into by git.
  if (place === undefined && !(await isEmpty(root))) return keptUnknown(own)
  const branches = isReader ? [] : await branchesOf(project, own)
  const head = place === undefined || isReader ? undefined : await headIn(place, project)
  await saveCommits(project, attempt, branches, head)
  if (gitDir !== undefined) await writeFile(join(gitDir, LEAVING), '')
  crash('worktree.remove.before')
  await removeFiles(root)
  // Before git's record goes: with it would go the name of the branch.
  const warnings = await removeBranches(project, root, branches)
  if (gitDir !== undefined) await removeRecord(gitDir)
  crash('worktree.remove.after')
  return { removed: true, saved: await savedOf(project, attempt), warnings }
}

/**
 * Takes git's record of a worktree away in one step: `git worktree remove` deletes its files one by one, and whoever reads it
 * meanwhile, such as another host that does the same, finds half a repository.
 */
async function removeRecord(gitDir: string): Promise<void> {
  const commonDir = dirname(dirname(gitDir))
  await rename(gitDir, join(commonDir, `${GONE}${newId('proc')}`)).catch((error: unknown) => {
    if (existsSync(gitDir)) throw error
  })
  // Also what a crash has left.
  for (const name of await readdir(commonDir))
    if (name.startsWith(GONE)) await rm(join(commonDir, name), { recursive: true, force: true })
}

async function removeBranches(
  project: GitPlace,
  root: string,
  branches: readonly { readonly ref: string; readonly commit: string }[],
): Promise<string[]> {
  const others = (await listWorktrees(project)).filter(({ path }) => path !== root)
  const used = new Map(others.map(({ ref, path }) => [ref, path]))
  const warnings: string[] = []
  for (const { ref, commit } of branches) {
    const path = used.get(ref)
    if (path !== undefined)
      warnings.push(`The branch ${shortName(ref)} was kept: it is checked out in ${path}.`)
    else await moveRef(project, { ref, old: commit, new: null, why: 'atelier: released' })
  }
  return warnings
}

/** The refs that hold saved work of an attempt. */
export async function savedOf(
  project: GitPlace,
  attempt: string,
): Promise<readonly { readonly ref: string; readonly commit: string }[]> {
  const all = await listRefs(project, `${ENGINE_REFS}saved/`)
  return all.filter(({ ref }) => ref === savedRef(attempt) || ref === `${savedRef(attempt)}-branch`)
}

/** Its HEAD, which is the project's to answer where its files are gone. */
async function headIn(place: Required<GitPlace>, project: GitPlace): Promise<string | undefined> {
  return commitOf({ dir: project.dir, gitDir: place.gitDir }, 'HEAD')
}

/** The attempt's branch; where a crash came before its name was written down, what looks like it. */
async function branchesOf(
  project: GitPlace,
  { attempt, record }: OwnWorktree,
): Promise<readonly { readonly ref: string; readonly commit: string }[]> {
  if (record === undefined) {
    const all = await listRefs(project, `refs/heads/${BRANCH_FOLDER}/`)
    return all.filter(({ ref }) => ref.endsWith(`/${shortAttempt(attempt)}`))
  }
  if (record.branch === null) return []
  const ref = `refs/heads/${record.branch}`
  const commit = await refValue(project, ref)
  return commit === undefined ? [] : [{ ref, commit }]
}

async function saveCommits(
  project: GitPlace,
  attempt: string,
  branches: readonly { readonly ref: string; readonly commit: string }[],
  head: string | undefined,
): Promise<void> {
  const own = new Set(branches.map(({ ref }) => ref))
  for (const commit of new Set([
    ...(head === undefined ? [] : [head]),
    ...branches.map((one) => one.commit),
  ])) {
    const args = ['for-each-ref', '--format=%(refname)', `--contains=${commit}`]
    const holders = (await git(project, args, { env: LOOK_ONLY })).split('\n')
    if (holders.some((ref) => ref !== '' && !own.has(ref))) continue
    const why = 'atelier: save commits'
    const first = { ref: savedRef(attempt), old: null, new: commit, why }
    // The first one may hold work of another history, where the agent left its branch.
    if (!(await moveRef(project, first)).moved) {
      const ref = `${savedRef(attempt)}-branch`
      await moveRef(project, { ref, old: (await refValue(project, ref)) ?? null, new: commit, why })
    }
  }
}

function keptFor({ root }: OwnWorktree, missing: readonly string[]): Released {
  const warning =
    `${root} was kept: ${missing.join(', ')} cannot be saved in a commit (a repository of its own, or not readable). ` +
    'Move that to another place, then prune again.'
  return { removed: false, saved: [], warnings: [warning] }
}

function keptUnknown({ root }: OwnWorktree): Released {
  const warning = `${root} was kept: git has no record of it, so what is in it cannot be saved. Look into it, and move what you need.`
  return { removed: false, saved: [], warnings: [warning] }
}

async function isEmpty(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length === 0
}

/**
 * Removes a folder with everything in it.
 * @throws AtelierError `workspace_failed` if that does not work
 */
async function removeFiles(root: string): Promise<void> {
  const remove = async (): Promise<void> => rm(root, { recursive: true, force: true, maxRetries: 3 })
  try {
    // Tools such as Go's module cache write folders that their owner may not change.
    await remove().catch(async () => makeWritable(root).then(remove))
  } catch (error) {
    const message = `${root} could not be removed: ${messageOf(error)} Its work is saved. See who holds it, then prune again.`
    throw new AtelierError('workspace_failed', message, {
      details: { reason: 'remove', path: root },
      cause: error,
    })
  }
}

async function makeWritable(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) return
  await chmod(folder, 0o700)
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries) if (entry.isDirectory()) await makeWritable(join(folder, entry.name))
}
