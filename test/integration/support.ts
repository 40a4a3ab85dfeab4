/** Changes that wait to be merged into a project's `main`, without any database. */
import { onTestFinished } from 'vitest'

import type { PendingMerge } from '../../src/integration/candidates.ts'
import { WorkspaceBench } from '../../src/testing/workspace-bench.ts'
import { worktreeWorkspaces } from '../../src/workspaces/worktree.ts'

export function project(): WorkspaceBench {
  const made = new WorkspaceBench({ open: (where) => worktreeWorkspaces(where) })
  onTestFinished(() => made.close())
  return made
}

/** A result that stands on a commit and writes some files. */
export function pending(
  shop: WorkspaceBench,
  item: string,
  files: Readonly<Record<string, string>>,
  parent = 'main',
): PendingMerge {
  return { item, attempt: `att_${item}`, title: `Do ${item}`, head: shop.commitOn(parent, files) }
}
