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
  /** What becomes of work that does not come to its target; null: it has failed, as nobody could change it. */
  readonly rework: ReworkPolicy | null
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
  /** What an item of a workflow's run has beside; absent in others. */
  readonly work?: StageWork
}

/** Who or what does the work of an item of a run. */
export type Doer =
  /** One turn of an agent. */
  | { readonly by: 'agent'; readonly agent: string | null; readonly profile: string | null }
  /** A command for the shell. */
  | { readonly by: 'run'; readonly command: string; readonly output: 'text' | 'json' }
  /** A registered function. */
  | { readonly by: 'fn'; readonly fn: string }
  | { readonly by: 'noop' }
  /** Brings the run's change to the target. */
  | { readonly by: 'merge' }
  /** Brings changes of parallel writers together. */
  | { readonly by: 'join' }

/** How an item of a run is worked on, where that is not said for items in general. */
export interface StageWork {
  readonly doer: Doer
  /** In a worktree on its change, whatever its worker does with other items; else in the project folder. */
  readonly worktree: boolean
  /** It is done when its change has its work; the run merges once, at its end. */
  readonly integrate: 'end' | 'each'
  /** The answer must be JSON that fits this JSON Schema. */
  readonly output: Json
  /** `continue`: in the conversation that its agent has had. */
  readonly session: 'continue' | 'fresh'
}

/** Worth of an item of which nothing is said, against others of its priority. */
export const DEFAULT_VALUE = 1
/** Work below an item of unknown size counts as this, ms. */
export const DEFAULT_ESTIMATE_MS: number = 5 * 60_000
/** Longest time that one verify command may take where none is named, ms. */
export const DEFAULT_VERIFY_TIMEOUT_MS: number = 10 * 60_000
