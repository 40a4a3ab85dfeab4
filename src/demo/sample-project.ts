/**
 * Makes the scratch project that `atelier demo` works on: a repository with the history kept in
 * `sample/history` as patches. Every machine gets the same commit ids, whatever its git settings.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AtelierError, messageOf } from '../errors.ts'

const run = promisify(execFile)

/** The scratch repository: where it is and the commit it is at. */
export interface SampleProject {
  /** Absolute path of the working tree. */
  readonly dir: string
  /** Commit id of `main`, the same on every machine. */
  readonly head: string
}

/**
 * Settings of the scratch repository itself, so that whatever runs git in it later is safe from the
 * user's own: no signing prompt, no foreign hooks or ignore rules, no converted line ends, and no
 * git process left in the background. With a name of its own a commit needs no set-up either.
 */
const SCRATCH_SETTINGS = `
[user]
	name = Atelier sample
	email = sample@atelier.invalid
[commit]
	gpgSign = false
[tag]
	gpgSign = false
[core]
	autocrlf = false
	eol = lf
	hooksPath = .git/hooks
	excludesFile =
	attributesFile =
	fsmonitor = false
[gc]
	auto = 0
[maintenance]
	auto = false
`

/**
 * Creates the sample project in `dir`, which must be empty or not exist yet.
 * @throws AtelierError `already_exists` if `dir` has files, `unsupported` if git is missing or too
 * old, `verification_failed` if the history did not come out whole
 */
export async function createSampleProject(dir: string): Promise<SampleProject> {
  const target = resolve(dir)
  const patches = await listPatches()
  await mkdir(target, { recursive: true })
  if ((await readdir(target)).length > 0) {
    throw new AtelierError(
      'already_exists',
      `The sample project was not made: ${target} has files in it. Name an empty or a new folder.`,
      { details: { dir: target } },
    )
  }
  await git(target, ['init', '--quiet', '--template=', '-b', 'main'])
  await appendFile(join(target, '.git', 'config'), SCRATCH_SETTINGS)
  await git(target, ['am', '--quiet', '--committer-date-is-author-date', ...patches])

  const commits = (await git(target, ['log', '--format=%H'])).split('\n')
  const [head] = commits
  if (head === undefined || commits.length !== patches.length) {
    throw new AtelierError(
      'verification_failed',
      `The sample project in ${target} has ${commits.length} commits instead of ${patches.length}. Try again in a new folder.`,
      { details: { dir: target, commits: commits.length, expected: patches.length } },
    )
  }
  return { dir: target, head }
}

/** The package's `sample` folder: the history and the edits of the demo. It is found from `src` and from `dist`. */
export function sampleFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) {
      throw new AtelierError(
        'not_found',
        `The sample project was not found: no package.json is above ${fileURLToPath(import.meta.url)}. Install atelier again.`,
      )
    }
    folder = parent
  }
  return join(folder, 'sample')
}

async function listPatches(): Promise<string[]> {
  const folder = join(sampleFolder(), 'history')
  const names = existsSync(folder) ? await readdir(folder) : []
  const patches = names.filter((name) => name.endsWith('.patch')).sort()
  if (patches.length === 0) {
    throw new AtelierError(
      'not_found',
      `The sample project was not found: ${folder} has no patches. Install atelier again.`,
    )
  }
  return patches.map((name) => join(folder, name))
}

async function git(cwd: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('git', args, { cwd, env: gitEnvironment() })
    return stdout.trim()
  } catch (error) {
    throw new AtelierError(
      'unsupported',
      `The sample project in ${cwd} was not made: ${messageOf(error).trim()}. Check that git 2.28 or newer is on PATH and try again in a new folder.`,
      { cause: error },
    )
  }
}

/** Nothing of the user's git reaches the commits: not its files, and not the variables a hook or a shell has set. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GIT_') || name === 'GIT_EXEC_PATH',
  )
  return {
    ...Object.fromEntries(inherited),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null', // git translates it on Windows
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_DEFAULT_HASH: 'sha1',
    GIT_COMMITTER_NAME: 'Atelier sample',
    GIT_COMMITTER_EMAIL: 'sample@atelier.invalid',
  }
}
