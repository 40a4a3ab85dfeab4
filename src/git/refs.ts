/** Reads and moves refs. A ref is moved only from a value that the caller names: compare and swap. */
import { AtelierError, nearestNames } from '../errors.ts'
import { LOOK_ONLY, git, gitFailure, isNoRepository, runGit, type GitPlace } from './run.ts'

/** Where the engine keeps what no branch names. Refs here are neither fetched nor pushed. */
export const ENGINE_REFS = 'refs/atelier/'
/** Another git command may hold a ref's lock; git itself waits 100 ms for it. */
export const LOCK_PATIENCE: readonly string[] = [
  'core.filesRefLockTimeout=5000',
  'core.packedRefsTimeout=5000',
]

/** What work is merged into. */
export type Target =
  | { readonly kind: 'branch'; readonly branch: string; readonly ref: string; readonly commit: string }
  /** A commit is checked out and no branch: work can start from it, and merging into it needs a branch. */
  | { readonly kind: 'detached'; readonly commit: string }

/**
 * The branch that is named, or else what is checked out.
 * @throws AtelierError `not_found` where there is no repository, no such branch or no commit yet
 */
export async function resolveTarget(place: GitPlace, branch?: string): Promise<Target> {
  if (branch !== undefined) return namedBranch(place, branch)
  const head = await runGit(place, ['symbolic-ref', '--quiet', 'HEAD'], { env: LOOK_ONLY })
  if (head.code !== 0 && head.error !== '') throw gitFailure(place, 'symbolic-ref', head.error)
  const ref = head.output.trim()
  const commit = await commitOf(place, 'HEAD')
  if (commit === undefined) throw noCommit(place, shortName(ref))
  return ref === '' ? { kind: 'detached', commit } : { kind: 'branch', branch: shortName(ref), ref, commit }
}

/**
 * The same target, if results can be merged into it.
 * @throws AtelierError `unsupported` where no branch is checked out
 */
export function requireBranch(target: Target): Extract<Target, { readonly kind: 'branch' }> {
  if (target.kind === 'branch') return target
  const commit = target.commit.slice(0, 10)
  throw new AtelierError(
    'unsupported',
    `No branch is checked out (HEAD is detached at ${commit}), so there is nothing to merge into. ` +
      'Name a target branch, or make one here with: git switch -c NAME',
    { details: { reason: 'detached', commit: target.commit } },
  )
}

async function namedBranch(place: GitPlace, branch: string): Promise<Target> {
  const ref = `refs/heads/${branch}`
  const commit = await refValue(place, ref)
  if (commit !== undefined) return { kind: 'branch', branch, ref, commit }
  const known = (await listRefs(place, 'refs/heads/')).map((one) => shortName(one.ref))
  if (known.length === 0) throw noCommit(place, branch)
  const near = nearestNames(branch, known)
  const hint = near.length === 0 ? 'List them with: git branch' : `Did you mean ${near.join(', ')}?`
  throw new AtelierError('not_found', `There is no branch ${JSON.stringify(branch)}. ${hint}`, {
    details: { reason: 'branch', branch, nearest: near },
  })
}

function noCommit({ dir }: GitPlace, branch: string): AtelierError {
  return new AtelierError(
    'not_found',
    `The repository in ${dir} has no commit on ${branch} yet, so there is nothing to start from. ` +
      'Make the first one, for example: git add -A && git commit -m "First commit"',
    { details: { reason: 'unborn', dir, branch } },
  )
}

/** `refs/heads/x` as people say it. */
export function shortName(ref: string): string {
  return ref.replace(/^refs\/heads\//u, '')
}

/** What a ref points at; undefined if there is none of this exact name. */
export async function refValue(place: GitPlace, ref: string): Promise<string | undefined> {
  const shown = await runGit(place, ['show-ref', '--verify', '--hash', '--', ref], { env: LOOK_ONLY })
  if (shown.code === 0) return shown.output.trim()
  if (isNoRepository(shown.error)) throw gitFailure(place, 'show-ref', shown.error)
  return undefined
}

/** The commit that an expression such as `HEAD` stands for; undefined if there is none. */
export async function commitOf(place: GitPlace, expression: string): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${expression}^{commit}`]
  const parsed = await runGit(place, args, { env: LOOK_ONLY })
  if (parsed.code !== 0 && isNoRepository(parsed.error)) throw gitFailure(place, 'rev-parse', parsed.error)
  return parsed.code === 0 ? parsed.output.trim() : undefined
}

/** The hash of a commit's tree: the same for the same content, whatever its history. */
export async function treeOf(place: GitPlace, commit: string): Promise<string> {
  const args = ['rev-parse', '--verify', '--end-of-options', `${commit}^{tree}`]
  return (await git(place, args, { env: LOOK_ONLY })).trim()
}

/** Refs whose name begins with a prefix that ends with a slash; `within`: only those whose commit that commit has in its history. */
export async function listRefs(
  place: GitPlace,
  prefix: string,
  { within }: { readonly within?: string } = {},
): Promise<readonly { readonly ref: string; readonly commit: string }[]> {
  const merged = within === undefined ? [] : [`--merged=${within}`]
  const args = ['for-each-ref', '--format=%(objectname) %(refname)', ...merged, prefix]
  const output = await git(place, args, { env: LOOK_ONLY })
  const lines = output.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const at = line.indexOf(' ')
    return { commit: line.slice(0, at), ref: line.slice(at + 1) }
  })
}

/** True if the first commit is the second one or a part of its history. */
export async function isAncestor(place: GitPlace, ancestor: string, commit: string): Promise<boolean> {
  const { code, error } = await runGit(place, ['merge-base', '--is-ancestor', ancestor, commit], {
    env: LOOK_ONLY,
  })
  if (code === 0 || code === 1) return code === 0
  throw gitFailure(place, 'merge-base', error)
}

/** A move of a ref: what it must point at before, and what after; null is no ref at all. */
export interface RefMove {
  readonly ref: string
  readonly old: string | null
  /** Null deletes the ref. */
  readonly new: string | null
  /** For the ref's log. */
  readonly why: string
}

export type RefMoveResult =
  | { readonly moved: true }
  /** Somebody else moved it first; `at` is where it points now. */
  | { readonly moved: false; readonly at: string | null }

/**
 * Moves a ref if it still points where the caller believes; of several that try, one succeeds.
 * @throws AtelierError `already_exists` if another ref's name is in the way, `workspace_failed` if it cannot be written
 */
export async function moveRef(place: GitPlace, move: RefMove): Promise<RefMoveResult> {
  const { ref, old } = move
  const values = move.new === null ? ['-d', ref, old ?? ''] : [ref, move.new, old ?? '']
  const options = { settings: LOCK_PATIENCE }
  const result = await runGit(place, ['update-ref', '--no-deref', '-m', move.why, ...values], options)
  if (result.code === 0) return { moved: true }
  return refusedMove(place, move, result.error)
}

/**
 * Why a ref was not moved: somebody else moved it, or it cannot be written.
 * @throws AtelierError as `moveRef`
 */
export async function refusedMove(
  place: GitPlace,
  { ref, old }: RefMove,
  error: string,
): Promise<Extract<RefMoveResult, { readonly moved: false }>> {
  const at = (await refValue(place, ref)) ?? null
  if (at !== old) return { moved: false, at }
  const [, inTheWay] = /'([^']+)' exists; cannot create/u.exec(error) ?? []
  if (inTheWay === undefined) throw gitFailure(place, 'update-ref', error)
  throw new AtelierError(
    'already_exists',
    `The ref ${ref} cannot be made, because git keeps no ref below the name of another: ${inTheWay} exists.`,
    { details: { ref, inTheWay } },
  )
}
