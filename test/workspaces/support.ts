/** A project with worktrees for one test, gone after it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { onTestFinished } from 'vitest'

import { isAtelierError, type AtelierError } from '../../src/errors.ts'
import { WorkspaceBench } from '../../src/testing/workspace-bench.ts'
import { worktreeWorkspaces, type WorktreeOptions } from '../../src/workspaces/worktree.ts'

/** A bench whose end checks that no worktree is left. */
export function bench(options: Partial<WorktreeOptions> = {}): WorkspaceBench {
  const made = new WorkspaceBench({ open: (project) => worktreeWorkspaces({ ...project, ...options }) })
  onTestFinished(async () => {
    if (existsSync(made.dir)) await made.close()
  })
  return made
}

/** The error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<AtelierError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (isAtelierError(error)) return error
  throw new Error('It was accepted, or failed in another way.', { cause: error })
}

/** Names of the branches of attempts. */
export function attemptBranches(one: WorkspaceBench): string[] {
  return one
    .git('for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/')
    .split('\n')
    .filter((name) => name.startsWith('atelier'))
}

/** Makes a file that git runs as a hook. */
export function hook(one: WorkspaceBench, name: string, script: string): void {
  const path = join(one.dir, '.git', 'hooks', name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
}
