/**
 * The project folder itself as a workspace: attempts see each other's files and the user's. Nothing is committed,
 * merged or thrown away; `inspect` compares with what lay there when the attempt began.
 */
import { realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { AtelierError, isAtelierError } from '../errors.ts'
import { readContent } from '../git/content.ts'
import { patch, type ChangedFile } from '../git/differences.ts'
import { commitOf, isAncestor } from '../git/refs.ts'
import { git, LOOK_ONLY, type GitPlace } from '../git/run.ts'
import type {
  FoundWorkspace,
  Released,
  Workspace,
  WorkspaceAdapter,
  WorkspaceCapabilities,
  WorkspaceRequest,
  WorkspaceState,
} from '../workspace.ts'
import { DEFAULT_PORTS, freeRange, portVariables, type PortPlan } from './ports.ts'
import { stateOf } from './state.ts'

export interface SharedOptions {
  /** The project folder; it need not be in a repository. */
  readonly dir: string
  readonly ports?: PortPlan
}

/** Untracked files as they were: size and time of change by path. */
type Untracked = ReadonlyMap<string, string>

/** Makes the adapter. */
export function sharedWorkspaces(options: SharedOptions): WorkspaceAdapter {
  return new SharedFolder(options)
}

class SharedFolder implements WorkspaceAdapter {
  readonly id = 'shared'
  readonly #dir: string
  readonly #ports: PortPlan
  /** Of the attempts that this process began: hashing all untracked files would take minutes in some projects. */
  readonly #before = new Map<string, Untracked>()

  constructor({ dir, ports = DEFAULT_PORTS }: SharedOptions) {
    this.#dir = resolve(dir)
    this.#ports = ports
  }

  capabilities(): WorkspaceCapabilities {
    return { isolated: false, access: ['write'], commits: false, survivesCrash: false }
  }

  async acquire(request: WorkspaceRequest): Promise<Workspace> {
    const { attempt, item, change, access, slot } = request
    if (access === 'read') throw unsupported('throw away what a reader writes')
    const place = await this.#place()
    const base = place === undefined ? null : ((await commitOf(place, 'HEAD')) ?? null)
    await assertContained(place, base, request)
    const ports = portVariables(slot, await freeRange(slot, this.#ports))
    const tree = place === undefined ? null : (await readContent(place, 'tracked')).tree
    if (place !== undefined) this.#before.set(attempt, await untrackedFiles(place))
    const root = place?.dir ?? this.#dir
    const env = { ...ports, ATELIER_ATTEMPT: attempt, ATELIER_ITEM: item.id, ATELIER_PROJECT: this.#dir }
    const who = { attempt, item: item.id, change, access }
    return { ...who, cwd: this.#dir, root, env, branch: null, base, tree, warnings: [] }
  }

  async adopt(): Promise<undefined> {
    return undefined
  }

  async inspect({ attempt, base, tree }: Workspace): Promise<WorkspaceState> {
    const place = await this.#place()
    if (place === undefined || tree === null) return NOTHING_KNOWN
    const state = await stateOf(place, { base, tree }, 'tracked')
    const before = this.#before.get(attempt) ?? new Map<string, string>()
    const now = await untrackedFiles(place)
    const tracked = new Set(state.files.map(({ path }) => path))
    // A file that was committed meanwhile is in the tracked ones.
    const others = changedUntracked(before, now).filter(({ path }) => !tracked.has(path))
    const files = [...state.files, ...others]
    return { ...state, files, uncommitted: [...state.uncommitted, ...now.keys()] }
  }

  async diff({ tree }: Workspace, options: { readonly maxBytes?: number } = {}): Promise<string> {
    const place = await this.#place()
    if (place === undefined || tree === null) return ''
    return patch(place, tree, (await readContent(place, 'tracked')).tree, options)
  }

  async commit(): Promise<never> {
    throw unsupported('commit')
  }

  async release({ attempt }: { readonly attempt: string }): Promise<Released> {
    this.#before.delete(attempt)
    return { removed: false, saved: [], warnings: [] }
  }

  async list(): Promise<readonly FoundWorkspace[]> {
    return []
  }

  /** Undefined where the project is in no repository. */
  async #place(): Promise<Required<GitPlace> | undefined> {
    const project = { dir: this.#dir }
    try {
      const args = ['rev-parse', '--path-format=absolute', '--show-toplevel', '--absolute-git-dir']
      const output = await git(project, args, { env: LOOK_ONLY })
      const [dir = '', gitDir = ''] = output.split('\n')
      return { dir: realpathSync(dir), gitDir }
    } catch (error) {
      if (isAtelierError(error, 'not_found')) return undefined
      throw error
    }
  }
}

const NOTHING_KNOWN: WorkspaceState = {
  ...{ head: null, tree: null, branch: null, commits: [], files: [], uncommitted: [] },
  ...{ extendsBase: true, unfinished: null, conflicts: [] },
}

function unsupported(what: string): AtelierError {
  const message = `The project folder is shared with its user, so Atelier does not ${what} there. Give the attempt a worktree: worktree: true.`
  return new AtelierError('unsupported', message, { details: { workspace: 'shared' } })
}

/** What the attempt builds on has to lie there: the folder is not moved to another commit. */
async function assertContained(
  place: GitPlace | undefined,
  head: string | null,
  { base }: WorkspaceRequest,
): Promise<void> {
  for (const { commit } of base) {
    if (place !== undefined && head !== null && (await isAncestor(place, commit, head))) continue
    throw unsupported(`check out ${commit.slice(0, 10)}`)
  }
}

async function untrackedFiles(place: Required<GitPlace>): Promise<Untracked> {
  const args = ['ls-files', '-z', '--others', '--exclude-standard']
  const paths = (await git(place, args, { env: LOOK_ONLY })).split('\0').filter((path) => path !== '')
  return new Map(paths.map((path) => [path, fingerprint(join(place.dir, path))]))
}

function fingerprint(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? '' : `${found.size}:${found.mtimeMs}:${found.ino}`
}

function changedUntracked(before: Untracked, now: Untracked): ChangedFile[] {
  const file = (path: string, change: ChangedFile['change']): ChangedFile => ({
    ...{ path, change, addedLines: null, deletedLines: null, isRepository: path.endsWith('/') },
  })
  const added = [...now.keys()].filter((path) => !before.has(path)).map((path) => file(path, 'added'))
  const modified = [...now].filter(([path, print]) => before.has(path) && before.get(path) !== print)
  const deleted = [...before.keys()].filter((path) => !now.has(path)).map((path) => file(path, 'deleted'))
  return [...added, ...modified.map(([path]) => file(path, 'modified')), ...deleted]
}
