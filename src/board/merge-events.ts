/** What the log says about changes and merges. */
import type { ErrorData } from '../errors.ts'
import type { Advance, Closing } from './change.ts'
import type { MergeMode } from './definition.ts'
import type { HoldReason, ReturnReason } from './merge.ts'

export interface MergeEvents {
  'change.advanced': Advance
  /** Its work came to the target within that of another one, or is not wanted any more. */
  'change.closed': Closing

  'merge.requested': {
    readonly merge: string
    readonly item: string
    readonly attempt: string
    readonly change: string
    readonly target: string
    readonly mode: MergeMode
    readonly head: string
    readonly title: string
    readonly verified: boolean
  }
  /** The integrator of this host has them, and with them the target. */
  'merge.taken': { readonly merges: readonly string[]; readonly target: string; readonly host: string }
  /** An intent of a host that is gone goes on here. */
  'merge.adopted': { readonly merges: readonly string[]; readonly target: string; readonly host: string }
  /** What is about to happen to a ref; it has happened, or not, whatever else is lost. */
  'merge.intended': {
    readonly merges: readonly { readonly merge: string; readonly commit: string }[]
    readonly target: string
    readonly ref: string
    readonly old: string | null
    readonly new: string
  }
  /** `target`: the branch that has it, which for `pr-branch` is a branch of its own. */
  'merge.completed': {
    readonly merge: string
    readonly item: string
    readonly attempt: string
    readonly change: string
    readonly target: string
    readonly commit: string
  }
  'merge.rejected': { readonly merge: string; readonly item: string; readonly error: ErrorData }
  'merge.held': {
    readonly merge: string
    readonly item: string
    readonly reason: HoldReason
    /** The branch on which it waits; null where it waits on none. */
    readonly ref: string | null
    /** Where the target was, if that is what has to change. */
    readonly tip: string | null
    readonly message: string
  }
  'merge.returned': { readonly merge: string; readonly item: string; readonly reason: ReturnReason }
}
