/** The worktrees of attempts: which are in use, and taking away what a crash left. */
import { isAtelierError } from '../errors.ts'
import type { AttemptRow } from '../board/item.ts'
import type { TeamContext } from '../team/context.ts'
import type { FoundWorkspace, WorkspaceAdapter } from '../workspace.ts'

/** A worktree that lies below the state folder. */
export interface WorktreeView {
  readonly attempt: string
  readonly item: string | null
  readonly path: string
  readonly branch: string | null
  /** `in_use`: its attempt runs. `kept`: for whoever looks at a failed attempt. `left`: its attempt is over, or nobody knows it. */
  readonly use: 'in_use' | 'kept' | 'left'
  /** `gone`: its folder was deleted. `partial`: a crash came while it was made. */
  readonly state: FoundWorkspace['state']
}

/** What became of one worktree when those that nobody uses were taken away. */
export interface PrunedWorktree extends WorktreeView {
  /** False for a dry run, and where removing it would lose something. */
  readonly removed: boolean
  /** Refs that hold what was not committed. */
  readonly saved: readonly string[]
  readonly warnings: readonly string[]
}

export interface WorktreeParts {
  readonly team: TeamContext
  readonly worktrees: () => Promise<WorkspaceAdapter>
}

/** All worktrees, in order of their attempts; none where the project is no repository. */
export async function listWorktrees({ team, worktrees }: WorktreeParts): Promise<readonly WorktreeView[]> {
  const found = await foundIn(await worktrees())
  const attempts = await team.store.read(async (reader) => {
    const rows = new Map<string, AttemptRow>()
    for (const { attempt } of found) {
      const row = await reader.get('attempt', attempt)
      if (row !== undefined) rows.set(attempt, row)
    }
    return rows
  })
  return found
    .map(({ attempt, path, branch, state }): WorktreeView => {
      const row = attempts.get(attempt)
      return { attempt, item: row?.item ?? null, path, branch, use: useOf(attempt, row), state }
    })
    .toSorted((a, b) => (a.attempt < b.attempt ? -1 : 1))
}

async function foundIn(adapter: WorkspaceAdapter): Promise<readonly FoundWorkspace[]> {
  try {
    return await adapter.list()
  } catch (error) {
    if (isAtelierError(error, 'not_found')) return []
    throw error
  }
}

function useOf(attempt: string, row: AttemptRow | undefined): WorktreeView['use'] {
  if (row?.state === 'running') return 'in_use'
  // The integrator's own: it takes them away itself.
  if (row === undefined && attempt.startsWith('merge-')) return 'in_use'
  return row?.state === 'failed' || row?.state === 'returned' ? 'kept' : 'left'
}

/**
 * Takes away the worktrees that no attempt uses. What is not committed there is saved to a ref first; one whose work
 * cannot be saved stays.
 */
export async function pruneWorktrees(
  parts: WorktreeParts,
  { dryRun }: { readonly dryRun: boolean },
): Promise<readonly PrunedWorktree[]> {
  const adapter = await parts.worktrees()
  const pruned: PrunedWorktree[] = []
  for (const view of await listWorktrees(parts)) {
    if (view.use === 'in_use') continue
    if (dryRun) {
      pruned.push({ ...view, removed: false, saved: [], warnings: [] })
      continue
    }
    const { removed, saved, warnings } = await adapter.release({ attempt: view.attempt }, { files: 'remove' })
    pruned.push({ ...view, removed, saved: saved.map(({ ref }) => ref), warnings })
  }
  return pruned
}
