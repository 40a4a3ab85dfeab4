/** What is left of a command: looked up in /proc, outside of the product. */
import { readdirSync, readFileSync } from 'node:fs'

/** Ids of processes whose environment names this text, such as the folder that they were started for. */
export function processesWith(text: string): number[] {
  return others().filter((pid) => textOf(pid, 'environ').includes(text))
}

/** Ids of processes with this argument, such as a number that nobody else sleeps for, whatever they carry. */
export function processesGiven(argument: string): number[] {
  return others().filter((pid) => textOf(pid, 'cmdline').split('\0').includes(argument))
}

function others(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
    .map(Number)
}

/** Empty for a process that has just ended or belongs to somebody else. */
function textOf(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

/** True while the process exists. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
