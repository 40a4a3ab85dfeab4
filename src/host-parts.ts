/** What a host is made of, as the composition root wires it: processes, worktrees, git. Each part is loaded when it is needed. */
import type { AgentBackend } from './agent-backend.ts'
import { makeStateFolder, stateFolder } from './folders.ts'
import type { WorktreeConfig } from './loading/config-file.ts'
import { isAlive, ownIdentity } from './processes/identity.ts'
import type { Holding, HostEnvironment } from './team/context.ts'
import { systemClock } from './time/system-clock.ts'
import type { WorkspaceAdapter } from './workspace.ts'

/** The backends that this process offers. */
export interface OfferedBackends {
  backend(id: string): AgentBackend | undefined
  readonly backendIds: readonly string[]
}

/** What a host runs agents with. */
export function hostEnvironment(
  dir: string,
  offered: OfferedBackends,
  holdings: readonly Holding[],
): HostEnvironment {
  return {
    identity: { ...ownIdentity(), isAlive },
    dir,
    backend: (id) => offered.backend(id),
    get backends() {
      return offered.backendIds
    },
    async sweepHost(host) {
      const { sweep } = await import('./processes/sweep.ts')
      await sweep({ markers: { host } })
    },
    async releaseHost(host) {
      const { releaseHost } = await import('./processes/guard.ts')
      await releaseHost(host)
    },
    attempts: new Map(),
    holdings,
    gitContext: describeRepository,
    environment: process.env,
  }
}

/** Branch, status and recent commits of a project. */
export async function describeRepository(dir: string): Promise<string> {
  const { describeGit, gitSummary } = await import('./git/repository.ts')
  return describeGit(await gitSummary(dir))
}

/** Where worktrees and logs lie; a team that lives in memory has them where one with a database would. */
export function worktreeState(dir: string, persistence: boolean | string | undefined): string {
  return stateFolder(dir, typeof persistence === 'string' ? persistence : true)
}

/** The worktrees of a project, opened when the first is asked for. */
export function worktreesOf(
  dir: string,
  stateDir: string,
  { setUp, tearDown, passEnv }: WorktreeConfig,
): () => Promise<WorkspaceAdapter> {
  const open = async (): Promise<WorkspaceAdapter> => {
    const { worktreeWorkspaces } = await import('./workspaces/worktree.ts')
    makeStateFolder(stateDir)
    return worktreeWorkspaces({
      dir,
      stateDir,
      ...(setUp && { setUp }),
      ...(tearDown && { tearDown }),
      ...(passEnv && { passEnv }),
    })
  }
  let opened: Promise<WorkspaceAdapter> | undefined
  return () => (opened ??= open())
}

/** Processes that a host left, and that were ended. */
export interface EndedLeftovers {
  /** The folder that the host worked in. */
  readonly dir: string
  readonly killed: number
}

/**
 * Ends what the dead hosts of this user left running on this machine, in whatever folder. Never throws: it is nobody's
 * errand, and whoever comes next tries again.
 */
export async function endLeftovers(): Promise<readonly EndedLeftovers[]> {
  try {
    const { deadHosts } = await import('./processes/ledger.ts')
    if (deadHosts(systemClock.now()).length === 0) return []
    const { endDeadHosts } = await import('./processes/dead-hosts.ts')
    return await endDeadHosts()
  } catch {
    return []
  }
}
