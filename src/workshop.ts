/**
 * The composition root: the only file that names adapters. What a command does not need is not
 * loaded, so that looking at a team starts in milliseconds.
 */
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { AgentBackend } from './agent-backend.ts'
import type { ProfileDefinition } from './agents/definition.ts'
import { PARK_AFTER_MS } from './board/parking.ts'
import { AtelierError } from './errors.ts'
import type { Via } from './events.ts'
import type { WorkshopViews } from './facade/contract.ts'
import { createViews } from './facade/views.ts'
import type { HostedWorkshop, HostLimits } from './facade/workshop.ts'
import { databaseFile, makeStateFolder, projectFolder, stateFolder } from './folders.ts'
import {
  describeRepository,
  endLeftovers,
  hostEnvironment,
  worktreesOf,
  worktreeState,
} from './host-parts.ts'
import type { LoadedConfig, WorkshopConfig } from './loading/config-file.ts'
import type { WorkflowFiles } from './loading/workflow-files.ts'
import { isAlive, ownIdentity } from './processes/identity.ts'
import type { Store, StoreView } from './store.ts'
import type { RunsOnDemand } from './runs/on-demand.ts'
import { FUNCTIONS } from './patterns/functions.ts'
import type { StageFunction } from './runs/perform.ts'
import type { BoardWorkers } from './workers/board-workers.ts'
import type { HostRow } from './tables.ts'
import type { TeamContext } from './team/context.ts'
import type { ActivityListener } from './team/turn-runner.ts'
import type { ViewContext } from './team/views.ts'
import type { ProfileView } from './team/view-types.ts'
import type { Clock } from './time/clock.ts'
import { parseDuration, type Duration } from './time/duration.ts'
import { backgroundClock, systemClock } from './time/system-clock.ts'

/** Turns that one host runs at the same time where nothing else is configured. */
const DEFAULT_CONCURRENCY = 4

export interface OpenOptions {
  /** The project folder; default: the current one. */
  readonly dir?: string
  /** Where state is kept: `.atelier/state` of the folder (true), another folder, or only in memory (false). */
  readonly persistence?: boolean | string
  /** `full` survives a power cut; `fast` may lose the last moments in one, never in a crash of the program. */
  readonly durability?: 'full' | 'fast'
  /** Backends made in code; more can be added with `configure({ backend })`. */
  readonly backends?: readonly AgentBackend[]
  /** Configuration in place of the folder's file; `false` reads no file. */
  readonly config?: WorkshopConfig | false
  /** Defines the workflows of the configuration; default true. Those of files are read when one is run. */
  readonly workflows?: boolean
  /** `ask` loads the folder's configuration and workflows only if the user trusted the folder; default `granted`. */
  readonly trust?: 'granted' | 'ask'
  /** Whether this process runs agents: `none` only posts and waits. Default `library`. */
  readonly host?: HostRow['kind'] | 'none'
  /** The host runs these agents only. */
  readonly hostAgents?: readonly string[]
  /** The host ends by itself after this long without work. */
  readonly idleExit?: Duration
  readonly actor?: string
  readonly via?: Via
  readonly clock?: Clock
  /** Told of what happens in turns that this process runs, as it happens. */
  readonly onActivity?: ActivityListener
  /** Told of errors that no call can throw, such as those of a background loop. */
  readonly onError?: (error: unknown) => void
}

export interface ViewOptions {
  readonly dir?: string
  readonly persistence?: string
}

/** Opens a workshop: its store, its configuration and, unless told otherwise, a host in this process. */
export async function openWorkshop(options: OpenOptions = {}): Promise<HostedWorkshop> {
  const dir = projectFolder(options.dir)
  const clock = options.clock ?? systemClock
  const [
    { createWorkshop },
    { Roster },
    { Host },
    { EventFeed },
    { beginBudget },
    { BoardWorkers },
    { Settlements },
    { attemptsHeld },
    { itemsWaiting },
    { inboxTimer },
    { mergesHeld },
    { mergesWaiting },
    { IntegratorOnDemand },
    { followRuns, RunsOnDemand, workerOfRuns },
    { projection },
  ] = await Promise.all([
    import('./facade/workshop.ts'),
    import('./facade/roster.ts'),
    import('./team/host.ts'),
    import('./team/feed.ts'),
    import('./team/defining.ts'),
    import('./workers/board-workers.ts'),
    import('./team/waiting.ts'),
    import('./workers/holding.ts'),
    import('./workers/inbox.ts'),
    import('./team/inbox.ts'),
    import('./integration/holding.ts'),
    import('./integration/approvals.ts'),
    import('./integration/on-demand.ts'),
    import('./runs/on-demand.ts'),
    import('./projection.ts'),
  ])
  const config = await loadConfiguration(dir, options)
  const store = followRuns(await openStore(dir, options, clock), clock, projection)
  const feed = new EventFeed(store)
  let leftovers: Promise<unknown> | undefined
  try {
    await feed.open()
    const roster = new Roster()
    for (const backend of await builtInBackends(clock, config)) roster.addBackend(backend)
    for (const backend of [...config.backends, ...(options.backends ?? [])]) roster.addBackend(backend)
    const team: TeamContext = { store, clock, loops: loopClock(options), feed, by: identityOf(options) }
    const view: ViewContext = { store, clock, identity: { machine: ownIdentity().machine, isAlive } }
    const inbox = { team, waiters: [itemsWaiting, mergesWaiting] }
    const limits: HostLimits = { concurrency: undefined, parkAfterMs: PARK_AFTER_MS }
    const functions = new Map<string, StageFunction>(FUNCTIONS)
    const runs = { team, projection, dir, functions, profiles: () => roster.profileNames }
    const environment = hostEnvironment(dir, roster, [attemptsHeld, mergesHeld])
    const stateDir = worktreeState(dir, options.persistence)
    const worktrees = worktreesOf(dir, stateDir, config.worktrees)
    let workers: BoardWorkers | undefined
    let stages: RunsOnDemand | undefined
    const activity = new Set<ActivityListener>(options.onActivity === undefined ? [] : [options.onActivity])
    const { host: kind = 'library' } = options
    const host: InstanceType<typeof Host> | undefined =
      kind === 'none'
        ? undefined
        : new Host(team, environment, {
            kind,
            // Each agent of a worker may have an item, unless a limit was asked for.
            concurrency: () =>
              limits.concurrency ??
              Math.max(DEFAULT_CONCURRENCY, workers?.capacity ?? 0, stages?.capacity ?? 0),
            work: (id) => {
              const parts = {
                team,
                host: id,
                dir,
                stateDir,
                attempts: environment.attempts,
                settlements: new Settlements(team),
                startSoon: (agent: string) => host?.startSoon(agent),
                turnEnded: async (message: string): Promise<void> => host?.turnEnded(message),
                parkAfterMs: () => limits.parkAfterMs,
                worktrees,
                canHandleOf: (name: string, profile: string | null) => roster.canHandle(name, profile),
                standIn: (name: string, profile: string) => workshop.agent(name, { profile }).stored,
                onError: options.onError ?? (() => {}),
              }
              const worker = workerOfRuns(runs, parts)
              stages = new RunsOnDemand(runs, worker, environment.backends)
              workers = new BoardWorkers(worker)
              return [
                workers,
                // A host for a few agents does not take the work of others.
                ...(options.hostAgents === undefined ? [stages] : []),
                new IntegratorOnDemand(team, {
                  host: id,
                  repositoryDir: dir,
                  stateDir,
                  worktrees,
                  onError: options.onError ?? (() => {}),
                }),
                inboxTimer(inbox, id, options.onError ?? (() => {})),
              ]
            },
            onActivity: (turn, event) => {
              workers?.activity(turn, event)
              stages?.activity(turn, event)
              for (const listener of activity) listener(turn, event)
            },
            ...(options.onError === undefined ? {} : { onError: options.onError }),
            ...(options.hostAgents === undefined ? {} : { agents: options.hostAgents }),
            ...(options.idleExit === undefined
              ? {}
              : { idleExitMs: parseDuration(options.idleExit, 'idleExit') }),
          })
    await knowProfiles(dir, store, roster, config, options.onError)
    const workshop = createWorkshop({
      dir,
      team,
      view,
      views: createViews(view, dir, async () => roster.fileProfiles()),
      roster,
      host,
      workers,
      limits,
      inbox,
      runs,
      activity,
      workflowFiles: () => workflowFiles(dir, options),
      onError: options.onError ?? (() => {}),
      gitSummary: () => describeRepository(dir),
      gitDiff: async () => (await import('./git/repository.ts')).gitDiff(dir),
      worktrees,
      async release() {
        await leftovers
        feed.close()
        await store.close()
      },
    })
    const { maxCostUsd, ...defaults } = config.configure
    workshop.configure(defaults)
    if (maxCostUsd !== undefined) await beginBudget(team, maxCostUsd)
    // Who looks who is there, and then hosts them, must find them.
    await Promise.all(
      Object.entries(config.agents).map(([name, agent]) => workshop.agent(name, agent).stored),
    )
    if (options.workflows !== false)
      await Promise.all(config.workflows.map((written) => workshop.workflow(written).stored))
    // Whoever runs the whole team runs its workers, too.
    if (kind === 'background')
      for (const [name, { type, ...worker }] of Object.entries(config.workers))
        workshop.boardWorker(name, type, worker)
    leftovers = host === undefined ? undefined : endLeftovers()
    await host?.open()
    return workshop
  } catch (error) {
    feed.close()
    await store.close()
    throw error
  }
}

/** Opens what only reads. Where there is no state yet the team is empty, and nothing is created. */
export async function openViews(
  options: ViewOptions = {},
): Promise<WorkshopViews & { close(): Promise<void> }> {
  const dir = projectFolder(options.dir)
  const store = await openStoreView(databaseFile(stateFolder(dir, options.persistence)))
  const view: ViewContext = {
    store,
    clock: systemClock,
    identity: { machine: ownIdentity().machine, isAlive },
  }
  return { ...createViews(view, dir, () => profilesOfFiles(dir)), close: () => store.close() }
}

/**
 * Trusts a folder, so that commands load its configuration from now on.
 * @returns the folder as it is listed
 */
export async function trustFolder(dir: string): Promise<string> {
  return (await import('./loading/trust.ts')).trust(dir)
}

async function openStoreView(path: string): Promise<StoreView> {
  if (!existsSync(path)) return openMemory(systemClock)
  const { openSqliteView } = await import('./stores/sqlite/view.ts')
  return openSqliteView({ path })
}

async function openMemory(clock: Clock): Promise<Store> {
  const [{ openMemoryStore }, { projection }] = await Promise.all([
    import('./stores/memory.ts'),
    import('./projection.ts'),
  ])
  return openMemoryStore({ projection, clock })
}

async function openStore(
  dir: string,
  { persistence = true, durability }: Pick<OpenOptions, 'persistence' | 'durability'>,
  clock: Clock,
): Promise<Store> {
  if (persistence === false) return openMemory(clock)
  const folder = stateFolder(dir, persistence)
  makeStateFolder(folder)
  const [{ openSqliteStore }, { projection }] = await Promise.all([
    import('./stores/sqlite/store.ts'),
    import('./projection.ts'),
  ])
  return openSqliteStore({
    path: databaseFile(folder),
    projection,
    clock,
    ...(durability === undefined ? {} : { durability }),
  })
}

async function loadConfiguration(dir: string, options: OpenOptions): Promise<LoadedConfig> {
  const { configFileOf, loadConfig, readConfig } = await import('./loading/config-file.ts')
  if (options.config !== undefined) return readConfig(options.config === false ? {} : options.config)
  if (options.trust === 'ask' && (options.workflows !== false || configFileOf(dir) !== null)) {
    const { assertTrusted } = await import('./loading/trust.ts')
    assertTrusted(dir)
  }
  return loadConfig(dir)
}

/** They name commands for the shell, so that they are read where the configuration is. */
async function workflowFiles(dir: string, { trust }: OpenOptions): Promise<WorkflowFiles> {
  const { workflowFilesIn } = await import('./loading/workflow-folder.ts')
  if (workflowFilesIn(dir).length === 0) return { workflows: [], errors: [] }
  if (trust === 'ask') (await import('./loading/trust.ts')).assertTrusted(dir)
  return (await import('./loading/workflow-files.ts')).loadWorkflows(dir)
}

async function builtInBackends(clock: Clock, config: LoadedConfig): Promise<AgentBackend[]> {
  const [{ commandBackend }, { claudeBackend }] = await Promise.all([
    import('./agent-backends/command.ts'),
    import('./agent-backends/claude.ts'),
  ])
  const backends: AgentBackend[] = [commandBackend(), claudeBackend({ clock })]
  if (config.scripted !== undefined) {
    const { parseScript } = await import('./agent-backends/scripted/check.ts')
    const { scriptedBackend } = await import('./agent-backends/scripted.ts')
    backends.push(scriptedBackend({ clock, script: parseScript(config.scripted, 'scripted') }))
  }
  return backends
}

/** Profiles that come with Atelier, of files, of the configuration, and those that were defined by a call in any process. */
async function knowProfiles(
  dir: string,
  store: Store,
  roster: InstanceType<typeof import('./facade/roster.ts').Roster>,
  config: LoadedConfig,
  onError: OpenOptions['onError'],
): Promise<void> {
  const { ROLES } = await import('./patterns/roles.ts')
  for (const [name, role] of Object.entries(ROLES)) roster.addProfile(name, { definition: role }, 'shipped')
  const { loadClaudeAgents } = await import('./loading/claude-agents.ts')
  const { profiles, warnings } = await loadClaudeAgents(dir)
  for (const { name, profile } of profiles) roster.addProfile(name, { definition: profile }, 'claude')
  for (const { file, line, message } of warnings) {
    onError?.(
      new AtelierError('invalid_config', `${file}${line === null ? '' : `:${line}`}: ${message}`, {
        details: { file },
      }),
    )
  }
  for (const [name, profile] of Object.entries(config.profiles)) roster.addProfile(name, profile, 'config')
  const stored = await store.read(async (reader) => {
    const found = []
    for (const row of await reader.list('profile'))
      found.push({ name: row.name, body: await reader.blob(row.definition) })
    return found
  })
  for (const { name, body } of stored)
    if (body !== undefined)
      roster.addProfile(name, { definition: JSON.parse(body) as ProfileDefinition }, 'defined')
}

/** Profiles of files, for a view; a configuration that cannot be read is told by commands that need it. */
async function profilesOfFiles(dir: string): Promise<readonly ProfileView[]> {
  const { loadClaudeAgents } = await import('./loading/claude-agents.ts')
  const [{ profileView }, { ROLES }] = await Promise.all([
    import('./team/views.ts'),
    import('./patterns/roles.ts'),
  ])
  const { profiles } = await loadClaudeAgents(dir)
  const own = new Set(profiles.map(({ name }) => name))
  const shipped = Object.entries(ROLES).filter(([name]) => !own.has(name))
  return [
    ...profiles.map(({ name, profile }) => profileView(name, profile, 'claude')),
    ...shipped.map(([name, role]) => profileView(name, role, 'shipped')),
  ]
}

/** A program that forgets to close its workshop ends when its work has; a background host lives on its loops. */
function loopClock({ clock, host }: OpenOptions): Clock {
  return clock ?? (host === 'background' ? systemClock : backgroundClock)
}

function identityOf({ actor, via = 'library' }: OpenOptions): TeamContext['by'] {
  return { actor: actor ?? userName(), via }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'user'
  }
}
