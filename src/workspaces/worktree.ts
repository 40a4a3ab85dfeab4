/**
 * Workspaces as git worktrees: each attempt has a checkout of its own below the state folder, locked, on a branch of
 * its own. The git folder of a worktree is always named to git: a search from the checkout upwards would end in the
 * user's own repository as soon as an agent has deleted a `.git` file.
 */
import { existsSync, realpathSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import { AtelierError, isAtelierError } from '../errors.ts'
import { commitMessage } from '../git/commits.ts'
import { commitAll } from '../git/committing.ts'
import { saveWork } from '../git/content.ts'
import { patch } from '../git/differences.ts'
import { moveRef, refValue, treeOf } from '../git/refs.ts'
import { git, LOOK_ONLY, type GitPlace } from '../git/run.ts'
import { commonGitDir } from '../git/worktrees.ts'
import { newId } from '../ids.ts'
import type { Command } from '../processes/command.ts'
import type {
  CommitRequest,
  FoundWorkspace,
  Released,
  ReleaseOptions,
  Workspace,
  WorkspaceAdapter,
  WorkspaceCapabilities,
  WorkspaceRequest,
  WorkspaceState,
} from '../workspace.ts'
import { DEFAULT_PORTS, freeRange, portVariables, type PortPlan } from './ports.ts'
import { stateOf } from './state.ts'
import { resolveBase } from './worktree/base.ts'
import { addBranch, addWorktree, checkOut } from './worktree/checkout.ts'
import { copyIncluded } from './worktree/include.ts'
import {
  findWorktree,
  findWorktrees,
  writeRecord,
  type Layout,
  type OwnWorktree,
  type WorktreeRecord,
} from './worktree/record.ts'
import { continuationOf, restoreFiles, type Continuation } from './worktree/continuing.ts'
import { afterOthers, removeWorktree, savedMessage, savedOf, savedRef } from './worktree/removal.ts'
import { describeFailure, runSetUp, setUpError } from './worktree/set-up.ts'
import { refuseSubmodules } from './worktree/submodules.ts'

/** Installing dependencies takes minutes. */
const DEFAULT_SET_UP_TIMEOUT_MS = 10 * 60_000
/** Hooks run tests, at times. */
const DEFAULT_COMMIT_TIMEOUT_MS = 5 * 60_000
/** A name that is also a folder, and that no path leads out of. */
const ATTEMPT = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/u

export interface WorktreeOptions {
  /** The project folder, inside of a repository. */
  readonly dir: string
  /** Holds `worktrees/` and `logs/`. */
  readonly stateDir: string
  /** Run in order in each new worktree. */
  readonly setUp?: readonly Command[]
  /** Run before a worktree is removed; one that fails is a warning. */
  readonly tearDown?: readonly Command[]
  readonly setUpTimeoutMs?: number
  /** Names of variables that set-up and tear-down commands get from this process. */
  readonly passEnv?: readonly string[]
  readonly ports?: PortPlan
}

/** Makes the adapter. Nothing is read or written before its first use. */
export function worktreeWorkspaces(options: WorktreeOptions): WorkspaceAdapter {
  return new Worktrees(options)
}

class Worktrees implements WorkspaceAdapter {
  readonly id = 'worktree'
  readonly #options: WorktreeOptions
  readonly #project: GitPlace

  constructor(options: WorktreeOptions) {
    this.#options = options
    this.#project = { dir: resolve(options.dir) }
  }

  capabilities(): WorkspaceCapabilities {
    return { isolated: true, access: ['write', 'read'], commits: true, survivesCrash: true }
  }

  async acquire(request: WorkspaceRequest): Promise<Workspace> {
    assertAttempt(request.attempt)
    const layout = await this.#layout()
    if (findWorktree(layout, request.attempt) !== undefined) throw taken(request.attempt, layout)
    const fresh = await resolveBase(this.#project, request.base)
    const { continues } = request
    const left = continues && (await continuationOf(this.#project, fresh, continues))
    const start = left ?? { base: fresh, head: fresh, files: null }
    const range = await freeRange(request.slot, this.#options.ports ?? DEFAULT_PORTS)
    const ports = portVariables(request.slot, range)
    try {
      return await this.#make(layout, request, start, ports)
    } catch (error) {
      // Nobody has worked there yet.
      const own = findWorktree(layout, request.attempt)
      if (own !== undefined) await removeWorktree(this.#project, own)
      throw error
    }
  }

  async #make(
    layout: Layout,
    request: WorkspaceRequest,
    { base, head, files }: Continuation,
    ports: Readonly<Record<string, string>>,
  ): Promise<Workspace> {
    const { attempt, item, change, access, signal } = request
    const at = { attempt, commit: head, ...(signal !== undefined && { signal }) }
    const place = await addWorktree(this.#project, layout, at)
    const tree = await treeOf(place, base)
    let record: WorktreeRecord = {
      ...{ attempt, item: item.id, change, access, branch: null, base, tree },
      ...{ prefix: layout.prefix, ready: false },
    }
    await writeRecord(place.gitDir, record)
    if (access === 'write') {
      await addBranch(place, { attempt, item: item.id, commit: head }, async (branch) => {
        record = { ...record, branch }
        await writeRecord(place.gitDir, record)
      })
    }
    await checkOut(place, signal)
    await refuseSubmodules(place.dir, this.#options.setUp ?? [])
    if (files !== null) await restoreFiles(place, files, signal)
    const cwd = join(place.dir, layout.prefix)
    // The commit may be older than the project's folder.
    await mkdir(cwd, { recursive: true })
    const top = { dir: await topOf(this.#project) }
    const warnings = await copyIncluded(top, place.dir, layout.folder)
    const workspace = { ...this.#workspace(record, place.dir, ports), warnings }
    const failed = await runSetUp({
      ...this.#setUp('set-up', workspace, request),
      commands: this.#options.setUp ?? [],
    })
    if (failed !== undefined) throw setUpError(failed)
    await writeRecord(place.gitDir, { ...record, ready: true })
    return workspace
  }

  async adopt(request: WorkspaceRequest): Promise<Workspace | undefined> {
    assertAttempt(request.attempt)
    const own = findWorktree(await this.#layout(), request.attempt)
    if (own?.gitDir === undefined || own.record?.ready !== true || !own.hasFiles) return undefined
    const link = join(own.root, '.git')
    if (!existsSync(link)) await writeFile(link, `gitdir: ${own.gitDir}\n`)
    const range = await freeRange(request.slot, this.#options.ports ?? DEFAULT_PORTS)
    return this.#workspace(own.record, own.root, portVariables(request.slot, range))
  }

  async inspect(workspace: Workspace): Promise<WorkspaceState> {
    const { place, record } = await this.#find(workspace.attempt)
    return stateOf(place, record)
  }

  async diff(workspace: Workspace, options: { readonly maxBytes?: number } = {}): Promise<string> {
    const { place, record } = await this.#find(workspace.attempt)
    const { tree } = await stateOf(place, record)
    return patch(place, record.tree, tree ?? record.tree, options)
  }

  async commit(
    workspace: Workspace,
    request: CommitRequest,
  ): Promise<{ readonly head: string; readonly tree: string }> {
    const { place, record } = await this.#find(workspace.attempt)
    if (record.branch === null) throw readOnly(record.attempt)
    const { subject, host, signal, timeoutMs = DEFAULT_COMMIT_TIMEOUT_MS } = request
    const { attempt, item } = record
    // First, so that whatever a hook does to the files, what the agent made is there.
    const ref = savedRef(attempt)
    const saved = await saveWork(place, { ref, message: savedMessage(attempt) })
    const head = await commitAll(place, {
      message: commitMessage(subject, { item, attempt }),
      env: workspace.env,
      markers: { turn: newId('proc'), ...(host !== undefined && { host }) },
      timeoutMs,
      ...(signal !== undefined && { signal }),
    }).catch((error: unknown) => {
      throw saved === undefined ? error : withSaved(error, saved.ref)
    })
    await this.#follow(place, record.branch, head)
    if (saved !== undefined)
      await moveRef(this.#project, { ref, old: saved.commit, new: null, why: 'atelier: committed' })
    return { head, tree: await treeOf(place, head) }
  }

  /** An agent may have switched to a branch of its own: what it made there is the attempt's result all the same. */
  async #follow(place: GitPlace, branch: string, head: string): Promise<void> {
    const ref = `refs/heads/${branch}`
    const at = (await refValue(place, ref)) ?? null
    if (at !== head) await moveRef(place, { ref, old: at, new: head, why: 'atelier: result' })
  }

  async release({ attempt }: { readonly attempt: string }, options: ReleaseOptions): Promise<Released> {
    assertAttempt(attempt)
    const layout = await this.#layout()
    return afterOthers(join(layout.folder, attempt), () => this.#release(layout, attempt, options))
  }

  async #release(layout: Layout, attempt: string, options: ReleaseOptions): Promise<Released> {
    const own = findWorktree(layout, attempt)
    if (own === undefined) {
      const saved = await savedOf(this.#project, attempt)
      return { removed: true, saved, warnings: [] }
    }
    if (options.files === 'keep') return { removed: false, saved: [], warnings: [] }
    const warnings = await this.#tearDown(own, options)
    const released = await removeWorktree(this.#project, own)
    return { ...released, warnings: [...warnings, ...released.warnings] }
  }

  async #tearDown(own: OwnWorktree, options: ReleaseOptions): Promise<readonly string[]> {
    const commands = this.#options.tearDown ?? []
    if (commands.length === 0 || own.record === undefined || !own.hasFiles) return []
    const workspace = this.#workspace(own.record, own.root, {})
    if (!existsSync(workspace.cwd)) return []
    const failed = await runSetUp({ ...this.#setUp('tear-down', workspace, options), commands })
    return failed === undefined ? [] : [describeFailure('tear-down', failed)]
  }

  async list(): Promise<readonly FoundWorkspace[]> {
    const layout = await this.#layout()
    return findWorktrees(layout).map(({ attempt, root, hasFiles, record }) => ({
      attempt,
      path: root,
      branch: record?.branch ?? null,
      access: record?.access ?? null,
      state: hasFiles ? (record?.ready === true ? 'whole' : 'partial') : 'gone',
    }))
  }

  #setUp(
    kind: 'set-up' | 'tear-down',
    { attempt, cwd, env }: Workspace,
    { host, signal }: Pick<WorkspaceRequest, 'host' | 'signal'>,
  ): Omit<Parameters<typeof runSetUp>[0], 'commands'> {
    const { passEnv = [], setUpTimeoutMs = DEFAULT_SET_UP_TIMEOUT_MS, stateDir } = this.#options
    const logDir = join(resolve(stateDir), 'logs', attempt)
    return { kind, cwd, env, passEnv, timeoutMs: setUpTimeoutMs, logDir, host, signal }
  }

  #workspace(record: WorktreeRecord, root: string, ports: Readonly<Record<string, string>>): Workspace {
    const { attempt, item, change, access, branch, base, tree, prefix } = record
    const env = {
      ...ports,
      ATELIER_ATTEMPT: attempt,
      ATELIER_ITEM: item.replaceAll('\0', ''),
      ATELIER_PROJECT: this.#project.dir,
      ATELIER_WORKTREE: root,
      ...(branch !== null && { ATELIER_BRANCH: branch }),
      // Where the `.git` file is gone, git ends its search here and does not find the user's repository above.
      GIT_CEILING_DIRECTORIES: dirname(root),
    }
    const cwd = join(root, prefix)
    return { attempt, item, change, access, cwd, root, env, branch, base, tree, warnings: [] }
  }

  async #find(
    attempt: string,
  ): Promise<{ readonly place: Required<GitPlace>; readonly record: WorktreeRecord }> {
    const layout = await this.#layout()
    const own = findWorktree(layout, attempt)
    if (own?.gitDir !== undefined && own.record !== undefined && own.hasFiles)
      return { place: { dir: own.root, gitDir: own.gitDir }, record: own.record }
    throw new AtelierError(
      'not_found',
      `The worktree of ${attempt} is gone: ${join(layout.folder, attempt)} is not there or is not a worktree any more. ` +
        'What was committed is still on its branch; retry the item to go on in a new worktree.',
      { details: { attempt, path: join(layout.folder, attempt) } },
    )
  }

  async #layout(): Promise<Layout> {
    const [commonDir, prefix] = await Promise.all([
      commonGitDir(this.#project),
      git(this.#project, ['rev-parse', '--show-prefix'], { env: LOOK_ONLY }),
    ])
    const stateDir = resolve(this.#options.stateDir)
    await mkdir(stateDir, { recursive: true })
    return {
      commonDir,
      folder: join(realpathSync(stateDir), 'worktrees'),
      prefix: prefix.replace(/\/?\n$/u, ''),
    }
  }
}

async function topOf(place: GitPlace): Promise<string> {
  return (await git(place, ['rev-parse', '--show-toplevel'], { env: LOOK_ONLY })).replace(/\n$/u, '')
}

function assertAttempt(attempt: string): void {
  if (ATTEMPT.test(attempt)) return
  const message = `${JSON.stringify(attempt)} cannot name a worktree: it takes letters, digits, "_", "-" and ".".`
  throw new AtelierError('invalid_input', message, { details: { attempt } })
}

function taken(attempt: string, { folder }: Layout): AtelierError {
  const path = join(folder, attempt)
  const message = `The attempt ${attempt} has a worktree already: ${path}. Adopt it, or release it first.`
  return new AtelierError('already_exists', message, { details: { attempt, path } })
}

function readOnly(attempt: string): AtelierError {
  const message = `${attempt} only reads: what it wrote into its checkout is discarded and cannot be committed.`
  return new AtelierError('unsupported', message, { details: { attempt } })
}

/** The same error, which also says where the work is. */
function withSaved(error: unknown, ref: string): unknown {
  if (!isAtelierError(error)) return error
  const message = `${error.message} The work is saved as ${ref}.`
  return new AtelierError(error.code, message, { details: { ...error.details, saved: ref }, cause: error })
}
