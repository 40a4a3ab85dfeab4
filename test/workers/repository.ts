/** A repository to work in, and what git says about it. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../direct/team.ts'

export interface Repository {
  readonly dir: string
  git(...args: readonly string[]): string
  write(path: string, text: string): void
  /** The attempts whose work the branch holds, oldest first: one line for each merge. */
  merged(branch?: string): readonly string[]
  /** Worktrees beside the project itself. */
  worktrees(): readonly string[]
}

/** Makes a repository with one commit: `notes.txt` of twenty lines. */
export async function makeRepository(): Promise<Repository> {
  const dir = await temporaryFolder()
  const git = (...args: readonly string[]): string =>
    execFileSync('git', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  const write = (path: string, text: string): void => writeFileSync(join(dir, path), text)
  git('init', '-q', '-b', 'main')
  git('config', 'user.name', 'Kim')
  git('config', 'user.email', 'kim@example.invalid')
  write('notes.txt', Array.from({ length: 20 }, (_, index) => `line ${index}\n`).join(''))
  git('add', '.')
  git('commit', '-qm', 'Start')
  return {
    dir,
    git,
    write,
    merged: (branch = 'main') =>
      git('log', '--first-parent', '--reverse', '--format=%(trailers:key=Atelier-Item,valueonly)', branch)
        .split('\n')
        .filter((line) => line !== ''),
    worktrees: () =>
      git('worktree', 'list', '--porcelain')
        .split('\n')
        .filter((line) => line.startsWith('worktree '))
        .slice(1),
  }
}
