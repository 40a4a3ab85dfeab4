/**
 * The workspace seam: where an attempt works. An adapter makes the place, says what lies there, and takes it away
 * again; which attempt runs and what becomes of its work is decided elsewhere.
 */
import type { ChangedFile } from './git/differences.ts'

export type { ChangedFile }

/** What an adapter can do. What it cannot is refused as `unsupported`, never ignored. */
export interface WorkspaceCapabilities {
  /** Attempts that run at the same time do not see each other's files. */
  readonly isolated: boolean
  /** `read`: a checkout that is thrown away with whatever was written into it. */
  readonly access: readonly WorkspaceAccess[]
  /** `commit` works. */
  readonly commits: boolean
  /** What an ended process left is found by `list` and taken up by `adopt`, in any process on this machine. */
  readonly survivesCrash: boolean
}

export type WorkspaceAccess = 'write' | 'read'

/** A commit that an attempt builds on. */
export interface BaseCommit {
  readonly commit: string
  /** The item whose work it is, for messages. */
  readonly item?: string
}

/** One attempt that needs a place. */
export interface WorkspaceRequest {
  /** Unique, and never used again: a name of letters, digits, `_`, `-` and `.`. */
  readonly attempt: string
  readonly item: { readonly id: string; readonly title: string }
  /** The line of work that the attempt goes on with. */
  readonly change: string
  /**
   * What the attempt starts from: the head of its change, or the tip of its target; further heads are merged into
   * that. Empty: what is checked out in the project.
   */
  readonly base: readonly BaseCommit[]
  readonly access: WorkspaceAccess
  /**
   * Attempts that were suspended, newest first: the place begins with what the first of them left that left something, as it
   * lay there, if that stands on `upon`. Where a place is shared, it lies there anyway.
   */
  readonly continues?: { readonly attempts: readonly string[]; readonly upon: string | null }
  /** A number from 0 that no other running attempt on this machine has; ports follow from it. */
  readonly slot: number
  /** The host that works, so that processes of set-up commands are found when it is gone. */
  readonly host?: string
  readonly signal?: AbortSignal
}

/** A place that an attempt has. Plain data: it can be stored, and used by another process. */
export interface Workspace {
  readonly attempt: string
  readonly item: string
  readonly change: string
  readonly access: WorkspaceAccess
  /** Where to work: the project's folder in the checkout. */
  readonly cwd: string
  /** The top of the checkout, above or equal to `cwd`. */
  readonly root: string
  /** Variables for everything that runs there. */
  readonly env: Readonly<Record<string, string>>
  /** The attempt's branch; null where it has none. */
  readonly branch: string | null
  /** The commit that it started from; null outside of a repository and before the first commit. */
  readonly base: string | null
  /** The hash of the content that it started from; null outside of a repository. */
  readonly tree: string | null
  /** What a person should know, such as a file that could not be copied. */
  readonly warnings: readonly string[]
}

/** What lies in a workspace now, compared with what it started from. */
export interface WorkspaceState {
  readonly head: string | null
  /** The hash of the content as it lies there, committed or not, without ignored files. */
  readonly tree: string | null
  /** The branch that is checked out; null where HEAD is detached. */
  readonly branch: string | null
  /** Commits since the base, newest first. */
  readonly commits: readonly { readonly hash: string; readonly subject: string }[]
  /** Files whose content differs from the base. */
  readonly files: readonly ChangedFile[]
  /** Files that are not committed. */
  readonly uncommitted: readonly string[]
  /** False where the agent took commits away that it started from, for example by a reset. */
  readonly extendsBase: boolean
  /** What git has begun there and not finished, such as `merge` or `rebase`. */
  readonly unfinished: string | null
  /** Files that are still in conflict. */
  readonly conflicts: readonly string[]
}

export interface CommitRequest {
  /** The first line of the message; trailers name the item and the attempt. */
  readonly subject: string
  /** How long the repository's hooks may take; default 5 minutes. */
  readonly timeoutMs?: number
  readonly host?: string
  readonly signal?: AbortSignal
}

/** What became of a workspace. */
export interface Released {
  /** False where it was kept, as asked or because removing it would lose something. */
  readonly removed: boolean
  /** Refs that hold work which no branch holds. */
  readonly saved: readonly { readonly ref: string; readonly commit: string }[]
  /** Why it was kept although it should go, and what a person should know. */
  readonly warnings: readonly string[]
}

/** A workspace that is there, whether or not anybody still works in it. */
export interface FoundWorkspace {
  readonly attempt: string
  readonly path: string
  readonly branch: string | null
  /** Null where a crash came before it was written down. */
  readonly access: WorkspaceAccess | null
  /** `gone`: its folder was deleted, its branch was not. `partial`: a crash came while it was made. */
  readonly state: 'whole' | 'partial' | 'gone'
}

export interface WorkspaceAdapter {
  readonly id: string
  capabilities(): WorkspaceCapabilities
  /**
   * Makes a place. If that fails, nothing of it is left.
   * @throws AtelierError `merge_conflict` naming the head and files, `already_exists` if the attempt has a place,
   * `not_found` without repository or commit, `unsupported`, `workspace_failed` (set-up), `disk_full`, `cancelled`
   */
  acquire(request: WorkspaceRequest): Promise<Workspace>
  /** The place that an attempt has from before, as `acquire` would give it; undefined if it is not whole. */
  adopt(request: WorkspaceRequest): Promise<Workspace | undefined>
  /**
   * Looks, and changes nothing.
   * @throws AtelierError `not_found` if the place is gone
   */
  inspect(workspace: Workspace): Promise<WorkspaceState>
  /** The difference to the base as a patch, cut at `maxBytes` (default 1 MiB). */
  diff(workspace: Workspace, options?: { readonly maxBytes?: number }): Promise<string>
  /**
   * Commits what is not committed, on the attempt's branch; the repository's hooks run.
   * @throws AtelierError `workspace_failed` (a hook refused: its output is in `details`, the work on a ref),
   * `merge_conflict`, `timeout`, `unsupported`
   */
  commit(
    workspace: Workspace,
    request: CommitRequest,
  ): Promise<{ readonly head: string; readonly tree: string }>
  /**
   * Gives a place up. Before it is removed, what no branch or ref holds is saved; what a reader wrote is not.
   * Naming a place that is not there is no error.
   */
  release(workspace: { readonly attempt: string }, options: ReleaseOptions): Promise<Released>
  /** Every place that is there. */
  list(): Promise<readonly FoundWorkspace[]>
}

export interface ReleaseOptions {
  /** `keep`: files and branch stay for a person or the next attempt. */
  readonly files: 'keep' | 'remove'
  readonly host?: string
  readonly signal?: AbortSignal
}
