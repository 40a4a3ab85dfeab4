/** The members that only read. */
import { AtelierError, isAtelierError, nearestNames, toError } from '../errors.ts'
import { EVENT_VERSIONS, type AtelierEvent } from '../events.ts'
import type { Json } from '../json.ts'
import { budgetScope } from '../team/budget-scope.ts'
import { viewInbox } from '../team/inbox-views.ts'
import { viewBudget, viewCost } from '../team/money-views.ts'
import type { RunView } from '../runs/view-types.ts'
import type { FullResult, ProfileView } from '../team/view-types.ts'
import {
  viewAgents,
  viewEntry,
  viewFullResult,
  viewHistory,
  viewHosts,
  viewInfo,
  viewKeys,
  viewProfiles,
  viewSchedules,
  viewStatus,
  viewTranscript,
  type ViewContext,
} from '../team/views.ts'
import { watchEvents } from '../team/watching.ts'
import { parseDuration } from '../time/duration.ts'
import { boardSettled } from '../workers/settled.ts'
import { viewBoard, viewItem, viewReady } from '../workers/views.ts'
import { viewWorkers } from '../workers/staff.ts'
import type { WatchOptions, WorkshopViews } from './contract.ts'

const DEFAULT_HISTORY = 20
const DEFAULT_EVENTS = 20
const DEFAULT_CHECKPOINTS = 5

type FindDefinition = typeof import('./project-workflows.ts').findDefinition

/**
 * The views of a store.
 * @param dir the project folder
 * @param fileProfiles profiles that were not defined by a call but stand in files
 */
export function createViews(
  view: ViewContext,
  dir: string,
  fileProfiles: () => Promise<readonly ProfileView[]>,
): WorkshopViews {
  const { store } = view
  function result(agent: string): Promise<string>
  function result(agent: string, form: 'full'): Promise<FullResult>
  async function result(agent: string, form?: 'full'): Promise<string | FullResult> {
    const full = await viewFullResult(view, agent)
    if (form === 'full') return full
    if (full.isError && full.error !== null) throw toError(full.error)
    return full.result
  }
  const definitionOf = async (name: string): ReturnType<FindDefinition> =>
    (await projectWorkflows()).findDefinition({ store, dir }, name)
  async function workflowStatus(name?: string): Promise<RunView | null> {
    const { viewRun } = await import('../runs/run-view.ts')
    const isHosted = (await viewHosts(view)).some(({ state }) => state === 'running')
    return unlessDefined(name, null, () => viewRun({ store, now: view.clock.now(), isHosted }, name))
  }
  /** What looks for a run finds none of a workflow that stands in a file and has never run. */
  async function unlessDefined<T>(name: string | undefined, none: T, look: () => Promise<T>): Promise<T> {
    try {
      return await look()
    } catch (error) {
      if (name === undefined || !isAtelierError(error, 'not_found')) throw error
      await definitionOf(name)
      return none
    }
  }
  return {
    status: () => viewStatus(view),
    agents: () => viewAgents(view),
    async profiles() {
      const defined = await viewProfiles(view)
      const names = new Set(defined.map(({ name }) => name))
      const others = (await fileProfiles()).filter(({ name }) => !names.has(name))
      return [...defined, ...others].toSorted((a, b) => (a.name < b.name ? -1 : 1))
    },
    info: (agent) => viewInfo(view, agent),
    result,
    history: (agent, { last = DEFAULT_HISTORY } = {}) => viewHistory(view, agent, last),
    transcript: (turnOrAgent) => viewTranscript(view, turnOrAgent),
    workers: () => store.read((reader) => viewWorkers(reader, view.clock.now())),
    cost: () => viewCost(store),
    totalCost: async () => (await viewCost(store)).total.costUsd,
    budget: (agent) => viewBudget(store, budgetScope(agent)),
    async get(key, fallback): Promise<Json | undefined> {
      return (await viewEntry(view, key))?.value ?? fallback
    },
    entry: (key) => viewEntry(view, key),
    keys: (prefix = '') => viewKeys(view, prefix),
    schedules: () => viewSchedules(view),
    async events({ last, after, types } = {}): Promise<readonly AtelierEvent[]> {
      checkTypes(types)
      return store.events({
        ...(after === undefined
          ? { last: last ?? DEFAULT_EVENTS }
          : { after, ...(last === undefined ? {} : { limit: last }) }),
        ...(types === undefined ? {} : { types }),
      })
    },
    board: (filter) => viewBoard(view, filter),
    item: (id) => viewItem(view, id),
    ready: (type) => viewReady(view, type),
    async boardSettled({ timeout, signal } = {}) {
      return boardSettled(view, {
        ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, 'timeout') }),
        ...(signal === undefined ? {} : { signal }),
      })
    },
    inbox: (filter) => viewInbox(store, filter),
    workflows: async () => (await projectWorkflows()).listWorkflows({ store, dir }),
    workflowStatus,
    workflowDefinition: async (name) => (await definitionOf(name)).definition,
    async workflowGraph(name) {
      const { definition, run } = await definitionOf(name)
      const { drawingOf } = await import('../runs/run-view.ts')
      return drawingOf(definition, run === null ? null : await workflowStatus(run))
    },
    validateWorkflows: async (names) => (await projectWorkflows()).checkWorkflows({ store, dir }, names),
    checkpoints: async (name, { limit = DEFAULT_CHECKPOINTS, level = 'summary', all = false } = {}) => {
      const { viewCheckpoints } = await import('../runs/checkpoints.ts')
      return unlessDefined(name, [], () =>
        viewCheckpoints(store, name, { limit, level, all, now: view.clock.now() }),
      )
    },
    trace: async (name) => unlessDefined(name, [], async () => (await runTrace()).viewTrace(store, name)),
    watch(options: WatchOptions = {}) {
      checkTypes(options.types)
      return watchEvents(store, options)
    },
  }
}

/** Loaded when somebody looks: most views are about agents and the board. */
function runTrace(): Promise<typeof import('../runs/trace.ts')> {
  return import('../runs/trace.ts')
}

function projectWorkflows(): Promise<typeof import('./project-workflows.ts')> {
  return import('./project-workflows.ts')
}

/** @throws AtelierError `invalid_input` naming a type of event that there is not */
function checkTypes(types: readonly string[] = []): void {
  const unknown = types.find((type) => !(type in EVENT_VERSIONS))
  if (unknown === undefined) return
  const allowed = Object.keys(EVENT_VERSIONS)
  const near = nearestNames(unknown, allowed)
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are: ${allowed.join(', ')}.`
  throw new AtelierError('invalid_input', `There are no events of type "${unknown}". ${hint}`, {
    details: { field: 'types', allowed },
  })
}
