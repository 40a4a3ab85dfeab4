/** What can go wrong in a turn, and what follows from each kind. */
import type { ErrorCode } from '../errors.ts'

export interface FailureTraits {
  /** The same prompt may succeed later without anybody changing anything. */
  readonly retryable: boolean
  /** The backend's session is still good for the next turn. */
  readonly keepsSession: boolean
  /** What a circuit breaker should stop: nothing, this agent, or every agent of the account. */
  readonly breaks: 'nothing' | 'agent' | 'account'
  /** The code under which the failure reaches a caller. */
  readonly code: ErrorCode
  /** What a person can do. */
  readonly advice: string
}

/** Every kind of failure of a turn. */
export type FailureKind =
  | 'auth'
  | 'rate_limit'
  | 'usage_limit'
  | 'overloaded'
  | 'network'
  | 'model_not_found'
  | 'context_overflow'
  | 'invalid_request'
  | 'refused'
  | 'schema'
  | 'spawn'
  | 'missing_executable'
  | 'version_unsupported'
  | 'protocol'
  | 'process_exit'
  | 'empty_output'
  | 'timeout'
  | 'idle'
  | 'turn_limit'
  | 'budget_exceeded'
  | 'permission_timeout'
  | 'cancelled'
  | 'host_lost'
  | 'merge_conflict'
  | 'gate_rejected'
  | 'verification_failed'
  | 'unknown'

/** What follows from each kind: the columns are the ones that decisions rest on. */
export const FAILURES: Readonly<Record<FailureKind, FailureTraits>> = {
  auth: traits(
    false,
    true,
    'account',
    'turn_failed',
    'Log the agent in, or set its API key, then ask again.',
  ),
  rate_limit: traits(
    true,
    true,
    'account',
    'turn_failed',
    'Wait a little and ask again, or lower the concurrency.',
  ),
  usage_limit: traits(
    true,
    true,
    'account',
    'turn_failed',
    'Wait until the quota is reset, or use another account.',
  ),
  overloaded: traits(true, true, 'account', 'turn_failed', 'The provider is overloaded; ask again later.'),
  network: traits(true, true, 'account', 'turn_failed', 'Check the connection, then ask again.'),
  model_not_found: traits(false, true, 'agent', 'turn_failed', 'Name a model that the backend offers.'),
  context_overflow: traits(
    false,
    false,
    'nothing',
    'turn_failed',
    'Reset the agent, or ask for less at a time.',
  ),
  invalid_request: traits(
    false,
    true,
    'nothing',
    'turn_failed',
    'Correct the prompt or the options of the agent.',
  ),
  refused: traits(false, true, 'nothing', 'turn_failed', 'The model refused; put the request differently.'),
  schema: traits(true, true, 'nothing', 'turn_failed', 'The answer did not fit the schema; ask again.'),
  spawn: traits(true, true, 'agent', 'turn_failed', 'The process could not be started; see the reason.'),
  missing_executable: traits(
    false,
    true,
    'agent',
    'turn_failed',
    'Install the executable, or correct its path.',
  ),
  version_unsupported: traits(false, true, 'agent', 'turn_failed', 'Update the agent’s executable.'),
  protocol: traits(
    false,
    false,
    'agent',
    'turn_failed',
    'The agent’s output was not what its backend reads; see the reason.',
  ),
  process_exit: traits(
    true,
    true,
    'agent',
    'turn_failed',
    'The process ended with an error; see the reason.',
  ),
  empty_output: traits(true, true, 'nothing', 'turn_failed', 'The agent ended without an answer; ask again.'),
  timeout: traits(
    true,
    true,
    'nothing',
    'timeout',
    'Give the agent a longer timeout, or ask for less at a time.',
  ),
  idle: traits(true, true, 'nothing', 'timeout', 'The agent gave no sign of life; ask again.'),
  turn_limit: traits(false, true, 'nothing', 'turn_failed', 'Raise maxTurns, or ask for less at a time.'),
  budget_exceeded: traits(false, true, 'nothing', 'budget_exceeded', 'Raise the budget, then ask again.'),
  permission_timeout: traits(
    false,
    true,
    'nothing',
    'permission_timeout',
    'Answer permission requests in time, or allow the tool.',
  ),
  cancelled: traits(
    false,
    true,
    'nothing',
    'cancelled',
    'It was cancelled; ask again if it is still wanted.',
  ),
  host_lost: traits(true, false, 'nothing', 'host_failed', 'Look at the log of the host, then ask again.'),
  merge_conflict: traits(false, true, 'nothing', 'merge_conflict', 'Resolve the conflict, then go on.'),
  gate_rejected: traits(false, true, 'nothing', 'gate_rejected', 'Address the findings of the gate.'),
  verification_failed: traits(
    false,
    true,
    'nothing',
    'verification_failed',
    'Make the verification commands pass.',
  ),
  unknown: traits(false, true, 'agent', 'turn_failed', 'See the reason and the transcript.'),
}

/** One failure of one turn, as backends report it and as rows keep it. */
export interface TurnFailure {
  readonly kind: FailureKind
  readonly message: string
  /** HTTP status of the provider, if there was one. */
  readonly status?: number
  /** When a limit is lifted, ms since the epoch. */
  readonly resetsAt?: number
}

function traits(
  retryable: boolean,
  keepsSession: boolean,
  breaks: FailureTraits['breaks'],
  code: ErrorCode,
  advice: string,
): FailureTraits {
  return { retryable, keepsSession, breaks, code, advice }
}
