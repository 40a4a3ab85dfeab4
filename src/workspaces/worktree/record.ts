/**
 * What is known of a worktree of ours, written into git's own folder for it: an agent that empties its working tree
 * does not reach it, and it goes when git's record of the worktree goes.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

import { gitDirOf, recordedWorktrees } from '../../git/worktrees.ts'
import type { Workspace } from '../../workspace.ts'

const FILE = 'atelier.json'

export interface WorktreeRecord extends Omit<
  Workspace,
  'env' | 'warnings' | 'cwd' | 'root' | 'base' | 'tree'
> {
  readonly base: string
  readonly tree: string
  /** The project's folder below the top of the checkout; empty if it is the top. */
  readonly prefix: string
  /** It was made to the end, set-up included. */
  readonly ready: boolean
}

/** Where the worktrees of one project are. */
export interface Layout {
  /** Of the repository, absolute. */
  readonly commonDir: string
  /** Holds one folder for each attempt, of its name. */
  readonly folder: string
  readonly prefix: string
}

/** A worktree of ours, as far as it is there. */
export interface OwnWorktree {
  readonly attempt: string
  readonly root: string
  readonly hasFiles: boolean
  /** Undefined if git knows nothing of the folder. */
  readonly gitDir: string | undefined
  /** Undefined if it was never written, or not to its end. */
  readonly record: WorktreeRecord | undefined
}

export async function writeRecord(gitDir: string, record: WorktreeRecord): Promise<void> {
  const path = join(gitDir, FILE)
  await writeFile(`${path}.part`, `${JSON.stringify(record)}\n`)
  await rename(`${path}.part`, path)
}

/** The worktree of an attempt; undefined if there is nothing of it. */
export function findWorktree(layout: Layout, attempt: string): OwnWorktree | undefined {
  const root = join(layout.folder, attempt)
  const gitDir = gitDirOf(layout.commonDir, root)
  const hasFiles = existsSync(root)
  if (gitDir === undefined && !hasFiles) return undefined
  return { attempt, root, hasFiles, gitDir, record: gitDir === undefined ? undefined : readRecord(gitDir) }
}

/** Every worktree in our folder, with files or only with git's record. */
export function findWorktrees(layout: Layout): readonly OwnWorktree[] {
  const folders = existsSync(layout.folder)
    ? readdirSync(layout.folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : []
  const ours = resolve(layout.folder)
  const recorded = recordedWorktrees(layout.commonDir).filter(({ path }) => dirname(path) === ours)
  const names = new Set([...folders.map(({ name }) => name), ...recorded.map(({ path }) => basename(path))])
  return [...names].sort().flatMap((name) => findWorktree(layout, name) ?? [])
}

function readRecord(gitDir: string): WorktreeRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(gitDir, FILE), 'utf8')) as WorktreeRecord
  } catch {
    return undefined
  }
}
