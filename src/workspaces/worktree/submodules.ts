/** Submodules: git makes no worktree of them, so a checkout has empty folders in their place. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { AtelierError } from '../../errors.ts'

const NAMED = 3

/**
 * Refuses a project with submodules, unless a set-up command may get them: an agent would work on half of the project, and
 * what verifies it would be red for a reason that is nobody's work.
 * @throws AtelierError `unsupported`
 */
export async function refuseSubmodules(root: string, setUp: readonly unknown[]): Promise<void> {
  if (setUp.length > 0) return
  const paths = pathsIn(await readFile(join(root, '.gitmodules'), 'utf8').catch(() => ''))
  if (paths.length === 0) return
  const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : ''
  throw new AtelierError(
    'unsupported',
    `The project has submodules (${paths.slice(0, NAMED).join(', ')}${more}), and a new worktree has none of their files. ` +
      'Name a command that gets them in worktrees.setUp of the configuration, such as: git submodule update --init --recursive',
    { details: { submodules: paths } },
  )
}

/** The folders that `.gitmodules` names. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(/^\s*path\s*=\s*(.+?)\s*$/gmu)].map(([, path = '']) => path)
}
