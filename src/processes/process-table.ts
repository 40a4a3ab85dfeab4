/** The processes that run now, and which of them carry a marker. */
import { readdirSync } from 'node:fs'

import { soon } from '../time/system-clock.ts'
import { GUARD_VARIABLE, MARKER_VARIABLES, type ProcessMarkers } from './environment.ts'
import { isDead, readProc, readStat } from './identity.ts'

/** One running process. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  /** 0 where the system does not tell it. */
  readonly session: number
  readonly start: string
  /** Its environment holds the marker that was looked for. Always false where environments cannot be read. */
  readonly marked: boolean
}

/** Processes that are read before other work gets its turn: some 40 µs each. */
const SLICE = 25
/** Parent of the kernel's own threads, which have no environment. */
const KTHREADD = 2

const GUARD_TEXT = Buffer.from(`\0${GUARD_VARIABLE}=`)

/**
 * Lists all processes that have not ended, and looks for the marker in their environments. Guards of hosts are left out
 * where environments are read: when an agent's tool is itself a host and is ended, its guard has work to do. A guard
 * carries no marker, so that a marked process cannot pass itself off as one.
 */
export async function listProcesses(markers: ProcessMarkers = {}): Promise<ProcessEntry[]> {
  return process.platform === 'linux' ? listFromProc(markers) : listFromPs()
}

async function listFromProc(markers: ProcessMarkers): Promise<ProcessEntry[]> {
  const wanted = markerTexts(markers)
  const entries: ProcessEntry[] = []
  let count = 0
  for (const name of pidNames()) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    if (++count % SLICE === 0) await new Promise<void>((resolve) => soon(resolve))
    const stat = readStat(pid)
    if (stat === undefined || isDead(stat.state)) continue
    const isKernels = pid === KTHREADD || stat.parent === KTHREADD
    const environment = isKernels || wanted.length === 0 ? undefined : readProc(`/proc/${pid}/environ`)
    const marked = environment !== undefined && carries(environment, wanted)
    if (!marked && environment !== undefined && holds(environment, GUARD_TEXT)) continue
    entries.push({
      pid,
      parent: stat.parent,
      group: stat.group,
      session: stat.session,
      start: stat.start,
      marked,
    })
  }
  return entries
}

function pidNames(): string[] {
  try {
    return readdirSync('/proc')
  } catch {
    return []
  }
}

/** True if an environment holds every one of the variables. Another user's cannot be read, and holds none. */
function carries(environment: Buffer, variables: readonly Buffer[]): boolean {
  return environment.length > 0 && variables.every((variable) => holds(environment, variable))
}

/** The text begins with the zero byte that parts a variable from the one before; the first has none before it. */
function holds(environment: Buffer, text: Buffer): boolean {
  return environment.subarray(0, text.length - 1).equals(text.subarray(1)) || environment.includes(text)
}

/** Each as it stands in `/proc/PID/environ`, between the zero bytes that part variables. */
function markerTexts(markers: ProcessMarkers): Buffer[] {
  const texts: Buffer[] = []
  if (markers.turn !== undefined) texts.push(Buffer.from(`\0${MARKER_VARIABLES.turn}=${markers.turn}\0`))
  if (markers.host !== undefined) texts.push(Buffer.from(`\0${MARKER_VARIABLES.host}=${markers.host}\0`))
  return texts
}

const PS_COLUMNS = 'pid=,ppid=,pgid=,stat=,lstart='

async function listFromPs(): Promise<ProcessEntry[]> {
  const { execFile } = await import('node:child_process')
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  return new Promise((resolve) => {
    execFile(
      'ps',
      ['-axo', PS_COLUMNS],
      { env, encoding: 'latin1', maxBuffer: 1 << 24 },
      (_error, output) => {
        resolve(parsePs(output))
      },
    )
  })
}

/** Reads the table that `ps -axo pid=,ppid=,pgid=,stat=,lstart=` prints. */
export function parsePs(output: string): ProcessEntry[] {
  const entries: ProcessEntry[] = []
  for (const line of output.split('\n')) {
    const [, pid, parent, group, state, start] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/u.exec(line) ?? []
    if (start === undefined || state === undefined || isDead(state.charAt(0))) continue
    entries.push({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      session: 0,
      start,
      marked: false,
    })
  }
  return entries
}

/** True if the entry still is the process that it was when it was listed. */
export function isStill(entry: ProcessEntry): boolean {
  if (process.platform !== 'linux') return true
  const stat = readStat(entry.pid)
  return stat !== undefined && !isDead(stat.state) && stat.start === entry.start
}
