/**
 * Runs the `git` program for the engine. It never asks, opens no pager or editor, signs nothing, starts no
 * housekeeping in the background, and runs no hooks unless the caller asks for them. Clean and smudge filters do
 * run, without which files would be wrong. It gets the scrubbed environment of every child, so no `GIT_*` variable
 * of this process points it at another repository.
 */
import { statfsSync } from 'node:fs'

import { AtelierError } from '../errors.ts'
import { childEnvironment, type ProcessMarkers } from '../processes/environment.ts'
import { runProgram } from '../processes/program.ts'
import { redactor } from '../processes/redact.ts'
import { systemClock } from '../time/system-clock.ts'

/** The list of a million paths; a longer answer is an error where the whole of it counts. */
const DEFAULT_OUTPUT_BYTES = 128 << 20
/** A checkout of a large tree on a slow disk takes minutes; beyond this a filter or a network disk hangs. */
const DEFAULT_TIMEOUT_MS = 10 * 60_000

/** A disk with less than this free counts as full when a file could not be written. */
const FULL_BYTES = 1 << 20

/** Where git works. */
export interface GitPlace {
  /** A folder inside of the working tree. */
  readonly dir: string
  /**
   * The git folder of the working tree whose top `dir` is. Without it git looks for one from `dir` upwards; in a
   * folder that an agent works in, that search could end in the user's own repository.
   */
  readonly gitDir?: string
}

export interface GitOptions {
  readonly input?: string
  /** Variables beyond those that every child gets. */
  readonly env?: Readonly<Record<string, string>>
  /** Settings of this call, `name=value`; they win over the repository's. */
  readonly settings?: readonly string[]
  /** The repository's hooks run. Default false. */
  readonly hooks?: boolean
  /** Markers by which everything that git starts, such as hooks, is found and ended with it. */
  readonly markers?: ProcessMarkers
  readonly maxBytes?: number
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface GitResult {
  readonly code: number | null
  readonly output: string
  /** The output was longer than `maxBytes`. */
  readonly isCut: boolean
  /** The end of what git said, without secrets. */
  readonly error: string
}

const SETTINGS: readonly string[] = [
  // Two who clean up may delete the same ref at once, and on a busy machine its lock is held longer than git's 100 ms.
  'core.filesRefLockTimeout=1000',
  'core.fsmonitor=false',
  'core.quotePath=false',
  // `git diff` would take the lock of the index, and an agent's own git would find it taken.
  'diff.autoRefreshIndex=false',
  // A bare repository among the files of a project is data, not a repository to be read.
  'safe.bareRepository=explicit',
  // Both would go on in the background after git has ended.
  'gc.auto=0',
  'maintenance.auto=false',
  'commit.gpgSign=false',
  'rerere.enabled=false',
  'submodule.recurse=false',
  'advice.addEmbeddedRepo=false',
]
const NO_HOOKS = 'core.hooksPath=/dev/null'
const VARIABLES: Readonly<Record<string, string>> = {
  GIT_TERMINAL_PROMPT: '0',
  // Whatever would open an editor takes the text as it is.
  GIT_EDITOR: ':',
  // Messages are read here, so they come in one language.
  LC_ALL: 'C.UTF-8',
  LANGUAGE: 'C',
}

/** For calls that only look: no lock is taken, and nothing is fetched. */
export const LOOK_ONLY: Readonly<Record<string, string>> = { GIT_OPTIONAL_LOCKS: '0', GIT_NO_LAZY_FETCH: '1' }

/** How git is started for a call. */
export function gitInvocation(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions = {},
): {
  readonly file: string
  readonly args: string[]
  readonly cwd: string
  readonly env: Record<string, string>
} {
  const { env, markers, hooks = false } = options
  const settings = [...SETTINGS, ...(hooks ? [] : [NO_HOOKS]), ...(options.settings ?? [])]
  const at = place.gitDir === undefined ? [] : [`--git-dir=${place.gitDir}`, `--work-tree=${place.dir}`]
  return {
    file: 'git',
    args: ['--no-pager', ...at, ...settings.flatMap((setting) => ['-c', setting]), ...args],
    cwd: place.dir,
    env: childEnvironment({ set: { ...VARIABLES, ...env }, ...(markers && { markers }) }),
  }
}

/**
 * Runs git to its end, whatever its exit status.
 * @throws AtelierError `unsupported` if git is missing, `not_found` if the folder is, `timeout`, `cancelled`
 */
export async function runGit(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitResult> {
  const { markers, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options
  const limit = deadline(timeoutMs, signal)
  try {
    const result = await runProgram({
      ...gitInvocation(place, args, options),
      maxOutputBytes: options.maxBytes ?? DEFAULT_OUTPUT_BYTES,
      signal: limit.signal,
      ...(markers && { markers }),
      ...(options.input !== undefined && { input: options.input }),
    })
    if (!result.ok) {
      const code = result.failure.kind === 'missing_executable' ? 'unsupported' : 'not_found'
      throw new AtelierError(code, result.failure.message, { details: { dir: place.dir } })
    }
    if (limit.signal.aborted) throw stopped(place, args, limit.isOver() ? timeoutMs : undefined)
    return {
      code: result.exit.code,
      output: result.stdout,
      isCut: result.isCut,
      error: redactor(process.env)(result.stderr),
    }
  } finally {
    limit.clear()
  }
}

/**
 * What git prints.
 * @throws AtelierError what `gitFailure` makes of an exit status other than 0, and what `runGit` throws
 */
export async function git(
  place: GitPlace,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  const { code, output, isCut, error } = await runGit(place, args, options)
  if (code !== 0) throw gitFailure(place, args[0] ?? '', error)
  if (isCut && options.maxBytes === undefined)
    throw gitFailure(place, args[0] ?? '', 'its answer is too long to be read')
  return output
}

/** Names what git refused: `not_found` without a repository, `disk_full`, else `workspace_failed`. */
export function gitFailure(place: GitPlace, command: string, error: string): AtelierError {
  const { dir } = place
  if (isOutside(error)) return noRepository(dir)
  if (isDiskFull(place, error)) {
    const message = `The disk is full: git ${command} could not write in ${dir}. Free some space and try again; nothing was lost. ${error}`
    return new AtelierError('disk_full', message, { details: { dir, command } })
  }
  const message = `git ${command} failed in ${dir}: ${error === '' ? 'it gave no reason.' : error}`
  return new AtelierError('workspace_failed', message, { details: { reason: 'git', dir, command } })
}

/** git does not always say why it could not write a file; then the disk is asked. */
function isDiskFull({ dir }: GitPlace, error: string): boolean {
  if (/no space left on device|disk quota exceeded/iu.test(error)) return true
  if (!/unable to (?:write|create)|could not (?:write|create)/iu.test(error)) return false
  try {
    const { bavail, bsize, ffree, files } = statfsSync(dir)
    return bavail * bsize < FULL_BYTES || (files > 0 && ffree === 0)
  } catch {
    return false
  }
}

/** True for what git says in a folder that is in no working tree, or in one whose repository is gone. */
export function isNoRepository(error: string): boolean {
  return error.includes('not a git repository') || isOutside(error)
}

/** A repository that git names is one that it was led to, such as that of a worktree that somebody removes. */
function isOutside(error: string): boolean {
  return /not a git repository \(|must be run in a work tree|cannot use bare repository/u.test(error)
}

function noRepository(dir: string): AtelierError {
  const message = `${dir} is in no git working tree. Run git init there, or name another folder.`
  return new AtelierError('not_found', message, { details: { dir } })
}

function stopped(place: GitPlace, args: readonly string[], timeoutMs: number | undefined): AtelierError {
  const details = { dir: place.dir, command: args[0] }
  return timeoutMs === undefined
    ? new AtelierError('cancelled', `git ${args[0]} in ${place.dir} was cancelled.`, { details })
    : new AtelierError('timeout', `git ${args[0]} in ${place.dir} took longer than ${timeoutMs} ms.`, {
        details,
      })
}

/** A signal that also goes off when the time is over. */
function deadline(
  timeoutMs: number,
  signal: AbortSignal | undefined,
): { readonly signal: AbortSignal; isOver(): boolean; clear(): void } {
  const stop = new AbortController()
  let isOver = false
  const cancel = systemClock.after(timeoutMs, () => {
    isOver = true
    stop.abort()
  })
  const forward = (): void => stop.abort()
  signal?.addEventListener('abort', forward, { once: true })
  if (signal?.aborted === true) stop.abort()
  return {
    signal: stop.signal,
    isOver: () => isOver,
    clear() {
      cancel()
      signal?.removeEventListener('abort', forward)
    },
  }
}
