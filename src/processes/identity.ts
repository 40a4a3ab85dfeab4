/**
 * Who a process is. A pid alone says nothing once the process has ended and the number is used
 * again, so it goes with the start time, and both count only on the machine, boot and pid
 * namespace that they were read in.
 *
 * `atelier status` imports this file when it starts: nothing heavy belongs here.
 */
import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'

export interface ProcessIdentity {
  /** Boot and pid namespace: pids compare only where these are the same. */
  readonly machine: string
  readonly pid: number
  /** When the process began, as the system tells it: opaque, only compared. */
  readonly pidStart: string
}

/** What one process's line in the process table says. */
export interface ProcessStat {
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly start: string
}

let own: ProcessIdentity | undefined

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  return (own ??= { machine: machine(), pid: process.pid, pidStart: startOf(process.pid) ?? 'unknown' })
}

/**
 * True if the process that was seen with this start time still runs. Call it only for identities
 * of the same `machine`. A process that cannot be looked at counts as alive: its lease decides.
 */
export function isAlive(pid: number, pidStart: string): boolean {
  if (!exists(pid)) return false
  if (process.platform !== 'linux') return (startOf(pid) ?? pidStart) === pidStart
  const stat = readStat(pid)
  // It exists, yet /proc does not show it: another user's under `hidepid`, or no /proc at all.
  if (stat === undefined) return exists(pid)
  return !isDead(stat.state) && stat.start === pidStart
}

/** True for a process that has ended and waits to be reaped by its parent. */
export function isDead(state: string): boolean {
  return state === 'Z' || state === 'X' || state === 'x'
}

/** Start time of a process, or undefined if there is none or it cannot be read. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') return readStat(pid)?.start
  return ask('ps', ['-o', 'lstart=', '-p', String(pid)])
}

/** Reads `/proc/PID/stat`; undefined if it is not there. */
export function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`)?.toString('latin1')
  return text === undefined ? undefined : parseStat(text)
}

/** Reads the text of `/proc/PID/stat`: fields 3, 4, 5, 6 and 22 of proc_pid_stat(5). */
export function parseStat(text: string): ProcessStat | undefined {
  // The second field is the name in parentheses, which may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20)
  const [state, parent, group, session] = fields
  const start = fields[19]
  if (state === undefined || start === undefined) return undefined
  return { state, parent: Number(parent), group: Number(group), session: Number(session), start }
}

let buffer = Buffer.allocUnsafe(16 * 1024)

/**
 * Reads a file of `/proc`, whose size is not known before. The bytes are good until the next call.
 * @returns undefined if it is gone or not ours to read
 */
export function readProc(path: string): Buffer | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    let length = 0
    for (;;) {
      if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)])
      const read = readSync(file, buffer, length, buffer.length - length, null)
      if (read === 0) return buffer.subarray(0, length)
      length += read
    }
  } catch {
    return undefined
  } finally {
    closeSync(file)
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The boot id is random for each boot of each machine, so that it names the machine as well. */
function machine(): string {
  if (process.platform !== 'linux') return ask('sysctl', ['-n', 'kern.bootsessionuuid']) ?? hostName()
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostName()
  }
}

function hostName(): string {
  return process.getBuiltinModule('node:os').hostname()
}

/** Output of a small system program, in a language and time zone that do not change. */
function ask(program: string, args: string[]): string | undefined {
  try {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' }
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']
    const { execFileSync } = process.getBuiltinModule('node:child_process')
    const answer = execFileSync(program, args, { env, stdio, encoding: 'latin1' }).trim()
    return answer === '' ? undefined : answer
  } catch {
    return undefined
  }
}
