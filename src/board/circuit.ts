/**
 * A breaker in front of an agent or an account: after failures in a row it refuses calls for a while, then lets one
 * through to see. A test derives this table from the code:
 *
 * | from      | succeeded | failed           | asked, within the pause | asked, after it |
 * |-----------|-----------|------------------|-------------------------|-----------------|
 * | closed    | closed    | closed, or open  | admitted                | admitted        |
 * | open      | open      | open             | refused                 | half_open       |
 * | half_open | closed    | open             | refused                 | half_open       |
 *
 * In `half_open` only the outcome of the probe counts, in `open` none: calls that began earlier may end late. A probe
 * that never reports back, as its host died, is given up after the same pause.
 */
import { errorData, type ErrorData } from '../errors.ts'
import { headOf } from '../json.ts'
import { formatDuration } from '../time/duration.ts'

export interface CircuitRow {
  /** What it protects, such as `agent:impl` or `account:claude`. */
  readonly key: string
  readonly state: 'closed' | 'open' | 'half_open'
  /** Failures since the last success. */
  readonly failures: number
  /** When it opened, or let its probe through, ms since the epoch; null while it is closed. */
  readonly since: number | null
  /** The call that is let through to see. */
  readonly probe: string | null
}

export interface CircuitLimits {
  /** This many failures in a row open it. */
  readonly failureThreshold: number
  /** How long it refuses calls, ms; the first after it is the probe. */
  readonly timeoutMs: number
}

export const CIRCUIT_LIMITS: CircuitLimits = { failureThreshold: 5, timeoutMs: 60_000 }

/** A circuit that has seen nothing. */
export function closedCircuit(key: string): CircuitRow {
  return { key, state: 'closed', failures: 0, since: null, probe: null }
}

/** Lets a call through, as the probe where it is time for one, or refuses it with `circuit_open`. */
export function admit(
  row: CircuitRow,
  call: string,
  now: number,
  { timeoutMs }: CircuitLimits = CIRCUIT_LIMITS,
): { readonly circuit: CircuitRow } | { readonly refused: ErrorData } {
  if (row.since === null) return { circuit: row }
  const pauseMs = row.since + timeoutMs - now
  if (pauseMs < 0) return { circuit: { ...row, state: 'half_open', since: now, probe: call } }
  return { refused: openError(row, pauseMs) }
}

/** What the outcome of a call makes of the circuit. */
export function afterCall(
  row: CircuitRow,
  call: { readonly id: string; readonly ok: boolean },
  now: number,
  { failureThreshold }: CircuitLimits = CIRCUIT_LIMITS,
): CircuitRow {
  switch (row.state) {
    case 'closed': {
      if (call.ok) return row.failures === 0 ? row : closedCircuit(row.key)
      const failures = row.failures + 1
      return failures < failureThreshold ? { ...row, failures } : opened(row, failures, now)
    }
    case 'half_open':
      if (row.probe !== call.id) return row
      return call.ok ? closedCircuit(row.key) : opened(row, row.failures + 1, now)
    case 'open':
      return row
  }
}

function opened({ key }: CircuitRow, failures: number, now: number): CircuitRow {
  return { key, state: 'open', failures, since: now, probe: null }
}

function openError({ key, state, failures }: CircuitRow, pauseMs: number): ErrorData {
  const why =
    state === 'open'
      ? `the next call is tried in ${formatDuration(pauseMs + 1)}`
      : 'one call is being tried, and the others wait for how it ends'
  return errorData(
    'circuit_open',
    `After ${failures} failures in a row nothing is sent to ${headOf(key, 80)}: ${why}. Look at its last error with: status.`,
    { circuit: key, failures, retryAfterMs: pauseMs + 1 },
  )
}
