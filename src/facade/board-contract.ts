/** The members of a workshop that are about its board. */
import type { WorkInput } from '../board/definition-schema.ts'
import type { BoardFilter, BoardView, ItemLine, ItemView, SettledBoard } from '../workers/view-types.ts'
import type { Duration } from '../time/duration.ts'
import type { WaitOptions } from './contract.ts'

/** One item of a batch. */
export type WorkItem = WorkInput

/** What an item may have beside its id and title. */
export type WorkOptions = Omit<WorkInput, 'id' | 'title'> & PostOptions

export interface PostOptions {
  /** Takes the place of an item of the same id that nobody has claimed. */
  readonly replace?: boolean | undefined
}

/** An item as its posting left it: `new` waits for others, `blocked` for one that has failed. */
export interface PostedItem {
  readonly id: string
  readonly status: 'new' | 'ready' | 'blocked'
}

/**
 * Work on its way to the board, accepted in the order of the calls, awaited or not. Awaiting it gives what was posted, or
 * throws why nothing was; it is never an unhandled rejection.
 */
export interface PendingWork<Posted> extends PromiseLike<Posted> {
  readonly ids: readonly string[]
  /** Resolves when it is durable. */
  readonly stored: Promise<void>
}

/** Who acts on an item that was claimed. */
export interface ActOptions {
  /** The agent for which it was claimed; default: whoever calls. */
  readonly as?: string | undefined
}

/** How somebody hands over what they have finished. */
export interface CompleteOptions extends ActOptions, WaitOptions {
  /** The branch that holds the work; default is what the project folder has checked out. */
  readonly branch?: string | undefined
  /** The commit that holds it. */
  readonly commit?: string | undefined
  /** Resolves when it is verified and merged, and throws what did not hold. */
  readonly wait?: boolean | undefined
}

/** The claim of a person or program. */
export interface ClaimView {
  readonly item: string
  readonly owner: string
  /** The item is given back after this time, ms since the epoch, unless the claim is extended. */
  readonly expiresAt: number
}

/** What only reads the board. */
export interface BoardViews {
  /** The items, the most urgent first, with a count for each status. */
  board(filter?: BoardFilter): Promise<BoardView>
  /** Everything about one item, also why it does not run. */
  item(id: string): Promise<ItemView>
  /** What can be claimed now, in the order in which workers take it. */
  ready(type?: string): Promise<readonly ItemLine[]>
  /**
   * Resolves when nothing on the board goes on by itself: no item is ready or runs, and none waits for a time. Says what
   * has failed, and what still waits and why. It runs nothing itself.
   */
  boardSettled(options?: WaitOptions): Promise<SettledBoard>
}

/** What changes the board. Each resolves to the item as it is then. */
export interface BoardMembers extends BoardViews {
  /** Posts an item. `title` says in a line what is to be done, `spec` says it in full. */
  work(id: string, title: string, options?: WorkOptions): PendingWork<PostedItem>
  /** Posts several items: all of them, or none. */
  work(items: readonly WorkItem[], options?: PostOptions): PendingWork<readonly PostedItem[]>
  /** Posts an item whose spec is the last answer of an agent; `no_result` before the first. */
  workFromResult(
    agent: string,
    id: string,
    options?: Omit<WorkOptions, 'spec'> & { readonly title?: string | undefined },
  ): Promise<PostedItem>
  /**
   * Claims a ready item for whoever calls, or for an agent, for half an hour. Exactly one claim of several succeeds; the
   * others get `invalid_transition`.
   */
  claim(id: string, agent?: string): Promise<ClaimView>
  /** Says that work on a claimed item has begun. */
  start(id: string, options?: ActOptions): Promise<ItemLine>
  /**
   * Says that a claimed item is finished. Where it has commands to verify, or a branch or commit is named, a host verifies
   * and merges that first: the item is `in_progress` meanwhile, and what does not hold comes back to whoever claimed it.
   */
  complete(id: string, result?: string, options?: CompleteOptions): Promise<ItemLine>
  /** Says that a claimed item has failed: it is not tried again by itself, and what depends on it is blocked. */
  fail(id: string, error?: string, options?: ActOptions): Promise<ItemLine>
  /** Gives a claimed item back, for others to take. */
  release(id: string, options?: ActOptions): Promise<ItemLine>
  /** Lets a claim end only after this long from now. */
  extend(id: string, duration: Duration, options?: ActOptions): Promise<ClaimView>
  /** Cancels an item that is not done, also while it runs; what depends on it is blocked. */
  cancel(id: string, reason?: string): Promise<ItemLine>
  /**
   * Gives a failed or cancelled item another try, and frees what it blocked. One that a run has posted is
   * `invalid_transition`: `retryStage` does its stage again.
   */
  retry(id: string): Promise<ItemLine>
  /** Lets what depends on an item go on without it. */
  skip(id: string, reason?: string): Promise<ItemLine>
  /** Takes an item off the board that neither runs nor is needed by others. The log keeps it. */
  removeItem(id: string): Promise<void>
  /** Takes everything off the board but what runs, and what that rests on; gives the ids. */
  clearBoard(): Promise<readonly string[]>
}
