/**
 * The one base error and its codes. A code is part of the public contract: surfaces map it to an
 * exit status, an HTTP status and an MCP error through {@link ERROR_CODES}, and agents read it.
 */

export interface CodeMapping {
  /** Process exit status of the CLI: 1 error, 2 usage, 3 stopped or incomplete, 4 budget, 130 interrupted. */
  readonly exit: 1 | 2 | 3 | 4 | 130
  /** HTTP status of the same failure. */
  readonly http: number
}

/** A stable word for one kind of error. */
export type ErrorCode =
  | 'already_done'
  | 'already_exists'
  | 'already_running'
  | 'all_agents_failed'
  | 'budget_exceeded'
  | 'cancelled'
  | 'circuit_open'
  | 'circular_dependency'
  | 'closed'
  | 'conflict'
  | 'disk_full'
  | 'expression_failed'
  | 'forbidden'
  | 'gate_rejected'
  | 'host_failed'
  | 'invalid_config'
  | 'invalid_definition'
  | 'invalid_input'
  | 'invalid_output'
  | 'invalid_stage'
  | 'invalid_transition'
  | 'max_iterations'
  | 'max_steps_exceeded'
  | 'merge_conflict'
  | 'no_capable_agent'
  | 'no_result'
  | 'not_found'
  | 'permission_timeout'
  | 'queue_full'
  | 'quota_waiting'
  | 'stale_claim'
  | 'store_busy'
  | 'store_corrupt'
  | 'store_unwritable'
  | 'timeout'
  | 'turn_failed'
  | 'unknown_dependency'
  | 'unsupported'
  | 'verification_failed'
  | 'workspace_failed'

/** Every code with its exit and HTTP status: the only table that maps them. */
export const ERROR_CODES: Readonly<Record<ErrorCode, CodeMapping>> = {
  already_done: { exit: 1, http: 409 },
  already_exists: { exit: 1, http: 409 },
  already_running: { exit: 1, http: 409 },
  all_agents_failed: { exit: 1, http: 502 },
  budget_exceeded: { exit: 4, http: 402 },
  cancelled: { exit: 130, http: 499 },
  circuit_open: { exit: 1, http: 503 },
  circular_dependency: { exit: 2, http: 422 },
  closed: { exit: 1, http: 410 },
  conflict: { exit: 1, http: 409 },
  disk_full: { exit: 1, http: 507 },
  expression_failed: { exit: 1, http: 422 },
  forbidden: { exit: 1, http: 403 },
  gate_rejected: { exit: 1, http: 422 },
  host_failed: { exit: 1, http: 503 },
  invalid_config: { exit: 2, http: 400 },
  invalid_definition: { exit: 2, http: 422 },
  invalid_input: { exit: 2, http: 400 },
  invalid_output: { exit: 1, http: 422 },
  invalid_stage: { exit: 2, http: 422 },
  invalid_transition: { exit: 1, http: 409 },
  max_iterations: { exit: 1, http: 422 },
  max_steps_exceeded: { exit: 1, http: 422 },
  merge_conflict: { exit: 1, http: 409 },
  no_capable_agent: { exit: 1, http: 422 },
  no_result: { exit: 1, http: 404 },
  not_found: { exit: 1, http: 404 },
  permission_timeout: { exit: 1, http: 408 },
  queue_full: { exit: 1, http: 429 },
  quota_waiting: { exit: 3, http: 429 },
  stale_claim: { exit: 1, http: 409 },
  store_busy: { exit: 1, http: 503 },
  store_corrupt: { exit: 1, http: 500 },
  store_unwritable: { exit: 1, http: 500 },
  timeout: { exit: 3, http: 504 },
  turn_failed: { exit: 1, http: 502 },
  unknown_dependency: { exit: 2, http: 422 },
  unsupported: { exit: 2, http: 501 },
  verification_failed: { exit: 1, http: 422 },
  workspace_failed: { exit: 1, http: 500 },
}

/** JSON facts about an error: which thing, which values are allowed, the cause's kind. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** The data of an error, for rows, events and surfaces. */
export interface ErrorData {
  readonly code: ErrorCode
  readonly message: string
  readonly details?: ErrorDetails
}

/**
 * What every refused or broken call throws. The message says what failed, which thing, why, and a
 * safe next step; it is also read by agents, so it never suggests anything destructive.
 */
export class AtelierError extends Error {
  override readonly name = 'AtelierError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  /** The error as plain data. */
  toJSON(): ErrorData {
    return errorData(this.code, this.message, this.details)
  }
}

/** Builds the data of an error; empty details are left out. */
export function errorData(code: ErrorCode, message: string, details?: ErrorDetails): ErrorData {
  return details === undefined || Object.keys(details).length === 0
    ? { code, message }
    : { code, message, details }
}

/** Makes a throwable error of stored or refused error data. */
export function toError(data: ErrorData): AtelierError {
  return new AtelierError(
    data.code,
    data.message,
    data.details === undefined ? {} : { details: data.details },
  )
}

/** True if a value is an {@link AtelierError}, of the given code if one is named. */
export function isAtelierError(value: unknown, code?: ErrorCode): value is AtelierError {
  return value instanceof AtelierError && (code === undefined || value.code === code)
}

/** The text of any thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/**
 * Marks a switch as exhaustive: a new member of the union makes the call a type error.
 * @throws AtelierError `unsupported` if data from a newer version reaches it
 */
export function unreachable(value: never, what: string): never {
  throw new AtelierError(
    'unsupported',
    `${what} ${JSON.stringify(value)} is not known to this version of Atelier.`,
  )
}

/**
 * The known names most like a mistyped one, at most three: what an error about an unknown name suggests.
 * Likeness is the Levenshtein distance; a name further away than half its length is no suggestion.
 */
export function nearestNames(name: string, known: Iterable<string>): string[] {
  const furthest = (candidate: string): number =>
    Math.max(2, Math.floor(Math.max(name.length, candidate.length) / 2))
  return (
    [...known]
      // Names differ at least by their lengths: a whole prompt in place of a name is not compared with each.
      .filter((candidate) => Math.abs(name.length - candidate.length) <= furthest(candidate))
      .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate) }))
      .filter(({ candidate, distance }) => distance <= furthest(candidate))
      .toSorted((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
      .slice(0, 3)
      .map(({ candidate }) => candidate)
  )
}

/** Levenshtein distance, with one row of the matrix at a time. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
