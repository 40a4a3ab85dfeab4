/**
 * Which hosts of this user have started processes: one small file for each, in a folder of the user's and not of a
 * workshop, so that whoever looks next, from whatever folder, finds the hosts that died with nobody to look after them.
 *
 * Every `atelier` command imports this file when it ends: nothing heavy belongs here.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

import { crash } from '../failpoints.ts'
import { newId } from '../ids.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from './identity.ts'

/** A host that started processes, and the process that it is. */
export interface HostEntry extends ProcessIdentity {
  readonly host: string
  /** The folder of its first child, for people. */
  readonly dir: string
  /** Ms since the epoch. */
  readonly since: number
}

/** The variables that are read; `process.env` unless others are named. */
type Environment = Readonly<Record<string, string | undefined>>

const DAY_MS = 24 * 60 * 60 * 1000
/** Of a machine that cannot be seen from here: it may have been started anew, or be a container beside this one. */
const FOREIGN_KEPT_MS = 30 * DAY_MS
/** A file that cannot be read may be one that a newer version wrote. */
const UNREADABLE_KEPT_MS = DAY_MS
/** As `newId` makes them. What stands in a file becomes a marker, and an empty one would fit too much. */
const HOST_ID = /^host_[0-9a-z]+$/u

/** The folder of the ledger: one for each user. */
export function ledgerFolder(environment: Environment = process.env): string {
  const { XDG_STATE_HOME: configured = '', HOME: home = '' } = environment
  // A relative path would name another ledger in each folder; the XDG specification says to ignore it.
  const folder = isAbsolute(configured)
    ? configured
    : join(isAbsolute(home) ? home : homedir(), '.local', 'state')
  return join(folder, 'atelier', 'hosts')
}

/**
 * Enters a host of this process.
 * @throws Error of the file system
 */
export function enterHost(host: string, dir: string, since: number): void {
  const folder = ledgerFolder()
  const file = fileOf(folder, host)
  const temporary = `${file}.${newId('proc')}`
  const entry: HostEntry = { host, ...ownIdentity(), dir, since }
  crash('ledger.enter.before')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  try {
    // Written beside and renamed, so that nobody reads half of it.
    writeFileSync(temporary, `${JSON.stringify(entry)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(temporary, file)
  } catch (thrown) {
    rmSync(temporary, { force: true })
    throw thrown
  }
  crash('ledger.enter.after')
}

/** Strikes out a host that nothing is left of; one that is not there is struck out already. */
export function strikeHost(host: string): void {
  crash('ledger.strike.before')
  remove(fileOf(ledgerFolder(), host))
  crash('ledger.strike.after')
}

/**
 * The hosts of this machine that are gone. Entries that nobody will ever need are removed. Never throws: a ledger that
 * cannot be read has nothing to say.
 */
export function deadHosts(now: number): readonly HostEntry[] {
  const folder = ledgerFolder()
  const dead: HostEntry[] = []
  for (const name of namesIn(folder)) {
    const file = join(folder, name)
    const entry = readEntry(file)
    if (entry === undefined || fileOf(folder, entry.host) !== file) {
      if (now - writtenAt(file, now) > UNREADABLE_KEPT_MS) remove(file)
    } else if (entry.machine !== ownIdentity().machine) {
      // Its pids say nothing here, so nothing of it is killed.
      if (now - entry.since > FOREIGN_KEPT_MS) remove(file)
    } else if (!isAlive(entry.pid, entry.pidStart)) dead.push(entry)
  }
  return dead
}

function fileOf(folder: string, host: string): string {
  return join(folder, `${host}.json`)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function readEntry(file: string): HostEntry | undefined {
  try {
    const entry = JSON.parse(readFileSync(file, 'utf8')) as Partial<HostEntry> | null
    return isEntry(entry) ? entry : undefined
  } catch {
    return undefined
  }
}

function isEntry(entry: Partial<HostEntry> | null): entry is HostEntry {
  if (typeof entry?.host !== 'string' || !HOST_ID.test(entry.host)) return false
  const { pid, machine, pidStart, dir, since } = entry
  const isNamed = [machine, pidStart, dir].every((text) => typeof text === 'string')
  return isNamed && Number.isSafeInteger(pid) && Number(pid) > 0 && typeof since === 'number'
}

/** A file that is gone has just been written, and is not removed. */
function writtenAt(file: string, now: number): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {
    // A read-only folder: the entry is looked at again next time, and does no harm.
  }
}
