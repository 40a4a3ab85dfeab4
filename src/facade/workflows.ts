/** Workflows as users call them. */
import type { AgentDefinition } from '../agents/definition.ts'
import { AtelierError, toError } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import type { Json } from '../json.ts'
import type { WorkflowFiles } from '../loading/workflow-files.ts'
import type { RunContext } from '../runs/commands.ts'
import type { StageFunction } from '../runs/perform.ts'
import type { RunOutcome, RunView } from '../runs/view-types.ts'
import type { WaitLimit } from '../team/waiting.ts'
import { watchEvents } from '../team/watching.ts'
import { parseDuration } from '../time/duration.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { parseWorkflow } from '../workflow/definition-schema.ts'
import type { AnyStage, WorkflowInput, WorkflowOptions } from '../workflow/input.ts'
import type { WaitOptions, WorkshopViews } from './contract.ts'
import type { RunHandle, RunOptions, WorkflowMembers } from './workflow-contract.ts'

/** The runs of a workshop, with the functions that its process has. */
export type WorkflowRunContext = RunContext & { readonly functions: Map<string, StageFunction> }

export interface WorkflowParts {
  readonly runs: WorkflowRunContext
  /** What an agent that there is not yet would run with. */
  readonly resolve: (agent: string, profile: string) => AgentDefinition
  readonly views: WorkshopViews
  /** The workflows that stand in files of the project. */
  readonly files: () => Promise<WorkflowFiles>
  /** Told of files that are no workflows. */
  readonly onError: (error: unknown) => void
  /** Throws where the workshop is closed. */
  readonly open: () => void
}

/** The members of a workshop that are about its workflows. */
export function createWorkflows({
  runs,
  resolve,
  views,
  files,
  onError,
  open,
}: WorkflowParts): Omit<WorkflowMembers, keyof WorkshopViews> {
  /** Definitions that are not stored yet: what comes behind them sees them. */
  const defining = new Set<Promise<void>>()
  /** Workflows that this process has defined by a call: they count for more than files. */
  const called = new Set<string>()
  /** Takes the files as they are now, so that a workflow that was edited runs as it reads. */
  const defineFiles = async (wanted: string): Promise<void> => {
    if (called.has(wanted)) return
    const { workflows, errors } = await files()
    const error = errors.find(({ details }) => nameOf(details['file']) === wanted)
    if (error !== undefined) throw error
    // What is wrong with others keeps nobody from running this one.
    for (const each of errors) onError(each)
    const { defineWorkflow } = await commands()
    for (const { definition } of workflows)
      if (!called.has(definition.name)) await defineWorkflow(runs, definition)
    if (workflows.every(({ definition }) => definition.name !== wanted)) await defineShipped(wanted)
  }
  /**
   * What comes with Atelier is defined as it is in this version whenever it is wanted, unless somebody has defined one of that
   * name.
   */
  const defineShipped = async (wanted: string): Promise<void> => {
    const { isShipped, readShipped } = await import('./shipped.ts')
    if (!isShipped(wanted)) return
    await (await commands()).defineWorkflow(runs, await readShipped(wanted), { shipped: true })
  }
  const handle = (id: string): RunHandle => runHandle(runs, views, id)
  const workflow: WorkflowMembers['workflow'] = (
    first: string | WorkflowDefinition | WorkflowInput,
    written?: readonly AnyStage[],
    options?: WorkflowOptions,
  ) => {
    open()
    const definition = definitionOf(first, written ?? [], options ?? {})
    called.add(definition.name)
    const stored = commands().then(({ defineWorkflow }) => defineWorkflow(runs, definition))
    const pending = stored.catch(() => {}).then(() => void defining.delete(pending))
    defining.add(pending)
    return { name: definition.name, stored }
  }
  /** Sees to it that what is wanted is defined, and gives its name. */
  const defined = async (wanted: string | WorkflowDefinition | WorkflowInput): Promise<string> => {
    const given = typeof wanted === 'string' ? undefined : workflow(wanted)
    await Promise.all(defining)
    const { isWorkflowFile, loadFile } = await import('./project-workflows.ts')
    if (typeof wanted === 'string' && !isWorkflowFile(wanted)) {
      await defineFiles(wanted)
      return wanted
    }
    const { name, stored } = given ?? workflow(await loadFile(runs.dir, wanted as string))
    await stored
    return name
  }
  /** Lets a person's word reach a run, and gives how it stands then. */
  const said = async (
    name: string,
    word: (commands: Commands, run: string) => Promise<void>,
  ): Promise<RunView> => {
    open()
    const run = await runNamed(views, name)
    await word(await commands(), run)
    return handle(run).status()
  }
  return {
    workflow,
    fn(name, run) {
      open()
      runs.functions.set(name, run)
    },
    async runWorkflow(
      wanted: string | WorkflowDefinition | WorkflowInput,
      { inputs = {} }: RunOptions = {},
    ): Promise<RunHandle<never, never>> {
      open()
      const name = await defined(wanted)
      const { childOf, startRun } = await commands()
      const { shippedWithin } = await import('./shipped.ts')
      for (const each of await shippedWithin(name, childOf(runs.team))) await defineShipped(each)
      // Answers are held against the schemas of the definition, so that results have the types that it was written with.
      return handle(await startRun(runs, name, { inputs })) as RunHandle<never, never>
    },
    async planWorkflow(name: string, { inputs = {} }: RunOptions = {}) {
      open()
      await Promise.all(defining)
      const { planStart } = await import('./planning.ts')
      return planStart({ ...runs, resolve }, await views.workflowDefinition(name), inputs)
    },
    run: handle,
    exportWorkflow: async (name) => {
      open()
      const { isWorkflowFile } = await import('./project-workflows.ts')
      if (isWorkflowFile(name)) return (await import('./translating.ts')).exportTranslated(runs.dir, name)
      return (await import('./shipped.ts')).exportShipped(runs.dir, name)
    },
    pauseRun: (name, reason = `Paused by ${runs.team.by.actor}.`) =>
      said(name, ({ pauseRun }, run) => pauseRun(runs, run, reason)),
    resumeRun: (name) => said(name, ({ resumeRun }, run) => resumeRun(runs, run)),
    cancelRun: (name, reason = `Cancelled by ${runs.team.by.actor}.`) =>
      said(name, ({ cancelRun }, run) => cancelRun(runs, run, reason)),
    skipStage: (name, stage) => said(name, ({ skipStage }, run) => skipStage(runs, run, stage)),
    retryStage: (name, stage) => said(name, ({ retryStage }, run) => retryStage(runs, run, stage)),
    signalRun: (name, signal, value = null) =>
      said(name, ({ signalRun }, run) => signalRun(runs, run, signal, value)),
    resetWorkflow: async (name) => (await import('../runs/reset.ts')).resetWorkflow(runs, name),
  }
}

type Commands = typeof import('../runs/commands.ts')

/** A run by its id, or the last run of a workflow. */
async function runNamed(views: WorkshopViews, name: string): Promise<string> {
  const view = await views.workflowStatus(name)
  if (view !== null) return view.id
  throw new AtelierError(
    'not_found',
    `The workflow "${name}" has not run yet. Start it with: workflow run ${name}`,
    { details: { workflow: name } },
  )
}

/** Loaded when the first of them is called: most programs have no workflows. */
function commands(): Promise<Commands> {
  return import('../runs/commands.ts')
}

function definitionOf(
  first: string | WorkflowDefinition | WorkflowInput,
  written: readonly AnyStage[],
  options: WorkflowOptions,
): WorkflowDefinition {
  if (typeof first === 'string') return parseWorkflow({ ...options, name: first, stages: written })
  return isChecked(first) ? first : parseWorkflow(first)
}

/** A definition that was checked before says of each stage what kind it is. */
function isChecked(given: WorkflowDefinition | WorkflowInput): given is WorkflowDefinition {
  const { stages } = given as { readonly stages: unknown }
  return (
    Array.isArray(stages) &&
    stages.length > 0 &&
    stages.every((stage) => stage instanceof Object && 'kind' in stage)
  )
}

/** The workflow that a file is about, unless it says another. */
function nameOf(file: unknown): string | undefined {
  return typeof file === 'string' ? /([^/\\]+)\.\w+$/u.exec(file)?.[1] : undefined
}

function runHandle(runs: RunContext, views: WorkshopViews, id: string): RunHandle {
  const { team } = runs
  return {
    id,
    async status() {
      const view = await views.workflowStatus(id)
      if (view !== null) return view
      const { unknownRun } = await commands()
      throw toError(await team.store.read((reader) => unknownRun(reader, id)))
    },
    async result(first?: string | WaitOptions, options?: WaitOptions): Promise<Json> {
      const { runEnded, stageEnded } = await import('../runs/waiting.ts')
      return typeof first === 'string'
        ? stageEnded(team, { run: id, stage: first }, limitOf(options ?? {}))
        : runEnded(team, id, limitOf(first ?? {}))
    },
    async ended(options: WaitOptions = {}): Promise<RunOutcome> {
      const { runSettled } = await import('../runs/waiting.ts')
      const ending = await runSettled(team, id, limitOf(options))
      return { ...(await this.status()), result: ending.ok ? ending.result : null }
    },
    cancel: async (reason = `Cancelled by ${team.by.actor}.`) =>
      (await commands()).cancelRun(runs, id, reason),
    pause: async (reason = `Paused by ${team.by.actor}.`) => (await commands()).pauseRun(runs, id, reason),
    resume: async () => (await commands()).resumeRun(runs, id),
    skip: async (stage) => (await commands()).skipStage(runs, id, stage),
    retry: async (stage) => (await commands()).retryStage(runs, id, stage),
    signal: async (name, value = null) => (await commands()).signalRun(runs, id, name, value),
    events: ({ signal } = {}) => eventsOf(runs, id, signal),
  }
}

function limitOf({ timeout, signal }: WaitOptions): WaitLimit {
  return {
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, 'timeout') }),
    ...(signal === undefined ? {} : { signal }),
  }
}

/** What is about a run: itself, its stages, its items and the runs within it. */
async function* eventsOf(
  { team }: RunContext,
  id: string,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<AtelierEvent> {
  for await (const event of watchEvents(team.store, { after: 0, ...(signal && { signal }) })) {
    const run = runOf(event)
    if (run !== id && run?.startsWith(`${id}/`) !== true) continue
    yield event
    if ((event.type === 'run.ended' || event.type === 'run.removed') && run === id) return
  }
}

/** The run, or the part of one, that an event is about. */
function runOf({ data }: AtelierEvent): string | undefined {
  if ('run' in data) return data.run
  if ('item' in data) return data.item
  return 'scope' in data && 'subject' in data && data.scope === 'run' ? data.subject : undefined
}
