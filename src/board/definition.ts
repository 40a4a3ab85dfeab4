/** What is posted: the part of an item that never changes. */
import type { Json } from '../json.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { ReworkPolicy } from './rework.ts'

/** How the work of an item comes to the target. */
export type MergeMode = 'auto' | 'pr-branch' | 'manual'

/** A command that the engine runs to see whether the work holds. */
export interface VerifyCommand {
  /** A line for the shell. */
  readonly run: string
  readonly timeoutMs: number
}

/** Everything that was posted and does not change, resolved once. */
export interface ItemDefinition {
  readonly spec: string | null
  /** JSON for the agent; feedback of a review comes here. */
  readonly input: Json
  readonly verify: readonly VerifyCommand[]
  readonly retry: RetryPolicy
  /** What becomes of work that does not come to its target. */
  readonly rework: ReworkPolicy
  /** Profiles that try it, in order, when all tries with the worker's own have failed. */
  readonly fallback: readonly string[]
  /** Wall clock of one attempt, ms; null is the worker's own. */
  readonly timeoutMs: number | null
  /** Limit of what all its attempts may cost, USD. */
  readonly maxCostUsd: number | null
  /** The agent or profile that is preferred. */
  readonly agent: string | null
  /** `write` changes files; what an attempt with `read` writes is discarded. */
  readonly access: 'write' | 'read'
  readonly merge: MergeMode
  /** The user's own facts. */
  readonly metadata: Json
}

/** Work below an item of unknown size counts as this, ms. */
export const DEFAULT_ESTIMATE_MS: number = 5 * 60_000
/** Longest time that one verify command may take where none is named, ms. */
export const DEFAULT_VERIFY_TIMEOUT_MS: number = 10 * 60_000
