/** A project for each case of the workspace suite, and what the cases do in it. */
import { equal } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { newId } from '../ids.ts'
import type { Workspace, WorkspaceAdapter, WorkspaceRequest } from '../workspace.ts'

/** How the suite makes one adapter. */
export interface WorkspaceHarness {
  /** Makes the adapter for a project. Each call gives another instance, as another process would have. */
  open(project: { readonly dir: string; readonly stateDir: string }): WorkspaceAdapter
}

/** A repository with one commit on `main`, in a folder whose name needs care, and an adapter for it. */
export class WorkspaceBench {
  readonly dir: string
  readonly stateDir: string
  adapter: WorkspaceAdapter
  readonly #harness: WorkspaceHarness
  readonly #top: string
  readonly #attempts: string[] = []
  #slot = 0

  constructor(harness: WorkspaceHarness) {
    this.#top = realpathSync(mkdtempSync(join(tmpdir(), 'atelier-workspace-')))
    this.dir = join(this.#top, 'my próject 日本')
    this.stateDir = join(this.dir, '.atelier', 'state')
    this.#harness = harness
    mkdirSync(this.stateDir, { recursive: true })
    writeFileSync(join(this.stateDir, '.gitignore'), '*\n')
    this.git('init', '--quiet', '--initial-branch=main')
    this.write('a.txt', 'one\n')
    this.write('sub folder/ü.txt', 'two\n')
    this.write('.gitignore', 'ignored/\n')
    this.commit('first')
    this.adapter = this.open()
  }

  /** Another instance for the same project. */
  open(): WorkspaceAdapter {
    return this.#harness.open({ dir: this.dir, stateDir: this.stateDir })
  }

  request(fields: Partial<WorkspaceRequest> = {}): WorkspaceRequest {
    const attempt = newId('att')
    this.#attempts.push(attempt)
    return {
      attempt,
      item: { id: 'item 1', title: 'An item' },
      change: 'change-1',
      base: [],
      access: 'write',
      slot: this.#slot++,
      ...fields,
    }
  }

  async acquire(fields: Partial<WorkspaceRequest> = {}): Promise<Workspace> {
    return this.adapter.acquire(this.request(fields))
  }

  /** Runs git in the project, as its user. */
  git(...args: readonly string[]): string {
    return this.gitIn(this.dir, ...args)
  }

  gitIn(dir: string, ...args: readonly string[]): string {
    const { PATH } = process.env
    const who = { NAME: 'Tester', EMAIL: 'tester@example.org' }
    const env = {
      PATH,
      HOME: this.#top,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: who.NAME,
      GIT_AUTHOR_EMAIL: who.EMAIL,
      GIT_COMMITTER_NAME: who.NAME,
      GIT_COMMITTER_EMAIL: who.EMAIL,
    }
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    return execFileSync('git', [...args], {
      cwd: dir,
      env,
      stdio,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    }).trim()
  }

  write(path: string, content: string, dir: string = this.dir): void {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), content)
  }

  read(path: string, dir: string = this.dir): string {
    return readFileSync(join(dir, path), 'utf8')
  }

  /** Commits everything in a folder, and gives the commit. */
  commit(subject: string, dir: string = this.dir): string {
    this.gitIn(dir, 'add', '--all')
    this.gitIn(dir, 'commit', '--quiet', '--allow-empty', '-m', subject)
    return this.gitIn(dir, 'rev-parse', 'HEAD')
  }

  /** A commit on top of another, made without touching the project's files. */
  commitOn(parent: string, files: Readonly<Record<string, string>>): string {
    const dir = join(this.#top, newId('proc'))
    this.git('worktree', 'add', '--quiet', '--detach', dir, parent)
    for (const [path, content] of Object.entries(files)) this.write(path, content, dir)
    const commit = this.commit('work', dir)
    this.git('worktree', 'remove', '--force', dir)
    return commit
  }

  /** A person's own working tree: branch, files and index, as one text. */
  snapshot(): string {
    return [
      this.git('symbolic-ref', 'HEAD'),
      this.git('rev-parse', 'HEAD'),
      this.git('status', '--porcelain', '--untracked-files=all'),
      this.git('diff', 'HEAD'),
      this.git('ls-files', '--stage'),
    ].join('\n')
  }

  /** Gives every place up, checks that nothing of ours is left, and deletes the project. */
  async close(): Promise<void> {
    try {
      for (const attempt of this.#attempts) await this.adapter.release({ attempt }, { files: 'remove' })
      equal(this.git('worktree', 'list').split('\n').length, 1, 'no worktree is left')
      equal((await this.adapter.list()).length, 0, 'no workspace is left')
    } finally {
      rmSync(this.#top, { recursive: true, force: true })
    }
  }
}
