/**
 * Looks at a git repository. Hooks, pagers, file-system monitors, external diffs and text converters
 * that its configuration names do not run; clean filters do, without which the status would be
 * wrong, and they get the scrubbed environment of every child.
 */
import { AtelierError, isAtelierError } from '../errors.ts'
import { LOOK_ONLY, gitFailure, isNoRepository, runGit } from './run.ts'

/** A status of very many files is cut, not refused. */
const MAX_STATUS_BYTES = 1 << 20
const DEFAULT_DIFF_BYTES = 1 << 20
const DEFAULT_COMMITS = 5
const HASH_BYTES = 100
/** Every agent's system prompt has them. */
const SHOWN_CHANGES = 50

/** What a repository looks like now. */
export interface GitSummary {
  /** Null where HEAD is detached. */
  readonly branch: string | null
  /** Hash of the commit that is checked out; null before the first commit. */
  readonly head: string | null
  /** Changed and untracked files. */
  readonly changes: readonly GitChange[]
  /** The last commits, newest first. */
  readonly commits: readonly GitCommit[]
}

export interface GitChange {
  /** Two letters as `git status --short` shows them: index, then working tree; `??` is untracked. */
  readonly status: string
  /** Relative to the top of the working tree. */
  readonly path: string
  /** Where a renamed or copied file was before. */
  readonly from?: string
}

export interface GitCommit {
  readonly hash: string
  readonly subject: string
}

/**
 * True if a folder is inside of a git working tree.
 * @throws AtelierError `unsupported` if git is missing
 */
export async function isRepository(dir: string): Promise<boolean> {
  try {
    const result = await look(dir, ['rev-parse', '--is-inside-work-tree'], HASH_BYTES)
    return result.code === 0 && result.output.trim() === 'true'
  } catch (error) {
    if (isAtelierError(error, 'not_found')) return false
    throw error
  }
}

/**
 * Branch, changes and last commits of the repository that a folder is in.
 * @throws AtelierError `not_found` if it is in none; `unsupported` if git is missing or refuses
 */
export async function gitSummary(
  dir: string,
  options: { readonly commits?: number } = {},
): Promise<GitSummary> {
  const count = String(options.commits ?? DEFAULT_COMMITS)
  const [status, log] = await Promise.all([
    git(dir, ['status', '--porcelain=v1', '--branch', '-z', '--ignore-submodules=dirty'], MAX_STATUS_BYTES),
    // HEAD says nothing before the first commit; `--` keeps it from being taken for a path.
    look(
      dir,
      ['log', '-z', '--no-show-signature', '--format=%h %s', '-n', count, 'HEAD', '--'],
      MAX_STATUS_BYTES,
    ),
  ])
  const head = await headOf(dir)
  const [first = '', ...entries] = status.split('\0')
  return {
    branch: branchOf(first),
    head,
    changes: changesOf(entries),
    commits: log.code === 0 ? commitsOf(log.output) : [],
  }
}

/**
 * The changes of the working tree, staged or not, against the last commit, as a patch. Untracked
 * files are in the summary only.
 * @throws AtelierError `not_found` if the folder is in no repository; `unsupported` if git is missing or refuses
 */
export async function gitDiff(dir: string, options: { readonly maxBytes?: number } = {}): Promise<string> {
  const maxBytes = options.maxBytes ?? DEFAULT_DIFF_BYTES
  // Before the first commit everything is new: compared with the empty tree, whose hash git itself tells.
  const base =
    (await headOf(dir)) ?? (await git(dir, ['hash-object', '-t', 'tree', '/dev/null'], HASH_BYTES)).trim()
  return git(dir, [...DIFF, base, '--'], maxBytes)
}

const DIFF = [
  'diff',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--submodule=short',
  '--ignore-submodules=dirty',
]
/** A summary as a text for a prompt or a terminal; of very many changes the first ones. */
export function describeGit(summary: GitSummary): string {
  const { branch, head, changes, commits } = summary
  const where = branch === null ? `detached at ${head?.slice(0, 10)}` : branch
  const more = changes.length - SHOWN_CHANGES
  const shown = changes.slice(0, SHOWN_CHANGES).map(({ status, path, from }) => {
    const before = from === undefined ? '' : `${shownPath(from)} -> `
    return `${status} ${before}${shownPath(path)}`
  })
  return [
    `Git branch: ${where}${head === null ? ' (no commits yet)' : ''}`,
    changes.length === 0 ? 'Working tree: clean' : ['Working tree:', ...shown].join('\n'),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(commits.length === 0 ? [] : ['Recent commits:']),
    ...commits.map(({ hash, subject }) => `${hash} ${subject}`),
  ].join('\n')
}

/** A name with line breaks would read as lines of its own. */
function shownPath(path: string): string {
  return /\p{Cc}/u.test(path) ? JSON.stringify(path) : path
}

/** `## main...origin/main [ahead 1]`, `## No commits yet on main`, `## HEAD (no branch)`. */
function branchOf(line: string): string | null {
  const text = line.replace(/^## (?:No commits yet on )?/u, '')
  if (text === 'HEAD (no branch)') return null
  return text.split('...', 1)[0] ?? text
}

/** Entries of `-z`: `XY path`, and after a rename or copy another one with the path before. */
function changesOf(entries: readonly string[]): GitChange[] {
  const changes: GitChange[] = []
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] as string
    if (entry === '') continue
    const status = entry.slice(0, 2)
    const isMoved = /[RC]/u.test(status)
    const from = isMoved ? entries[++index] : undefined
    changes.push({ status, path: entry.slice(3), ...(from !== undefined && { from }) })
  }
  return changes
}

function commitsOf(output: string): GitCommit[] {
  const lines = output.split('\0').filter((line) => line !== '')
  return lines.map((line) => {
    const at = line.indexOf(' ')
    return { hash: line.slice(0, at), subject: line.slice(at + 1) }
  })
}

/** The commit that is checked out; null before the first one. */
async function headOf(dir: string): Promise<string | null> {
  const result = await look(dir, ['rev-parse', '--verify', '--quiet', 'HEAD'], HASH_BYTES)
  if (result.code !== 0 && result.error !== '') throw refusal(dir, 'rev-parse', result.error)
  return result.code === 0 ? result.output.trim() : null
}

async function git(dir: string, args: readonly string[], maxBytes: number): Promise<string> {
  const { code, output, error } = await look(dir, args, maxBytes)
  if (code !== 0) throw refusal(dir, args[0] ?? '', error)
  return output
}

function refusal(dir: string, command: string, error: string): AtelierError {
  if (isNoRepository(error)) return gitFailure({ dir }, command, error)
  return new AtelierError('unsupported', `git ${command} failed in ${dir}: ${error}`, { details: { dir } })
}

/** Takes no lock and fetches nothing. */
async function look(dir: string, args: readonly string[], maxBytes: number): ReturnType<typeof runGit> {
  return runGit({ dir }, args, { env: LOOK_ONLY, maxBytes })
}
