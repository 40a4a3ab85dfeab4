/** Workflows as users call them. */
import { toError } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import type { Json } from '../json.ts'
import {
  cancelRun,
  defineWorkflow,
  pauseRun,
  resumeRun,
  retryStage,
  signalRun,
  skipStage,
  startRun,
  unknownRun,
  type RunContext,
} from '../runs/commands.ts'
import type { StageFunction } from '../runs/perform.ts'
import { resetWorkflow } from '../runs/reset.ts'
import { runEnded } from '../runs/waiting.ts'
import { watchEvents } from '../team/watching.ts'
import { parseDuration } from '../time/duration.ts'
import type { WaitOptions, WorkshopViews } from './contract.ts'
import type { RunHandle, RunOptions, WorkflowMembers } from './workflow-contract.ts'

/** The runs of a workshop, with the functions that its process has. */
export type WorkflowRunContext = RunContext & { readonly functions: Map<string, StageFunction> }

export interface WorkflowParts {
  readonly runs: WorkflowRunContext
  readonly views: WorkshopViews
  /** Throws where the workshop is closed. */
  readonly open: () => void
}

/** The members of a workshop that are about its workflows. */
export function createWorkflows({
  runs,
  views,
  open,
}: WorkflowParts): Omit<WorkflowMembers, keyof WorkshopViews> {
  /** Definitions that are not stored yet: what comes behind them sees them. */
  const defining = new Set<Promise<void>>()
  const handle = (id: string): RunHandle => runHandle(runs, views, id)
  return {
    workflow(definition) {
      open()
      const stored = defineWorkflow(runs, definition)
      const pending = stored.catch(() => {}).then(() => void defining.delete(pending))
      defining.add(pending)
      return { name: definition.name, stored }
    },
    fn(name, run) {
      open()
      runs.functions.set(name, run)
    },
    async runWorkflow(name: string, { inputs = {} }: RunOptions = {}) {
      open()
      await Promise.all(defining)
      return handle(await startRun(runs, name, { inputs }))
    },
    run: handle,
    resetWorkflow: (name) => resetWorkflow(runs, name),
  }
}

function runHandle(runs: RunContext, views: WorkshopViews, id: string): RunHandle {
  const { team } = runs
  return {
    id,
    async status() {
      const view = await views.workflowStatus(id)
      if (view !== null) return view
      throw toError(await team.store.read((reader) => unknownRun(reader, id)))
    },
    result: ({ timeout, signal }: WaitOptions = {}): Promise<Json> =>
      runEnded(team, id, {
        ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, 'timeout') }),
        ...(signal === undefined ? {} : { signal }),
      }),
    cancel: (reason = `Cancelled by ${team.by.actor}.`) => cancelRun(runs, id, reason),
    pause: (reason = `Paused by ${team.by.actor}.`) => pauseRun(runs, id, reason),
    resume: () => resumeRun(runs, id),
    skip: (stage) => skipStage(runs, id, stage),
    retry: (stage) => retryStage(runs, id, stage),
    signal: (name, value = null) => signalRun(runs, id, name, value),
    events: ({ signal } = {}) => eventsOf(runs, id, signal),
  }
}

/** What is about a run: itself, its stages, its items and the runs within it. */
async function* eventsOf(
  { team }: RunContext,
  id: string,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<AtelierEvent> {
  for await (const event of watchEvents(team.store, { after: 0, ...(signal && { signal }) })) {
    const { data } = event
    const run = 'run' in data ? data.run : 'item' in data ? data.item : undefined
    if (typeof run !== 'string' || (run !== id && !run.startsWith(`${id}/`))) continue
    yield event
    if ((event.type === 'run.ended' || event.type === 'run.removed') && run === id) return
  }
}
