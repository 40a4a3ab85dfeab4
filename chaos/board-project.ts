/** The repository in which the agents of a run work. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SHARED_FILE } from './board-items.ts'

/** Beside it lies what the product does not read. @param dir of the run */
export function projectIn(dir: string): string {
  return join(dir, 'project')
}

/** Makes it with one commit, in which the files of the items are not there yet. */
export function makeProject(dir: string): void {
  const project = projectIn(dir)
  mkdirSync(project)
  gitIn(project, 'init', '-q', '-b', 'main')
  gitIn(project, 'config', 'user.name', 'Kim')
  gitIn(project, 'config', 'user.email', 'kim@example.invalid')
  writeFileSync(join(project, SHARED_FILE), 'begin\n')
  gitIn(project, 'add', '.')
  gitIn(project, 'commit', '-qm', 'Start')
}

/** What git prints, asked without the product. */
export function gitIn(project: string, ...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
