/** Looks at the project: its state folder, its configuration, its hosts, and what hosts left. */
import { accessSync, constants, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isAtelierError, messageOf } from '../errors.ts'
import { configFileOf, loadConfig } from '../loading/config-file.ts'
import { assertTrusted } from '../loading/trust.ts'
import { deadHosts, ledgerFolder } from '../processes/ledger.ts'
import { processesOf } from '../processes/sweep.ts'
import { type Check, type Environment, fail, ok, quoted, warn } from './check.ts'

const DATABASE_FILES = ['atelier.db', 'atelier.db-wal', 'atelier.db-shm']

/** Whether state can be kept; nothing is written. */
export function checkState(folder: string): Check {
  const nearest = nearestExisting(folder)
  if (!isFolder(nearest))
    return fail('state', `${nearest} is a file, where a folder is needed`, moving(nearest))
  const paths = [
    nearest,
    ...DATABASE_FILES.map((name) => join(folder, name)).filter((path) => existsSync(path)),
  ]
  const shut = paths.find((path) => !isWritable(path))
  if (shut !== undefined) return fail('state', `${shut} cannot be written`, opening(shut))
  if (nearest === folder) return ok('state', folder)
  return warn('state', `${folder} is not there yet`, 'Run `atelier doctor --fix`, or any verb that writes')
}

/** Makes the state folder, which ignores itself in git. */
export function makeState(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const ignore = join(folder, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n', { flag: 'wx' })
}

export interface ConfigurationCheck extends Check {
  /** The file that is not loaded because its folder is not trusted. */
  readonly untrusted?: string
}

/** Whether the configuration is trusted and loads; one that is not trusted is not run. */
export async function checkConfiguration(dir: string, env: Environment): Promise<ConfigurationCheck> {
  const name = 'configuration'
  try {
    const file = configFileOf(dir)
    if (file === null) return warn(name, `${dir} has none`, 'Run `atelier init`')
    assertTrusted(dir, env)
    const { agents } = await loadConfig(dir)
    const names = Object.keys(agents)
    return ok(name, `${file}: ${names.length === 0 ? 'no agents' : names.join(', ')}`)
  } catch (error) {
    const file = isAtelierError(error) ? error.details['file'] : undefined
    if (typeof file !== 'string') return fail(name, messageOf(error), `Correct what is told in ${dir}`)
    if (isAtelierError(error) && error.details['reason'] === 'untrusted')
      return {
        ...fail(
          name,
          `${file} is not trusted yet, and was not loaded`,
          `Read it, then run \`atelier trust --dir ${quoted(dir)}\``,
        ),
        untrusted: file,
      }
    return fail(name, messageOf(error), `Correct ${file}, then run \`atelier doctor\` again`)
  }
}

/** A host as a status shows it. */
export interface SeenHost {
  readonly kind: string
  readonly pid: number
  readonly local: boolean
  readonly state: 'running' | 'draining' | 'dead'
}

/** Whether a background host runs, and what dead ones left behind. */
export function checkHosts(hosts: readonly SeenHost[]): Check {
  const dead = hosts.filter(({ state }) => state === 'dead')
  const running = hosts.find(({ kind, local, state }) => kind === 'background' && local && state !== 'dead')
  const now =
    running === undefined ? 'no background host runs' : `background host ${running.pid} is ${running.state}`
  if (dead.length === 0) return ok('host', now)
  return warn(
    'host',
    `${now}; died without ending: ${dead.map(({ kind, pid }) => `${kind} ${pid}`).join(', ')}`,
    'Run `atelier up`: it takes over what they left',
  )
}

/** What hosts of any workshop left running when they died, and whether hosts can be entered in the ledger. */
export async function checkLeftovers(now: number): Promise<Check> {
  const name = 'processes'
  const folder = nearestExisting(ledgerFolder())
  if (!isFolder(folder)) return warn(name, `${folder} is a file, where a folder is needed`, moving(folder))
  if (!isWritable(folder))
    return warn(
      name,
      `${folder} cannot be written: what a host leaves when it dies may go on`,
      opening(folder),
    )
  const dead = deadHosts(now)
  const left = await Promise.all(dead.map(({ host }) => processesOf({ markers: { host } })))
  const pids = left.flat().map(({ pid }) => pid)
  if (pids.length === 0) return ok(name, 'no host left any running')
  const dirs = [...new Set(dead.map(({ dir }) => dir))].join(', ')
  return warn(
    name,
    `left running by hosts that died in ${dirs}: ${pids.join(', ')}`,
    'Every command ends them when it ends, as this one does; run `atelier doctor` again to see what is left',
  )
}

/** The store cannot be read: what is in it is not known. */
export function hostsUnknown(error: unknown): Check {
  return fail('host', messageOf(error), 'Make the state readable; nothing of it has to be removed for that')
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path))
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, isFolder(path) ? constants.W_OK | constants.X_OK : constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

function moving(path: string): string {
  return `Move it: \`mv ${quoted(path)} ${quoted(`${path}.moved`)}\``
}

/** Only its owner may open a file; somebody else's has to be given first. */
function opening(path: string): string {
  const isOwn = statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()
  return isOwn ? `Run \`chmod u+rwX ${quoted(path)}\`` : `Run \`sudo chown "$(id -un)" ${quoted(path)}\``
}
