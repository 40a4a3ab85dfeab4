/** The commands of workflows: each is one transaction, with all that follows in the run and in what belongs to it. */
import { errorData, nearestNames, toError, type ErrorData } from '../errors.ts'
import type { Identity, NewEvent } from '../events.ts'
import type { TransactionName } from '../failpoints.ts'
import { packText, type Blob } from '../ids.ts'
import { canonicalJson, headOf, type Json } from '../json.ts'
import type { Decision, Projection, Reader } from '../store.ts'
import { commit, type TeamContext } from '../team/context.ts'
import type { Happening } from '../workflow/advance.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { inputsOf } from '../workflow/inputs.ts'
import { hasEnded } from '../workflow/lifecycle.ts'
import { runId } from '../workflow/names.ts'
import type { RunRow } from '../workflow/run.ts'
import { definitionBy, packDefinition } from './definitions.ts'
import { FILES, pathsOf, readFiles, type ChildOf } from './files.ts'
import { Rows } from './rows.ts'
import { noDoer } from './staffing.ts'
import { RunSteps } from './steps.ts'

/** What the commands of runs work with. */
export interface RunContext {
  readonly team: TeamContext
  readonly projection: Projection
  /** The project folder. */
  readonly dir: string
  /** Profiles that agents can be made from. */
  readonly profiles: () => Iterable<string>
  /** Functions that hosts of this process have. */
  readonly functions: ReadonlyMap<string, unknown>
}

/**
 * Stores a definition under its name; the same one again changes nothing. Runs that there are keep theirs. One that comes with
 * Atelier takes the place of its kind alone.
 */
export async function defineWorkflow(
  { team }: RunContext,
  definition: WorkflowDefinition,
  { shipped = false }: { readonly shipped?: boolean } = {},
): Promise<void> {
  const { name } = definition
  const { hash, blobs } = packDefinition(definition)
  await commit(team.store, {
    name: 'workflow.define',
    keys: [`workflow:${name}`],
    by: team.by,
    blobs,
    load: (reader) => reader.get('workflow', name),
    decide(row): Decision {
      const isOwn = row !== undefined && row.shipped === 0
      const isSame = row?.definition === hash && isOwn !== shipped
      if (isSame || (shipped && isOwn)) return { events: [] }
      return { events: [{ type: 'workflow.defined', data: { workflow: name, definition: hash, shipped } }] }
    },
  })
}

export interface StartOptions {
  readonly inputs?: Readonly<Record<string, Json>>
}

/**
 * Starts a run of a workflow.
 * @returns its id
 * @throws AtelierError `not_found` for an unknown workflow or a missing file, `already_running`, `invalid_input`, `no_capable_agent`
 */
export async function startRun(
  context: RunContext,
  workflow: string,
  { inputs = {} }: StartOptions = {},
): Promise<string> {
  const { team, dir } = context
  const { row, known } = await team.store.read(async (reader) => ({
    row: await reader.get('workflow', workflow),
    known: (await reader.list('workflow')).map(({ name }) => name),
  }))
  if (row === undefined) throw toError(unknownWorkflow(workflow, known))
  const { definition } = await team.store.read((reader) => definitionBy(reader, row.definition))
  const values = inputsOf(definition, inputs)
  const paths = await pathsOf(definition, values, childOf(team))
  const files = await readFiles(dir, paths, definition.inputs)
  const given = {
    ...values,
    ...(Object.keys(files.hashes).length === 0 ? {} : { [FILES]: files.hashes }),
  }
  const packed = packText(canonicalJson(given))
  let started = ''
  await change(context, {
    name: 'run.start',
    keys: [`workflow:${workflow}`],
    blobs: [...packed.blobs, ...files.blobs],
    async prepare(rows, steps) {
      const now = await rows.get('workflow', workflow)
      if (now === undefined) return { refused: unknownWorkflow(workflow, []) }
      const { definition: current } = await definitionBy(rows, now.definition)
      const busy = current.concurrentRuns ? undefined : await runningRun(rows, workflow)
      if (busy !== undefined) return { refused: alreadyRunning(workflow, busy) }
      const missing = await noDoer(rows, current, context)
      if (missing !== undefined) return { refused: missing }
      const id = runId(workflow, now.runs + 1)
      started = id
      await steps.take([
        {
          type: 'run.started',
          data: {
            run: id,
            workflow,
            definition: now.definition,
            inputs: packed.stored,
            change: id,
            parentRun: null,
            parentStage: null,
            parentRound: null,
            parentIndex: null,
            total: current.stages.length,
          },
        },
      ])
      await steps.happen({ run: id, happening: { on: 'started' } })
      return undefined
    },
  })
  return started
}

/** Looks up workflows that stages name, as they are now. */
export function childOf({ store }: Pick<TeamContext, 'store'>): ChildOf {
  return (workflow) =>
    store.read(async (reader) => {
      const row = await reader.get('workflow', workflow)
      return row === undefined ? undefined : (await definitionBy(reader, row.definition)).definition
    })
}

async function runningRun(reader: Reader, workflow: string): Promise<RunRow | undefined> {
  const runs = await runsOf(reader, workflow)
  return runs.find(({ state }) => !hasEnded(state))
}

/** The runs of a workflow, not those within other runs, in order of their numbers. */
export async function runsOf(reader: Reader, workflow: string): Promise<readonly RunRow[]> {
  const runs = await reader.list('run', { where: { workflow } })
  return runs
    .filter(({ parentRun }) => parentRun === null)
    .toSorted((a, b) => a.startedAt - b.startedAt || numberOf(a) - numberOf(b))
}

function numberOf({ id }: RunRow): number {
  return Number(id.slice(id.lastIndexOf('-') + 1))
}

/**
 * Lets something happen to a run: a person's word, or a time that has come.
 * @param allowed why it may not, looking at the run
 * @throws AtelierError `not_found`, or what `allowed` gives
 */
export async function onRun(
  context: RunContext,
  id: string,
  happening: Happening,
  allowed: (run: RunRow, reader: Reader) => Promise<ErrorData | undefined> | ErrorData | undefined = () =>
    undefined,
  blobs: readonly Blob[] = [],
): Promise<readonly NewEvent[]> {
  return change(context, {
    name: 'run.change',
    keys: [`run:${id}`],
    blobs,
    async prepare(rows, steps) {
      const run = await rows.get('run', id)
      if (run === undefined) return { refused: await unknownRun(rows, id) }
      const refused = await allowed(run, rows)
      if (refused !== undefined) return { refused }
      await steps.happen({ run: id, happening })
      return undefined
    },
  })
}

export async function pauseRun(context: RunContext, id: string, reason: string): Promise<void> {
  await onRun(context, id, { on: 'paused', reason }, (run) => notRunning(run, 'paused'))
}

export async function resumeRun(context: RunContext, id: string): Promise<void> {
  await onRun(context, id, { on: 'resumed' }, (run) => notRunning(run, 'running'))
}

/** Cancelling a run that has ended changes nothing. */
export async function cancelRun(context: RunContext, id: string, reason: string): Promise<void> {
  await onRun(context, id, { on: 'cancelled', reason })
}

export async function skipStage(context: RunContext, id: string, stage: string): Promise<void> {
  await onRun(context, id, { on: 'skipped', stage }, (run, reader) => unknownStage(reader, run, stage))
}

/** Does a stage again, and what rests on it; what is finished beside it stays as it is. */
export async function retryStage(context: RunContext, id: string, stage?: string): Promise<void> {
  const target = stage ?? (await firstFailed(context, id))
  await onRun(context, id, { on: 'retried', stage: target }, (run, reader) =>
    unknownStage(reader, run, target),
  )
}

async function firstFailed({ team }: RunContext, id: string): Promise<string> {
  const found = await team.store.read(async (reader) => {
    const run = await reader.get('run', id)
    if (run === undefined) return { refused: await unknownRun(reader, id) }
    const failed = await reader.list('stage', { where: { run: id, state: 'failed' }, orderBy: 'position' })
    return { failed, run }
  })
  if ('refused' in found) throw toError(found.refused)
  const [first] = found.failed
  if (first !== undefined) return first.stage
  throw toError(
    errorData(
      'invalid_transition',
      `No stage of ${id} has failed; it is ${found.run.state}. Name the stage that is to be done again.`,
      {
        run: id,
        state: found.run.state,
      },
    ),
  )
}

/** A word from outside, for stages that wait for it, also where it comes before them. */
export async function signalRun(context: RunContext, id: string, signal: string, value: Json): Promise<void> {
  const { stored, blobs } = packText(canonicalJson(value))
  const allowed = async (run: RunRow, reader: Reader): Promise<ErrorData | undefined> => {
    const { plan } = await definitionBy(reader, run.definition)
    if (plan.signals.has(signal)) return hasEnded(run.state) ? notRunning(run, 'signalled') : undefined
    const near = nearestNames(signal, plan.signals.keys())
    const hint =
      near.length > 0
        ? `Did you mean "${near[0]}"?`
        : `It waits for: ${[...plan.signals.keys()].join(', ') || 'none'}.`
    return errorData(
      'not_found',
      `The run ${id} has no stage that waits for the signal "${headOf(signal, 80)}". ${hint}`,
      { run: id, signal },
    )
  }
  await onRun(context, id, { on: 'signalled', signal, value: stored }, allowed, blobs)
}

interface Change {
  readonly name: TransactionName
  readonly keys: readonly string[]
  readonly blobs?: readonly Blob[]
  readonly by?: Identity
  /** Lets things happen; gives why not, or nothing. */
  readonly prepare: (rows: Rows, steps: RunSteps) => Promise<{ readonly refused: ErrorData } | undefined>
}

/** A command whose decision is the interpreter's: all of it rests on what was read. */
export async function change(
  { team, projection }: RunContext,
  { name, keys, blobs = [], by = team.by, prepare }: Change,
): Promise<readonly NewEvent[]> {
  const { events } = await commit(team.store, {
    name,
    keys,
    by,
    blobs,
    async load(reader): Promise<Decision> {
      const now = team.clock.now()
      const rows = new Rows(reader, projection, now, by)
      rows.keep(blobs)
      const steps = new RunSteps(rows, now)
      const refused = await prepare(rows, steps)
      return refused ?? { events: steps.events, blobs: steps.blobs }
    },
    decide: (decision) => decision,
  })
  return events
}

/** The error about a workflow that does not exist. */
export function unknownWorkflow(workflow: string, known: readonly string[]): ErrorData {
  const near = nearestNames(workflow, known)
  const hint =
    near.length > 0
      ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`
      : 'Look at what there is with: workflow list'
  return errorData('not_found', `There is no workflow "${headOf(workflow, 80)}". ${hint}`, {
    workflow,
    nearest: near,
  })
}

/** The error about a run that does not exist. */
export async function unknownRun(reader: Reader, id: string): Promise<ErrorData> {
  const known = (await reader.list('run', { limit: 500 })).map((run) => run.id)
  const near = nearestNames(id, known)
  const hint = near.length > 0 ? `Did you mean "${near[0]}"?` : 'Look at what there is with: workflow list'
  return errorData('not_found', `There is no run "${headOf(id, 80)}". ${hint}`, { run: id, nearest: near })
}

/** The error about a stage that a run does not have. */
export async function unknownStage(
  reader: Reader,
  run: RunRow,
  stage: string,
): Promise<ErrorData | undefined> {
  const { definition } = await definitionBy(reader, run.definition)
  const known = definition.stages.map(({ id }) => id)
  if (known.includes(stage)) return undefined
  const near = nearestNames(stage, known)
  const hint = near.length > 0 ? `Did you mean "${near[0]}"?` : `It has: ${known.slice(0, 10).join(', ')}.`
  return errorData('not_found', `The run ${run.id} has no stage "${headOf(stage, 80)}". ${hint}`, {
    run: run.id,
    stage,
  })
}

function notRunning({ id, state }: RunRow, to: string): ErrorData | undefined {
  if (!hasEnded(state)) return undefined
  return errorData(
    'invalid_transition',
    `The run ${id} is ${state}, so it cannot become ${to}. Look at it with: workflow status ${id}`,
    {
      run: id,
      from: state,
      to,
    },
  )
}

function alreadyRunning(workflow: string, { id, state }: RunRow): ErrorData {
  return errorData(
    'already_running',
    `The workflow "${workflow}" is ${state} as ${id}. Wait for it, cancel it with: workflow cancel ${id}, or allow concurrentRuns in its definition.`,
    { workflow, run: id },
  )
}
