/** What the log says about items and their attempts. Times are ms since the epoch. */
import type { Wanted } from '../agents/capability.ts'
import type { ErrorData } from '../errors.ts'
import type { StoredText } from '../json.ts'
import type { AttemptOutcome, ItemPart, ItemPhase, WaitingFor } from './item.ts'

export interface BoardEvents {
  /** It waits for its dependencies unless `item.readied` or `item.blocked` follows. */
  'item.posted': {
    readonly item: string
    readonly title: string
    readonly kind: string
    readonly priority: number
    readonly value: number
    readonly deadline: number | null
    readonly capability: Wanted | null
    readonly definition: StoredText
    readonly dependsOn: readonly string[]
    readonly unmet: number
    readonly estimateMs: number
    readonly path: number
    readonly touches: readonly string[]
    readonly change: string
    /** Absent where no run of a workflow has posted it. */
    readonly part?: ItemPart
  }
  'item.removed': { readonly item: string; readonly dependsOn: readonly string[] }
  /** More work was posted behind it. */
  'item.path_changed': { readonly item: string; readonly path: number }
  'item.readied': { readonly item: string }
  /** Nothing that it depends on has failed any more; some of it is not done yet. */
  'item.unblocked': { readonly item: string }
  'item.blocked': { readonly item: string; readonly causes: readonly string[] }
  /** It waits for something that passes: a retry, an answer, a budget, a quota. */
  'item.deferred': {
    readonly item: string
    readonly waiting: WaitingFor
    /** What its attempt brought, where only the merge is missing. */
    readonly result: StoredText | null
  }
  /** Its worker's own tries, so many, are used up: from now on the profiles named as its fallback try it, one after the other. */
  'item.fell_back': { readonly item: string; readonly tries: number }
  /** Its merge came back: the next attempt goes on with its work, unless somebody has to be asked first. */
  'item.merge_returned': { readonly item: string; readonly attempt: string; readonly error: ErrorData }
  /** Somebody asked for another try; its attempts count from 0 again. */
  'item.retried': { readonly item: string }

  'item.claimed': {
    readonly item: string
    readonly attempt: string
    readonly number: number
    readonly owner: string
    /** Null for a person or program that works outside of every host. */
    readonly host: string | null
    readonly slot: number | null
    readonly tree: string | null
  }
  'item.started': { readonly item: string; readonly attempt: string }
  'item.phase_changed': { readonly item: string; readonly attempt: string; readonly phase: ItemPhase }
  'item.progressed': {
    readonly item: string
    readonly attempt: string
    readonly percent: number
    readonly step: string
  }
  /** The attempt changed what its verify commands run: whoever reviews it should look. */
  'item.flagged': { readonly item: string; readonly attempt: string; readonly flags: readonly string[] }
  /** Whoever claimed the item from outside says that it is finished: the engine verifies and merges it. */
  'attempt.submitted': {
    readonly attempt: string
    readonly item: string
    readonly head: string | null
    readonly result: StoredText | null
  }
  /** A host verifies what was submitted; null where that host is gone. */
  'attempt.verifying': { readonly attempt: string; readonly item: string; readonly host: string | null }
  /** What was submitted does not hold; the claim stays with who made it. */
  'attempt.refused': { readonly attempt: string; readonly item: string; readonly error: ErrorData }
  /** Precedes what becomes of the item. */
  'attempt.ended': {
    readonly attempt: string
    readonly item: string
    readonly outcome: AttemptOutcome
    readonly error: ErrorData | null
  }

  /** `released`: items that depend on it and count one dependency less. */
  'item.done': {
    readonly item: string
    readonly attempt: string
    readonly result: StoredText | null
    readonly verified: boolean
    readonly commit: string | null
    readonly released: readonly string[]
  }
  'item.failed': { readonly item: string; readonly error: ErrorData }
  'item.cancelled': { readonly item: string; readonly reason: string }
  'item.skipped': { readonly item: string; readonly reason: string; readonly released: readonly string[] }
}
