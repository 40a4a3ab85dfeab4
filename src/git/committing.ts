/** Commits what lies in a working tree, as a person would: the repository's hooks run, and may refuse. */
import { accessSync, constants, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { AtelierError } from '../errors.ts'
import { crash } from '../failpoints.ts'
import type { ProcessMarkers } from '../processes/environment.ts'
import { committer } from './commits.ts'
import { ANY_LINE_ENDS, readContent } from './content.ts'
import { commitOf, treeOf } from './refs.ts'
import { git, gitFailure, runGit, type GitPlace } from './run.ts'

/** Hooks that can refuse a commit. */
const HOOKS = ['pre-commit', 'prepare-commit-msg', 'commit-msg', 'reference-transaction']
/** What git leaves in its folder while something goes on over several commands. */
const UNFINISHED: Readonly<Record<string, string>> = {
  MERGE_HEAD: 'merge',
  CHERRY_PICK_HEAD: 'cherry-pick',
  REVERT_HEAD: 'revert',
  'rebase-merge': 'rebase',
  'rebase-apply': 'rebase',
  BISECT_START: 'bisect',
}

export interface CommitOptions {
  readonly message: string
  /** Variables for the hooks. */
  readonly env?: Readonly<Record<string, string>>
  readonly markers?: ProcessMarkers
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** A place whose git folder is known: that of a worktree of ours. */
export type OwnPlace = Required<GitPlace>

/**
 * Commits everything that is not ignored.
 * @returns the head, whether or not there was something to commit
 * @throws AtelierError `merge_conflict` for files that are still in conflict, `workspace_failed` with the reason
 * `hook`, `unfinished` or `nested`, `timeout` for a hook that hangs, `disk_full`
 */
export async function commitAll(place: OwnPlace, options: CommitOptions): Promise<string> {
  await refuseConflicts(place)
  const { tree, missing } = await readContent(place)
  if (missing.length > 0) throw cannotHold(place, missing)
  const head = await commitOf(place, 'HEAD')
  if (head !== undefined && (await treeOf(place, head)) === tree) return head
  const operation = unfinishedIn(place.gitDir)
  if (operation !== undefined) throw unfinished(place, operation)
  await git(place, ['add', '--all'], { settings: [ANY_LINE_ENDS] })
  crash('git.commit.before')
  const result = await runGit(place, ['commit', '--quiet', '--no-gpg-sign', '-F', '-'], {
    ...options,
    input: options.message,
    env: { ...options.env, ...(await committer(place)) },
    settings: ['i18n.commitEncoding=UTF-8'],
    hooks: true,
  })
  crash('git.commit.after')
  const made = await commitOf(place, 'HEAD')
  if (made !== undefined && made !== head) return made
  // A hook may take everything out of the commit again, as one that formats does.
  if (/nothing to commit/u.test(result.output) && made !== undefined) return made
  throw await commitRefusal(place, `${result.output}\n${result.error}`.trim())
}

/** What a git folder says is going on there, as git calls it: `merge`, `rebase`, … */
export function unfinishedIn(gitDir: string): string | undefined {
  const [, name] = Object.entries(UNFINISHED).find(([file]) => existsSync(join(gitDir, file))) ?? []
  return name
}

/** Files of the index that are in conflict. */
export async function conflictedFiles(place: GitPlace): Promise<readonly string[]> {
  const output = await git(place, ['diff', '--name-only', '--diff-filter=U', '-z', '--no-ext-diff'])
  return [...new Set(output.split('\0').filter((path) => path !== ''))]
}

async function refuseConflicts(place: OwnPlace): Promise<void> {
  const files = await conflictedFiles(place)
  if (files.length === 0) return
  const message = `Files in ${place.dir} are still in conflict: ${files.join(', ')}. Resolve and add them, then finish again.`
  throw new AtelierError('merge_conflict', message, { details: { files, dir: place.dir } })
}

function unfinished({ dir }: OwnPlace, operation: string): AtelierError {
  const message = `A ${operation} in ${dir} is not finished, so what is there cannot be committed. Finish it with git ${operation} --continue, then try again.`
  return new AtelierError('workspace_failed', message, { details: { reason: 'unfinished', operation, dir } })
}

function cannotHold({ dir }: OwnPlace, paths: readonly string[]): AtelierError {
  const message =
    `A commit in ${dir} cannot hold ${paths.join(', ')}: a repository of its own, or not readable. ` +
    'Add it to .gitignore if it is not part of the work, or to the project as a submodule.'
  return new AtelierError('workspace_failed', message, { details: { reason: 'nested', paths, dir } })
}

async function commitRefusal(place: OwnPlace, said: string): Promise<AtelierError> {
  const general = gitFailure(place, 'commit', said)
  const hooks = general.code === 'disk_full' ? [] : await refusingHooks(place)
  if (hooks.length === 0) return general
  const message =
    `The commit in ${place.dir} was refused; the repository has the hooks ${hooks.join(', ')}. ` +
    `What they said: ${said === '' ? '(nothing)' : said}`
  return new AtelierError('workspace_failed', message, {
    details: { reason: 'hook', hooks, output: said, dir: place.dir },
  })
}

async function refusingHooks(place: OwnPlace): Promise<string[]> {
  const folder = await git(place, ['rev-parse', '--git-path', 'hooks'], { hooks: true })
  const path = resolve(place.dir, folder.replace(/\n$/u, ''))
  return HOOKS.filter((hook) => isExecutable(join(path, hook)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
