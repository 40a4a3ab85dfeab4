/** What the workers of a host work with. */
import type { ItemDefinition } from '../board/definition.ts'
import type { ItemRow, WaitingFor } from '../board/item.ts'
import type { HoldReason } from '../board/merge.ts'
import type { ItemPromptInput } from '../board/prompt.ts'
import type { ErrorData } from '../errors.ts'
import type { AttemptPlace, TeamContext } from '../team/context.ts'
import type { Settlements } from '../team/waiting.ts'
import type { WorkspaceAdapter } from '../workspace.ts'
import type { Attempt } from './attempt.ts'
import type { CanHandleOf } from './eligible.ts'

export interface WorkerContext {
  readonly team: TeamContext
  readonly host: string
  /** The project folder. */
  readonly dir: string
  /** Holds worktrees and logs. */
  readonly stateDir: string
  /** Places of running attempts, from which the host starts their turns. */
  readonly attempts: Map<string, AttemptPlace>
  readonly settlements: Settlements
  /** Lets this host start what an agent was just sent, without waiting for the event of the message. */
  readonly startSoon: (agent: string) => void
  /** Resolves when no turn of a message runs in this host: nothing of it writes any more. */
  readonly turnEnded: (message: string) => Promise<void>
  /** Attempts that wait longer are suspended, ms. */
  readonly parkAfterMs: () => number
  /** Worktrees of the project; loaded when the first is needed. */
  worktrees(): Promise<WorkspaceAdapter>
  /**
   * Makes the agent of a profile that stands in for a worker's own.
   * @throws AtelierError `not_found` for a profile that there is not
   */
  readonly standIn: (agent: string, profile: string) => Promise<void>
  /** How agents answer for themselves what they can do, as far as this process was given functions for it. */
  readonly canHandleOf: CanHandleOf
  /** What an item of a run is told, read by reference when its attempt begins. */
  readonly inputsOf: (item: ItemRow, definition: ItemDefinition, signal: AbortSignal) => Promise<StageInputs>
  /** Does an item that no agent does: a command, a function, a merge. Its text is the result. */
  readonly perform: (attempt: Attempt) => Promise<{ readonly text: string } | AttemptEnd>
  readonly onError: (error: unknown) => void
}

/** What an item of a run is told beside what it was posted with. */
export type StageInputs = Pick<
  ItemPromptInput,
  'title' | 'spec' | 'input' | 'results' | 'files' | 'guidance' | 'previous' | 'feedback'
>

/** How one attempt ended, told apart in one place: everything else leads to one of these. */
export type AttemptEnd =
  | {
      readonly kind: 'done'
      readonly result: string
      readonly verified: boolean
      readonly commit: string | null
    }
  | { readonly kind: 'failed'; readonly error: ErrorData }
  /** Its work does not come to the target: that is a round of its own count. */
  | { readonly kind: 'returned'; readonly error: ErrorData }
  /** The merge waits for somebody; the item is settled when it goes on. */
  | { readonly kind: 'held'; readonly reason: HoldReason; readonly result: string }
  /** It waits longer than it keeps its process, and goes on later where it stopped. */
  | { readonly kind: 'suspended'; readonly waiting: WaitingFor }
  /** Given back without a try being used up. */
  | { readonly kind: 'released' }
  /** The item is no longer this attempt's: cancelled, or taken over. */
  | { readonly kind: 'gone' }
