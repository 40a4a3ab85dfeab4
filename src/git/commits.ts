/** Makes and reads commits without a working tree. */
import { headOf } from '../json.ts'
import { git, LOOK_ONLY, type GitPlace } from './run.ts'

/** The trailers by which an attempt's result is found in history again. */
const TRAILERS = { item: 'Atelier-Item', attempt: 'Atelier-Attempt' } as const
/** What `git log --oneline` shows in a terminal. */
const SUBJECT_CHARACTERS = 72
const FIELD = '\u001f'
const VALUE = '\u001e'

/** Whose work a commit holds. */
export interface CommitOrigin {
  readonly item: string
  readonly attempt: string
}

/** A commit as `listCommits` shows it. */
export interface ListedCommit {
  readonly hash: string
  readonly parents: readonly string[]
  readonly subject: string
  /** Values of the trailers; several where a commit was squashed by hand. */
  readonly items: readonly string[]
  readonly attempts: readonly string[]
}

/**
 * A message with the trailers that name its origin. Titles come from anywhere, so the subject is one line and
 * cannot bring trailers of its own.
 */
export function commitMessage(subject: string, origin: CommitOrigin): string {
  const trailers = `${TRAILERS.item}: ${oneLine(origin.item)}\n${TRAILERS.attempt}: ${oneLine(origin.attempt)}`
  return `${headOf(oneLine(subject), SUBJECT_CHARACTERS) || 'Work'}\n\n${trailers}\n`
}

/** Without line breaks and other control characters. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()
}

/** Makes a commit of a tree; nothing points at it yet. */
export async function commitTree(
  place: GitPlace,
  commit: { readonly tree: string; readonly parents: readonly string[]; readonly message: string },
): Promise<string> {
  const parents = commit.parents.flatMap((parent) => ['-p', parent])
  const output = await git(place, ['commit-tree', commit.tree, ...parents, '-F', '-'], {
    input: commit.message,
    env: await committer(place),
    settings: ['i18n.commitEncoding=UTF-8'],
  })
  return output.trim()
}

/**
 * Variables that say who commits: nothing where the user has said it, else a name of our own, without which git
 * refuses to commit.
 */
export async function committer(place: GitPlace): Promise<Readonly<Record<string, string>>> {
  const args = ['config', '--name-only', '--get-regexp', '^user\\.(name|email)$']
  const known = await git(place, args, { env: LOOK_ONLY }).catch(() => '')
  if (known.includes('user.name') && known.includes('user.email')) return {}
  const name = 'Atelier'
  const email = 'atelier@localhost'
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  }
}

export interface CommitRange {
  /** Commits from here on; this one and its history are left out. */
  readonly after?: string
  readonly to: string
  /** Only the commits that the branch itself got: of a merge, not what was merged. */
  readonly firstParent?: boolean
  readonly limit?: number
}

/** Commits of a range, newest first. */
export async function listCommits(place: GitPlace, range: CommitRange): Promise<readonly ListedCommit[]> {
  const trailer = (key: string): string => `%(trailers:key=${key},valueonly,unfold,separator=%x1e)`
  const format = ['%H', '%P', '%s', trailer(TRAILERS.item), trailer(TRAILERS.attempt)].join('%x1f')
  const args = ['log', '-z', '--no-show-signature', `--format=${format}`]
  if (range.firstParent === true) args.push('--first-parent')
  if (range.limit !== undefined) args.push('-n', String(range.limit))
  if (range.after !== undefined) args.push(`^${range.after}`)
  const output = await git(place, [...args, range.to, '--'], { env: LOOK_ONLY })
  const records = output.split('\0').filter((record) => record !== '')
  return records.map((record) => {
    const [hash = '', parents = '', subject = '', items = '', attempts = ''] = record.split(FIELD)
    return {
      hash,
      parents: words(parents, ' '),
      subject,
      items: words(items, VALUE),
      attempts: words(attempts, VALUE),
    }
  })
}

function words(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

/**
 * The attempts whose results a branch got, each with the commit that brought it, newest first. Only the branch's
 * own line counts: a trailer inside of merged work is what an agent wrote there.
 */
export async function mergedAttempts(
  place: GitPlace,
  range: CommitRange,
): Promise<ReadonlyMap<string, string>> {
  const commits = await listCommits(place, { ...range, firstParent: true })
  return new Map(commits.flatMap(({ hash, attempts }) => attempts.map((attempt) => [attempt, hash] as const)))
}
