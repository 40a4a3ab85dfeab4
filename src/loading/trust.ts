/**
 * Which folders the user trusts. A configuration runs code or names shell commands, so a CLI, which is started in
 * whatever folder one happens to be in, loads it only where its user said so once. A program that opens a workshop
 * names the folder itself, and needs no such list.
 */
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { AtelierError, messageOf } from '../errors.ts'
import { newId } from '../ids.ts'
import { configFileOf } from './config-file.ts'
import { workflowFilesIn } from './workflow-folder.ts'

/** The variables that are read; `process.env` unless others are named. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Below it lie the worktrees of agents: an agent wrote what is there, in a folder that looks like the project. */
const STATE_FOLDER = join('.atelier', 'state')

/** The list of trusted folders: one for each user. */
export function trustFile(environment: Environment = process.env): string {
  const { XDG_CONFIG_HOME: configured = '', HOME: home = '' } = environment
  // A relative path would name another list in each folder; the XDG specification says to ignore it.
  const folder = isAbsolute(configured) ? configured : join(isAbsolute(home) ? home : homedir(), '.config')
  return join(folder, 'atelier', 'trusted.json')
}

/**
 * True if the user trusted this folder or one around it, or `ATELIER_TRUST=1` says so, as in CI. Neither covers
 * the worktrees of agents; links are resolved first, so a link inside of a trusted folder trusts nothing outside.
 */
export function isTrusted(dir: string, environment: Environment = process.env): boolean {
  const folder = realFolder(dir)
  if (folder === undefined) return false
  if (environment['ATELIER_TRUST'] === '1' && !isState(folder)) return true
  return readTrusted(trustFile(environment)).some((root) => covers(root, folder))
}

/**
 * Adds a folder to the list, with its subfolders.
 * @returns the folder as it is listed: absolute, without links
 * @throws AtelierError `not_found` if there is no such folder, `store_unwritable` if the list cannot be written
 */
export function trust(dir: string, environment: Environment = process.env): string {
  const folder = realFolder(dir)
  if (folder === undefined) {
    throw new AtelierError('not_found', `There is no folder ${dir} that could be trusted.`, {
      details: { dir },
    })
  }
  const file = trustFile(environment)
  const folders = readTrusted(file)
  if (!folders.includes(folder)) writeTrusted(file, [...folders, folder].toSorted())
  return folder
}

/**
 * Refuses a folder with a configuration or workflows that the user has not trusted; one without has nothing to trust.
 * @throws AtelierError `invalid_config`, naming the file and how to go on
 */
export function assertTrusted(dir: string, environment: Environment = process.env): void {
  const config = configFileOf(dir)
  const file = config ?? workflowFilesIn(dir)[0]
  if (file === undefined || isTrusted(dir, environment)) return
  const folder = resolve(dir)
  throw new AtelierError(
    'invalid_config',
    `${file} was not loaded: a ${config === null ? 'workflow' : 'configuration'} can run commands on this machine, and ${folder} is not trusted yet. ` +
      'Read the file first. If it does only what you want, run `atelier trust` in that folder; in CI, set ATELIER_TRUST=1.',
    { details: { file, folder, reason: 'untrusted' } },
  )
}

function covers(root: string, folder: string): boolean {
  const path = relative(root, folder)
  const outside = path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path)
  return !outside && !isState(path)
}

function isState(path: string): boolean {
  return `${sep}${path}${sep}`.includes(`${sep}${STATE_FOLDER}${sep}`)
}

function realFolder(dir: string): string | undefined {
  try {
    return realpathSync(dir)
  } catch {
    return undefined
  }
}

/** A list that is missing or damaged trusts nothing: the user is asked again, which is safe. */
function readTrusted(file: string): readonly string[] {
  try {
    const { folders } = JSON.parse(readFileSync(file, 'utf8')) as { readonly folders?: unknown }
    if (!Array.isArray(folders)) return []
    return folders.filter((folder): folder is string => typeof folder === 'string' && isAbsolute(folder))
  } catch {
    return []
  }
}

function writeTrusted(file: string, folders: readonly string[]): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    replaceFile(file, `${JSON.stringify({ version: 1, folders }, null, 2)}\n`)
  } catch (cause) {
    const message = `The list of trusted folders ${file} cannot be written: ${messageOf(cause)}. Make its folder writable.`
    throw new AtelierError('store_unwritable', message, { details: { file }, cause })
  }
}

/** Written beside and renamed: a reader sees the old text or the new one, and a crash leaves one of them. */
function replaceFile(file: string, text: string): void {
  const temporary = `${file}.${newId('proc')}`
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' })
    renameSync(temporary, file)
  } catch (thrown) {
    rmSync(temporary, { force: true })
    throw thrown
  }
}
