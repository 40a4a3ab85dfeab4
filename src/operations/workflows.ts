/** Workflows and their runs. On a command line each verb is a word after `workflow`. */
import { ERROR_CODES } from '../errors.ts'
import type { Workshop } from '../facade/contract.ts'
import { operation, signalOf, type Operation, type OperationContext, type Param } from './operation.ts'
import type { Outputs } from './outputs.ts'
import { LAST_RUN, LEVEL, REASON, RUN, STAGE } from './run-params.ts'
import { readInputs } from './workflow-inputs.ts'

type Outcome = Outputs['resume-run']

/** How long somebody waits for a run. */
const WAITING = [
  { name: 'detach', type: 'boolean', description: 'Return at once; a background host does the work' },
  {
    name: 'timeout',
    type: 'duration',
    description: 'Stop waiting after this long; the run goes on',
    default: 'no limit',
  },
] as const satisfies readonly Param[]

/** A run that has failed is an error, and one that has not come to its end is incomplete. */
function statusOfRun({ status, error }: Pick<Outcome, 'status' | 'error'>): number {
  switch (status) {
    case 'completed':
    case 'running':
    case 'paused':
      return 0
    case 'partially_completed':
    case 'cancelled':
      return 3
    case 'failed':
      return error?.code === 'budget_exceeded' ? ERROR_CODES.budget_exceeded.exit : 1
  }
}

interface Waiting {
  readonly detach?: boolean | undefined
  readonly timeout?: number | string | undefined
}

/** Waits for the end of a run, unless it is to go on alone. */
async function outcomeOf(
  shop: Workshop,
  id: string,
  { detach, timeout }: Waiting,
  context: OperationContext,
): Promise<Outcome> {
  const run = shop.run(id)
  await context.onRun?.(id)
  if (detach === true) return { ...(await run.status()), result: null, detached: true }
  return run.ended({ ...(timeout === undefined ? {} : { timeout }), ...signalOf(context) })
}

const runWorkflow: Operation = operation({
  name: 'run-workflow',
  command: 'workflow run',
  summary: 'Run a workflow: by its name, or from a file',
  details:
    'It waits for the end of the run, and shows how it goes on; Ctrl-C only stops watching. Where no host runs, this command does the work itself. Ends with 0 if the run is completed, 3 if only in part or if it was cancelled, 1 if it has failed, 4 if its budget was spent.',
  group: 'workflows',
  needs: 'host',
  rights: 'operate',
  hosted: () => [],
  work: 'call',
  waits: true,
  follows: 'run',
  exitStatus: (output) =>
    'waves' in output
      ? output.problems.reduce((status, { code }) => status || ERROR_CODES[code].exit, 0)
      : statusOfRun(output),
  params: [
    {
      name: 'name',
      type: 'string',
      required: true,
      positional: true,
      placeholder: 'name|file',
      isPath: true,
      description: 'Name of the workflow, or a file ending in .yaml, .yml or .json',
    },
    {
      name: 'input',
      type: 'texts',
      only: 'cli',
      description: 'An input of the workflow',
      placeholder: 'name=value',
    },
    { name: 'inputs', type: 'json', description: 'All inputs by name, as JSON', placeholder: 'json' },
    {
      name: 'inputFile',
      type: 'string',
      only: 'cli',
      reads: { into: 'inputs', as: 'data' },
      description: 'Read the inputs from this JSON or YAML file; - is standard input',
      placeholder: 'file',
    },
    {
      name: 'dryRun',
      type: 'boolean',
      description: 'Show the waves, who would do what, and what it may cost; start and store nothing',
    },
    ...WAITING,
  ],
  examples: [
    'atelier workflow run feature --input spec=specs/login.md',
    'atelier workflow run feature --dry-run',
    'atelier workflow run ./release.yaml --input-file inputs.json --detach',
  ],
  library: "await shop.runWorkflow('feature', { inputs: { spec: 'specs/login.md' } })",
  async run(shop, { name, input = [], inputs: given = {}, dryRun, inputFile: _file, ...waiting }, context) {
    const inputs =
      input.length === 0
        ? readInputs(NO_INPUTS, [], given)
        : readInputs(await shop.workflowDefinition(name), input, given)
    if (dryRun === true) return shop.planWorkflow(name, { inputs })
    const run = await shop.runWorkflow(name, { inputs })
    return outcomeOf(shop, run.id, waiting, context)
  },
})

const NO_INPUTS = { inputs: {} }

const validate: Operation = operation({
  name: 'validate-workflows',
  command: 'workflow validate',
  summary: 'Check workflows, and say what is wrong in which line; nothing is started',
  details: 'Without names it checks all files of .atelier/workflows. Ends with 2 if something is wrong.',
  group: 'workflows',
  needs: 'views',
  rights: 'read',
  exitStatus: (checks) =>
    checks.some(({ problems }) => problems.length > 0) ? ERROR_CODES.invalid_definition.exit : 0,
  params: [
    {
      name: 'names',
      type: 'names',
      positional: true,
      rest: true,
      placeholder: 'name|file',
      isPath: true,
      description: 'Names of workflows, or files',
      default: 'all of the project',
    },
  ],
  examples: ['atelier workflow validate', 'atelier workflow validate feature ./release.yaml'],
  library: "await shop.validateWorkflows(['feature'])",
  run: (shop, { names }) => shop.validateWorkflows(names),
})

const list: Operation = operation({
  name: 'workflows',
  command: 'workflow list',
  summary: 'List the workflows, with how the last run of each stands',
  group: 'workflows',
  needs: 'views',
  rights: 'read',
  params: [],
  examples: ['atelier workflow list', 'atelier workflow list --json'],
  library: 'await shop.workflows()',
  run: (shop) => shop.workflows(),
})

const status: Operation = operation({
  name: 'workflow-status',
  command: 'workflow status',
  summary: 'Show how a run stands: its stages, what each waits for, and what helps it on',
  group: 'workflows',
  needs: 'views',
  rights: 'read',
  params: [LAST_RUN],
  examples: ['atelier workflow status feature', 'atelier workflow status feature-2 --json'],
  library: "await shop.workflowStatus('feature')",
  run: (shop, { run }) => shop.workflowStatus(run),
})

const graph: Operation = operation({
  name: 'workflow-graph',
  command: 'workflow graph',
  summary: 'Draw a workflow, or a run with how its stages stand',
  group: 'workflows',
  needs: 'views',
  rights: 'read',
  params: [
    {
      ...RUN,
      name: 'name',
      placeholder: 'name|run|file',
      isPath: true,
      description: 'Name of the workflow, id of a run, or a file',
    },
    { name: 'mermaid', type: 'boolean', only: 'cli', description: 'Print it as a Mermaid flowchart' },
  ],
  examples: ['atelier workflow graph feature', 'atelier workflow graph feature-1 --mermaid'],
  library: "await shop.workflowGraph('feature')",
  run: (shop, { name }) => shop.workflowGraph(name),
})

const trace: Operation = operation({
  name: 'trace',
  command: 'workflow trace',
  summary: 'Show who made what from what in a run',
  group: 'workflows',
  needs: 'views',
  rights: 'read',
  params: [RUN],
  examples: ['atelier workflow trace feature-1'],
  library: "await shop.trace('feature-1')",
  run: (shop, { run }) => shop.trace(run),
})

const pause: Operation = operation({
  name: 'pause-run',
  command: 'workflow pause',
  summary: 'Start no more stages of a run; what runs goes on to its end',
  group: 'workflows',
  needs: 'team',
  rights: 'operate',
  params: [RUN, REASON],
  examples: ["atelier workflow pause feature 'The API is down'"],
  library: "await shop.pauseRun('feature')",
  run: (shop, { run, reason }) => shop.pauseRun(run, reason),
})

const resume: Operation = operation({
  name: 'resume-run',
  command: 'workflow resume',
  summary: 'Go on with a run that was paused, or that no host works on, and wait for its end',
  details:
    'What is finished is not done again. Of a run that has ended it prints the result, or why there is none.',
  group: 'workflows',
  needs: 'host',
  rights: 'operate',
  hosted: () => [],
  work: 'call',
  waits: true,
  follows: 'run',
  exitStatus: statusOfRun,
  params: [
    RUN,
    { ...LEVEL, description: `Hand over its last checkpoint first. ${LEVEL.description}` },
    ...WAITING,
  ],
  examples: ['atelier workflow resume feature-1', 'atelier workflow resume feature --level context'],
  library: "await shop.resumeRun('feature-1')",
  async run(shop, { run, level, ...waiting }, context) {
    const [handover = null] =
      level === undefined ? [] : await shop.checkpoints(run, { limit: 1, level, all: true })
    if (handover !== null) context.onHandover?.(handover)
    const told = level === undefined ? {} : { handover }
    const now = await shop.workflowStatus(run)
    // One that has ended has nothing to go on with, and is told as it ended.
    if (now !== null && now.settledAt !== null) return { ...(await shop.run(now.id).ended()), ...told }
    const { id } = await shop.resumeRun(run)
    return { ...(await outcomeOf(shop, id, waiting, context)), ...told }
  },
})

const cancel: Operation = operation({
  name: 'cancel-run',
  command: 'workflow cancel',
  summary: 'End a run; what runs of it is stopped',
  group: 'workflows',
  needs: 'team',
  rights: 'operate',
  params: [RUN, REASON],
  examples: ["atelier workflow cancel feature-1 'Not needed any more'"],
  library: "await shop.cancelRun('feature-1')",
  run: (shop, { run, reason }) => shop.cancelRun(run, reason),
})

const skip: Operation = operation({
  name: 'skip-stage',
  command: 'workflow skip',
  summary: 'Let what needs a stage go on without it',
  group: 'workflows',
  needs: 'team',
  rights: 'operate',
  params: [RUN, { ...STAGE, required: true }],
  examples: ['atelier workflow skip feature-1 docs'],
  library: "await shop.skipStage('feature-1', 'docs')",
  run: (shop, { run, stage }) => shop.skipStage(run, stage),
})

const retry: Operation = operation({
  name: 'retry-stage',
  command: 'workflow retry',
  summary: 'Do a stage of a run again, and what rests on it, and wait for the end of the run',
  details: 'What is finished beside it is not done again.',
  group: 'workflows',
  needs: 'host',
  rights: 'operate',
  hosted: () => [],
  work: 'call',
  waits: true,
  follows: 'run',
  exitStatus: statusOfRun,
  params: [RUN, { ...STAGE, default: 'the first that has failed' }, ...WAITING],
  examples: ['atelier workflow retry feature', 'atelier workflow retry feature-1 test --detach'],
  library: "await shop.retryStage('feature-1', 'test')",
  async run(shop, { run, stage, ...waiting }, context) {
    const { id } = await shop.retryStage(run, stage)
    return outcomeOf(shop, id, waiting, context)
  },
})

const signal: Operation = operation({
  name: 'signal-run',
  command: 'workflow signal',
  summary: 'Send a word to stages of a run that wait for it',
  group: 'workflows',
  needs: 'team',
  rights: 'operate',
  params: [
    RUN,
    { name: 'signal', type: 'string', required: true, positional: true, description: 'Name of the signal' },
    {
      name: 'value',
      type: 'json',
      orText: true,
      positional: true,
      rest: true,
      stdin: 'dash',
      description: 'What the stage gives as its result: JSON, or a text',
    },
  ],
  examples: [
    'atelier workflow signal feature-1 deployed',
    `atelier workflow signal feature deployed '{"ok":true}'`,
  ],
  library: "await shop.signalRun('feature-1', 'deployed', { ok: true })",
  run: (shop, { run, signal: name, value }) => shop.signalRun(run, name, value),
})

const reset: Operation = operation({
  name: 'reset-workflow',
  command: 'workflow reset',
  summary: 'Forget the runs of a workflow, with their items, as if it had only been defined',
  details: 'The log keeps what they were. It is refused while one of them has not ended.',
  group: 'workflows',
  needs: 'team',
  rights: 'operate',
  params: [
    { name: 'name', type: 'string', required: true, positional: true, description: 'Name of the workflow' },
  ],
  examples: ['atelier workflow reset feature'],
  library: "await shop.resetWorkflow('feature')",
  async run(shop, { name }) {
    return { workflow: name, forgotten: await shop.resetWorkflow(name) }
  },
})

export const WORKFLOWS: readonly Operation[] = [
  runWorkflow,
  validate,
  list,
  status,
  graph,
  trace,
  pause,
  resume,
  cancel,
  skip,
  retry,
  signal,
  reset,
]
