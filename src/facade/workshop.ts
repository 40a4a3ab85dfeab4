/** The members that users call, joined into one object. */
import type { ActivityListener } from '../team/turn-runner.ts'
import {
  parseAgentOptions,
  parseChoice,
  parseConfigure,
  parseName,
  parseProfile,
} from '../agents/definition-schema.ts'
import { AtelierError } from '../errors.ts'
import type { TeamContext } from '../team/context.ts'
import { createAgent, defineProfile, dismissAgent, resetAgent, setBudget } from '../team/defining.ts'
import type { Host } from '../team/host.ts'
import type { InboxContext } from '../team/inbox.ts'
import type { BoardWorkers } from '../workers/board-workers.ts'
import { requestStop } from '../team/host-control.ts'
import type { HostLine } from '../team/view-types.ts'
import { viewHosts, type ViewContext } from '../team/views.ts'
import { createBoard } from './board.ts'
import { createBudgets } from './budgets.ts'
import { createContext } from './context.ts'
import type {
  AgentChoice,
  AgentOptions,
  AskOptions,
  BoardWorkerOptions,
  ConfigureOptions,
  Defined,
  PendingAnswer,
  PendingCast,
  PendingFan,
  PendingReply,
  Reply,
  TeamReplies,
  WaitOptions,
  Workshop,
  WorkshopViews,
} from './contract.ts'
import type { WorkflowFiles } from '../loading/workflow-files.ts'
import { createInbox } from './inbox.ts'
import { createSchedules } from './schedules.ts'
import { createWorkflows, type WorkflowRunContext } from './workflows.ts'
import type { WorkspaceAdapter } from '../workspace.ts'
import { listWorktrees, pruneWorktrees } from '../workers/worktrees.ts'
import type { Roster } from './roster.ts'
import { startBoardWorker } from './staffing.ts'
import { Talking } from './talking.ts'

/** What `configure` says of the host of this process. */
export interface HostLimits {
  /** Turns at the same time; undefined is what its workers need. */
  concurrency: number | undefined
  /** Attempts that wait longer are suspended, ms. */
  parkAfterMs: number
}

/** What the composition root wires together. */
export interface WorkshopParts {
  readonly dir: string
  readonly team: TeamContext
  readonly view: ViewContext
  readonly views: WorkshopViews
  readonly roster: Roster
  /** The host of this process, if it runs agents. */
  readonly host: Host | undefined
  readonly limits: HostLimits
  /** The board workers of this process, if it runs agents. */
  readonly workers: BoardWorkers | undefined
  readonly inbox: InboxContext
  readonly runs: WorkflowRunContext
  readonly activity: Set<ActivityListener>
  workflowFiles(): Promise<WorkflowFiles>
  /** Told of errors that no call can throw. */
  onError(error: unknown): void
  gitSummary(): Promise<string>
  gitDiff(): Promise<string>
  readonly worktrees: () => Promise<WorkspaceAdapter>
  /** Ends what lies below: the store. */
  release(): Promise<void>
}

/** A workshop with what surfaces need beyond the members for users. */
export interface HostedWorkshop extends Workshop {
  /** Resolves when this process's host has ended; at once if there is none. */
  readonly hostEnded: Promise<void>
  /** Every registered host, and whether it lives. */
  hosts(): Promise<readonly HostLine[]>
  /** Asks a host to end. */
  stopHost(host: string, options: { readonly now: boolean }): Promise<void>
  /** Called with what happens in turns that this process runs. */
  onActivity(listener: ActivityListener): () => void
}

/** Makes the workshop of its parts. */
export function createWorkshop(parts: WorkshopParts): HostedWorkshop {
  const { dir, team, view, views, roster, host, activity } = parts
  const talking = new Talking(team, view, host !== undefined)
  let closing: Promise<void> | undefined

  function open(): void {
    if (closing !== undefined)
      throw new AtelierError('closed', 'This workshop is closed; open it again with openWorkshop.')
  }

  function configure(options: ConfigureOptions): void {
    open()
    const { fields, backend, maxCostUsd, concurrency, parkAfterMs, routing } = parseConfigure(options)
    if (backend !== undefined) {
      roster.addBackend(backend)
      host?.backendsChanged().catch(() => {})
    }
    roster.configure(fields)
    if (concurrency !== undefined) parts.limits.concurrency = concurrency
    if (parkAfterMs !== undefined) parts.limits.parkAfterMs = parkAfterMs
    if (routing !== undefined) roster.routing = routing
    if (maxCostUsd !== undefined) void settled(setBudget(team, maxCostUsd))
  }

  function profile(name: string, roleOrOptions: string | AgentOptions, more: AgentOptions = {}): Defined {
    open()
    parseName('profile', name)
    const parsed = parseProfile(name, withRole(roleOrOptions, more))
    roster.addProfile(name, parsed, 'defined')
    return { name, stored: settled(defineProfile(team, name, parsed.definition)) }
  }

  function agent(name: string, roleOrOptions: string | AgentOptions = {}, more: AgentOptions = {}): Defined {
    open()
    parseName('agent', name)
    const { fields, profile: from, canHandle } = parseAgentOptions(name, withRole(roleOrOptions, more))
    const definition = roster.resolve(name, from, fields)
    roster.setCanHandle(name, canHandle)
    return { name, stored: settled(createAgent(team, name, from, definition, roster.accountOf(definition))) }
  }

  function ask(name: string, prompt: string, options?: AskOptions): PendingReply
  function ask(choice: AgentChoice, prompt: string, options?: AskOptions): PendingAnswer
  function ask(whom: string | AgentChoice, prompt: string, options?: AskOptions): PendingAnswer {
    open()
    if (typeof whom === 'string') return talking.ask(whom, prompt, options)
    const { capability, among, routing } = parseChoice(whom)
    const choice = { capability, among, strategy: routing ?? roster.routing }
    return talking.askWhoever(choice, prompt, (name, from) => roster.canHandle(name, from), options)
  }

  async function close({ signal, drain = true }: Parameters<Workshop['close']>[0] = {}): Promise<void> {
    closing ??= (async () => {
      if (drain) await talking.drained(signal)
      await host?.stop({ now: !drain || signal?.aborted === true })
      talking.close()
      await roster.close()
      await parts.release()
    })()
    return closing
  }

  return {
    ...views,
    ...createBoard({ team, dir, source: view, views, open }),
    ...createInbox({ inbox: parts.inbox, open }),
    ...createContext({ team, views, open }),
    ...createBudgets(team, views),
    ...createSchedules(team, views),
    ...createWorkflows({
      runs: parts.runs,
      resolve: (name, from) => roster.resolve(name, from, {}),
      views,
      files: () => parts.workflowFiles(),
      onError: (error) => parts.onError(error),
      open,
    }),
    dir,
    configure,
    profile,
    agent,
    boardWorker(name: string, type: string, options: BoardWorkerOptions = {}): Defined {
      open()
      return startBoardWorker(
        { workers: parts.workers, agent, roster, dismiss: (each) => dismissAgent(team, each) },
        name,
        type,
        options,
      )
    },
    worktrees: () => listWorktrees(parts),
    pruneWorktrees: ({ dryRun = false } = {}) => pruneWorktrees(parts, { dryRun }),
    stopBoardWorker: (name: string) => parts.workers?.remove(name),
    dismiss: (name: string) => dismissAgent(team, name),
    reset: (name: string) => resetAgent(team, name),
    async resetAll() {
      for (const name of await views.agents()) await resetAgent(team, name)
    },
    ask,
    cast(name: string, prompt: string, options?: AskOptions): PendingCast {
      open()
      return talking.cast(name, prompt, options)
    },
    await: (name: string, options?: WaitOptions): Promise<Reply | undefined> => talking.await(name, options),
    awaitAll: (options?: WaitOptions): Promise<TeamReplies> => talking.awaitAll(options),
    pipe(
      from: string | PendingAnswer | Reply,
      to: string,
      message?: string,
      options?: AskOptions,
    ): PendingReply {
      open()
      return talking.pipe(from, to, message, options)
    },
    fan(message: string, agents: readonly string[], options?: AskOptions): PendingFan {
      open()
      return talking.fan(message, agents, options)
    },
    interrupt: (name: string) => talking.interrupt(name),
    gitSummary: () => parts.gitSummary(),
    gitDiff: () => parts.gitDiff(),
    close,
    [Symbol.asyncDispose]: () => close(),
    hostEnded: host?.ended ?? Promise.resolve(),
    hosts: () => viewHosts(view),
    stopHost: (id: string, options: { readonly now: boolean }) => requestStop(team, id, options.now),
    onActivity(listener: ActivityListener) {
      activity.add(listener)
      return () => activity.delete(listener)
    },
  }
}

function withRole(roleOrOptions: string | AgentOptions, more: AgentOptions): AgentOptions {
  return typeof roleOrOptions === 'string' ? { ...more, role: roleOrOptions } : { ...more, ...roleOrOptions }
}

/** A write whose failure shows at the next command, not as an unhandled rejection. */
function settled(write: Promise<void>): Promise<void> {
  write.catch(() => {})
  return write
}
