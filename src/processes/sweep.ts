/**
 * Ends what a child leaves behind. Tools of coding agents start their shells in sessions of their
 * own, so that a signal to the child's process group does not reach them (measured with Claude
 * Code, Codex, Gemini and OpenCode); what they cannot shed is the marker in their environment.
 */
import { sleep } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import type { ProcessMarkers } from './environment.ts'
import { isStill, listProcesses, type ProcessEntry } from './process-table.ts'

/** What to look for. A process that fits any part of it goes, and so do its descendants. */
export interface SweepTarget {
  /** All that carry these markers. */
  readonly markers?: ProcessMarkers
  /** The child that led a process group and a session of its own; it may have ended. */
  readonly leader?: { readonly pid: number; readonly start: string | undefined }
  /** Processes that were seen as its descendants earlier. */
  readonly seen?: readonly ProcessEntry[]
}

/** How often the table is read again: a process may fork while it is being ended. */
const MAX_ROUNDS = 12
/** Pause before the second round, doubled for each further one: time for a killed process to go. */
const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 100

/**
 * Kills everything that belongs to the target, and looks again until nothing is left.
 * @returns how many processes were killed; `left` are those that outlived SIGKILL
 */
export async function sweep(
  target: SweepTarget,
): Promise<{ readonly killed: number; readonly left: number }> {
  const killed = new Set<string>()
  let pause = FIRST_PAUSE_MS
  for (let round = 1; ; round++) {
    const doomed = await processesOf(target)
    if (doomed.length === 0 || round > MAX_ROUNDS) return { killed: killed.size, left: doomed.length }
    for (const entry of doomed) {
      if (!isStill(entry) || !send(entry.pid, 'SIGKILL')) continue
      killed.add(`${entry.pid}@${entry.start}`)
    }
    await sleep(systemClock, pause)
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
  }
}

/** The running processes that belong to a target. */
export async function processesOf(target: SweepTarget): Promise<ProcessEntry[]> {
  return selectProcesses(await listProcesses(target.markers), target)
}

/** Selects a target's processes from a table; never this process itself. */
export function selectProcesses(table: readonly ProcessEntry[], target: SweepTarget): ProcessEntry[] {
  const { leader } = target
  // While a group or session has a member, its number is not given to another process. So a
  // process that has the leader's pid and another start time means that the group is no longer ours.
  const isReused = table.some(({ pid, start }) => pid === leader?.pid && start !== leader.start)
  const seen = new Set(target.seen?.map((entry) => `${entry.pid}@${entry.start}`))
  const chosen = new Set<number>()
  const others = table.filter(({ pid }) => pid !== process.pid)
  for (const entry of others) {
    const isMember = entry.group === leader?.pid || entry.session === leader?.pid
    const belongs = entry.marked || (isMember && !isReused) || seen.has(`${entry.pid}@${entry.start}`)
    if (belongs) chosen.add(entry.pid)
  }
  addDescendants(others, chosen)
  return others.filter(({ pid }) => chosen.has(pid))
}

function addDescendants(table: readonly ProcessEntry[], chosen: Set<number>): void {
  for (let before = -1; before !== chosen.size;) {
    before = chosen.size
    for (const { pid, parent } of table) if (chosen.has(parent)) chosen.add(pid)
  }
}

/** Sends a signal; false if there is no such process, or it is not ours. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
