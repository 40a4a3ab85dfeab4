/**
 * Reads a `result` line. Its subtype is `success` also where the provider refused the call; what counts is
 * `is_error`, then `terminal_reason`, `api_error` and `api_error_status`.
 */
import type { FailureKind, TurnFailure } from '../../agents/failures.ts'
import type { Json } from '../../json.ts'
import type { Redactor } from '../../processes/redact.ts'
import { numberOf, textOf, type Fields } from './line.ts'

/** One result; a turn may have several, when subagents or commands in the background end. */
export interface ClaudeResult {
  readonly text: string
  readonly structured?: Json
  readonly failure?: TurnFailure
  /** It was interrupted, by us or by a signal. */
  readonly isInterrupted: boolean
}

/** What lines before a result said of an error. */
export interface ErrorHints {
  /** Of the last message about an error: `authentication_failed`, `billing_error` … */
  readonly error?: string | undefined
  /** When a limit that was reached is lifted. */
  readonly resetsAt?: number | undefined
}

/** Reads a result. */
export function readResult(line: Fields, hints: ErrorHints, redact: Redactor): ClaudeResult {
  const isError = line['is_error'] === true
  const text = redact(textOf(line['result']) ?? '')
  const structured = line['structured_output']
  const reason = textOf(line['terminal_reason']) ?? ''
  return {
    text: isError ? '' : text,
    isInterrupted: reason.startsWith('aborted_'),
    ...(structured !== undefined && structured !== null && { structured }),
    ...(isError && { failure: failureOf(line, hints, redact) }),
  }
}

function failureOf(line: Fields, hints: ErrorHints, redact: Redactor): TurnFailure {
  const kind = kindOf(line, hints)
  const status = numberOf(line['api_error_status'])
  const { resetsAt } = hints
  return {
    kind,
    message: `Claude Code: ${redact(messageOf(line))}`,
    ...(status !== undefined && { status }),
    ...(kind === 'usage_limit' && resetsAt !== undefined && { resetsAt }),
  }
}

function messageOf(line: Fields): string {
  const { errors } = line
  const told = textOf(line['result']) || (Array.isArray(errors) ? errors.join('; ') : '')
  return (
    told ||
    `it ended with ${textOf(line['subtype']) ?? 'an error'} (${textOf(line['terminal_reason']) ?? 'no reason given'}).`
  )
}

function kindOf(line: Fields, { error }: ErrorHints): FailureKind {
  return (
    ofSubtype(textOf(line['subtype']), messageOf(line)) ??
    ofTerminalReason(textOf(line['terminal_reason'])) ??
    ofApiError(textOf(line['api_error']), messageOf(line)) ??
    (line['stop_reason'] === 'refusal' ? 'refused' : undefined) ??
    ofMessage(error) ??
    ofStatus(numberOf(line['api_error_status'])) ??
    'unknown'
  )
}

function ofSubtype(subtype: string | undefined, message: string): FailureKind | undefined {
  switch (subtype) {
    case 'error_max_turns':
      return 'turn_limit'
    case 'error_max_budget_usd':
      return 'budget_exceeded'
    case 'error_max_structured_output_retries':
      return 'schema'
    case 'error_during_execution':
      // The session is gone: the next turn needs another one.
      return message.includes('No conversation found') ? 'protocol' : undefined
    default:
      return undefined
  }
}

function ofTerminalReason(reason: string | undefined): FailureKind | undefined {
  switch (reason) {
    case 'prompt_too_long':
    // Images and attachments have made the conversation too large: what is in it stays in it.
    case 'image_error':
      return 'context_overflow'
    case 'max_turns':
      return 'turn_limit'
    case 'budget_exhausted':
      return 'budget_exceeded'
    // Somebody else ended it: what this turn's own host stops has its reason already.
    case 'aborted_tools':
    case 'aborted_streaming':
      return 'process_exit'
    default:
      return undefined
  }
}

function ofApiError(error: string | undefined, message: string): FailureKind | undefined {
  switch (error) {
    case 'usage_limit_reached':
      return 'usage_limit'
    case 'connection_failed':
      return 'network'
    case 'max_output_tokens':
      return message.includes('context window') ? 'context_overflow' : 'invalid_request'
    default:
      return undefined
  }
}

/** The word in the message that Claude Code makes of an error. Its `server_error` and `unknown` say less than the status. */
function ofMessage(error: string | undefined): FailureKind | undefined {
  switch (error) {
    case 'authentication_failed':
    case 'oauth_org_not_allowed':
      return 'auth'
    case 'billing_error':
      return 'usage_limit'
    case 'rate_limit':
      return 'rate_limit'
    case 'overloaded':
      return 'overloaded'
    case 'model_not_found':
      return 'model_not_found'
    case 'invalid_request':
      return 'invalid_request'
    default:
      return undefined
  }
}

/** The kind that an HTTP status of the provider stands for. */
function ofStatus(status: number | undefined): FailureKind | undefined {
  if (status === undefined) return undefined
  if (status === 401 || status === 403) return 'auth'
  if (status === 404) return 'model_not_found'
  if (status === 408 || status === 504) return 'network'
  if (status === 413) return 'context_overflow'
  if (status === 429) return 'rate_limit'
  if (status >= 500) return 'overloaded'
  return status >= 400 ? 'invalid_request' : undefined
}
