/** Where a project and its state lie. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { AtelierError, messageOf } from './errors.ts'

/**
 * The project folder for a command that is run somewhere inside of it: the nearest folder upwards that
 * has an Atelier configuration or state, else the top of the git repository, else the folder itself.
 */
export function findProjectFolder(from: string): string {
  const start = resolve(from)
  const marked = upwards(start).find(
    (dir) => existsSync(join(dir, '.atelier')) || CONFIG_FILES.some((file) => existsSync(join(dir, file))),
  )
  return marked ?? upwards(start).find((dir) => existsSync(join(dir, '.git'))) ?? start
}

/** Where the state of a project is kept. */
export function stateFolder(dir: string, persistence: boolean | string = true): string {
  return typeof persistence === 'string' ? resolve(dir, persistence) : join(dir, '.atelier', 'state')
}

const CONFIG_FILES = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'].map(
  (ending) => `atelier.config.${ending}`,
)

function upwards(from: string): string[] {
  const dirs = [from]
  for (let dir = from; dirname(dir) !== dir && dir !== homedir(); dir = dirname(dir)) dirs.push(dirname(dir))
  return dirs
}

/** The database of a project, in its state folder. */
export function databaseFile(folder: string): string {
  return join(folder, 'atelier.db')
}

/**
 * The absolute path of a project folder.
 * @throws AtelierError `not_found`
 */
export function projectFolder(dir = '.'): string {
  const folder = resolve(dir)
  if (existsSync(folder)) return folder
  throw new AtelierError(
    'not_found',
    `The project folder ${folder} does not exist. Create it, or name another one.`,
    {
      details: { dir: folder },
    },
  )
}

/** Not `mkdirSync(recursive)`: where a folder cannot be made for want of its file system (`/proc`), that never ends. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Makes the folder of a project's state. State is nobody's to commit, so the folder ignores itself. */
export function makeStateFolder(folder: string): void {
  if (existsSync(join(folder, '.gitignore'))) return
  try {
    makeFolder(folder)
    writeFileSync(join(folder, '.gitignore'), '*\n')
  } catch (error) {
    throw new AtelierError(
      'store_unwritable',
      `The state folder ${folder} cannot be written: ${messageOf(error)}. Make it writable, or name another folder with the option "persistence".`,
      { details: { path: folder }, cause: error },
    )
  }
}
