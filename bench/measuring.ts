/** Statistics, folders and processes that several measurements use. */
import { fork, spawn, type ChildProcess, type ForkOptions } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')

/** Rounds of everything that has a floor: the product and the floor take turns, and the medians count. */
export const ROUNDS = 5

/** The value below which the fraction `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
  if (value === undefined) throw new Error('There is no quantile of no values.')
  return value
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** A clock that all processes of the machine share, ms. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/**
 * Calls `act` with an empty folder that is removed afterwards. It lies on the disk of the project: a
 * system's temporary folder may be memory, where a commit costs nothing.
 */
export async function inFolder<Result>(act: (dir: string) => Promise<Result>): Promise<Result> {
  const parent = join(ROOT, 'node_modules', '.cache')
  mkdirSync(parent, { recursive: true })
  const dir = mkdtempSync(join(parent, 'atelier-bench-'))
  try {
    return await act(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Measures in rounds, the two in turns and each first in every other round. */
export async function interleaved<A, B>(
  rounds: number,
  first: () => A | Promise<A>,
  second: () => B | Promise<B>,
): Promise<{ readonly first: readonly A[]; readonly second: readonly B[] }> {
  const results = { first: [] as A[], second: [] as B[] }
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) results.first.push(await first())
    results.second.push(await second())
    if (round % 2 === 1) results.first.push(await first())
  }
  return results
}

/** The program as a user starts it. */
const PROGRAM = join(ROOT, 'bin', 'atelier.js')

/** Its arguments for Node. */
export function atelier(...words: string[]): string[] {
  if (!existsSync(join(ROOT, 'dist', 'cli', 'main.js'))) {
    throw new Error('There is no build to measure. Run `npm run build` first.')
  }
  return [PROGRAM, ...words]
}

/** The environment of measured programs: the configuration that the bench wrote is trusted. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, ATELIER_TRUST: '1', NO_COLOR: '1' }
}

/** Runs `atelier` to its end, and gives what it printed. */
export async function runAtelier(dir: string, ...words: string[]): Promise<string> {
  const child = spawn(process.execPath, atelier(...words), {
    cwd: dir,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece))
  await succeeded(child, `atelier ${words.join(' ')}`)
  return output
}

/** Starts a module of this folder as a process that talks to this one. */
export function startModule(name: string, words: readonly string[], options: ForkOptions = {}): ChildProcess {
  return fork(join(import.meta.dirname, name), words, { env: environment(), ...options })
}

/** The next message of a process; rejects if it ends without one. */
export async function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  const ended = new AbortController()
  try {
    return await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(([message]) => message as Message),
      once(child, 'exit', { signal: ended.signal }).then(([code]) => {
        throw new Error(`${child.spawnargs.join(' ')} ended with ${String(code)} and said nothing.`)
      }),
    ])
  } finally {
    ended.abort()
  }
}

/** Waits for the end of a process that must end well. */
export async function succeeded(child: ChildProcess, what: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  if (child.exitCode !== 0) throw new Error(`${what} ended with ${child.exitCode ?? child.signalCode}.`)
}
