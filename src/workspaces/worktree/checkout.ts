/** Makes the checkout of an attempt with git's plumbing: each step is whole or not there, so a crash is repaired. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { isAtelierError } from '../../errors.ts'
import { crash } from '../../failpoints.ts'
import { listRefs, moveRef, shortName } from '../../git/refs.ts'
import { git, gitFailure, runGit, type GitPlace } from '../../git/run.ts'
import { gitDirOf, isBeingMade } from '../../git/worktrees.ts'
import { randomFraction } from '../../ids.ts'
import { sleep } from '../../time/clock.ts'
import { systemClock } from '../../time/system-clock.ts'
import { attemptBranch } from './branch-name.ts'
import type { Layout } from './record.ts'

/** git reads the records of other worktrees while it adds one, and fails on one that is being made. */
const TRIES = 8
const LONGEST_PAUSE_MS = 200

/**
 * Adds an empty worktree at a commit, with no branch. It is locked from its first moment, so that nobody's
 * `git worktree prune` takes it.
 */
export async function addWorktree(
  place: GitPlace,
  layout: Layout,
  added: { readonly attempt: string; readonly commit: string; readonly signal?: AbortSignal },
): Promise<Required<GitPlace>> {
  const { attempt, commit, signal } = added
  const root = join(layout.folder, attempt)
  await mkdir(layout.folder, { recursive: true })
  // Whoever put the folder where the project does not ignore it: the project's git shall not list the worktrees.
  await writeFile(join(layout.folder, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => {})
  const reason = `Atelier works here (${attempt}); see atelier worktrees`
  const args = [
    'worktree',
    'add',
    '--quiet',
    '--lock',
    '--reason',
    reason,
    '--no-checkout',
    '--detach',
    root,
    commit,
  ]
  for (let tries = 1; ; tries++) {
    crash('worktree.add.before')
    const { code, error } = await runGit(place, args, signal && { signal })
    crash('worktree.add.after')
    const gitDir = code === 0 ? gitDirOf(layout.commonDir, root) : undefined
    if (gitDir !== undefined) return { dir: root, gitDir }
    if (!isBeingMade(error) || tries === TRIES) throw gitFailure(place, 'worktree add', error)
    await rm(root, { recursive: true, force: true })
    await sleep(systemClock, randomFraction() * LONGEST_PAUSE_MS, signal)
  }
}

/**
 * Makes a branch of a name that nobody has, and puts the worktree on it. A name that somebody takes first is theirs.
 * @param named told of the name before there is a branch of it, so that a crash leaves none that nobody knows
 */
export async function addBranch(
  place: Required<GitPlace>,
  attempt: { readonly item: string; readonly attempt: string; readonly commit: string },
  named: (branch: string) => Promise<void>,
): Promise<string> {
  for (;;) {
    const branches = (await listRefs(place, 'refs/heads/')).map(({ ref }) => shortName(ref))
    const branch = attemptBranch(attempt.item, attempt.attempt, branches)
    await named(branch)
    const ref = `refs/heads/${branch}`
    const move = { ref, old: null, new: attempt.commit, why: `atelier: start of ${attempt.attempt}` }
    if (!(await isMade(place, move))) continue
    await git(place, ['symbolic-ref', '-m', 'atelier: start', 'HEAD', ref])
    return branch
  }
}

async function isMade(place: GitPlace, move: Parameters<typeof moveRef>[1]): Promise<boolean> {
  try {
    crash('worktree.branch.before')
    const { moved } = await moveRef(place, move)
    crash('worktree.branch.after')
    return moved
  } catch (error) {
    if (isAtelierError(error, 'already_exists')) return false
    throw error
  }
}

/** Writes the files of HEAD. */
export async function checkOut(place: Required<GitPlace>, signal: AbortSignal | undefined): Promise<void> {
  crash('worktree.files.before')
  await git(place, ['reset', '--hard', '--quiet'], signal && { signal })
  crash('worktree.files.after')
}
