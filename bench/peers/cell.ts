/** What was found out about one peer at one shape and size. */
import { median } from '../measuring.ts'

/** What a peer's process says about one run. */
export interface Run {
  readonly ms: number
  readonly steps: number
  readonly version: string
  /** Journal and synchronous mode that the run really had. */
  readonly fsync: string
}

/** How one run went. */
export type Outcome = Run | { readonly over: number } | { readonly error: string }

export type Cell =
  | (Run & { readonly msPerStep: number; readonly rounds: number })
  /** Not done within so many ms. */
  | { readonly over: number }
  | { readonly error: string }

/** The median of the rounds; what failed or took too long in any of them did so. */
export function cellOf(outcomes: readonly Outcome[]): Cell {
  const runs: Run[] = []
  for (const outcome of outcomes) {
    if (!('ms' in outcome)) return outcome
    runs.push(outcome)
  }
  const [first] = runs
  if (first === undefined) throw new Error('There is nothing in a cell of no runs.')
  const ms = median(runs.map((run) => run.ms))
  return { ...first, ms, msPerStep: ms / first.steps, rounds: runs.length }
}

/** Reads the one line that a peer prints, after whatever its libraries print. Undefined if there is none. */
export function outcomeOf(output: string): Outcome | undefined {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if ('error' in value && typeof value.error === 'string') return { error: value.error }
  if (!('ms' in value && 'steps' in value && 'version' in value && 'fsync' in value)) return undefined
  const { ms, steps, version, fsync } = value
  if (typeof ms !== 'number' || typeof steps !== 'number') return undefined
  return { ms, steps, version: String(version), fsync: String(fsync) }
}
