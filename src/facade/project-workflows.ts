/** Workflows that stand in files: those of the project by their names, and others by their paths. */
import { basename, extname, relative, resolve } from 'node:path'
import { AtelierError, isAtelierError, nearestNames } from '../errors.ts'
import { headOf } from '../json.ts'
import type { FoundNote, FoundProblem, WorkflowFiles } from '../loading/workflow-files.ts'
import { workflowFilesIn } from '../loading/workflow-folder.ts'
import { SHIPPED_NAMES } from '../patterns/shipped.ts'
import { definitionBy } from '../runs/definitions.ts'
import type { WorkflowLine } from '../runs/view-types.ts'
import { viewWorkflows } from '../runs/views.ts'
import type { StoreView } from '../store.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { isShipped, readShipped } from './shipped.ts'

/** What a look at one workflow found. */
export interface WorkflowCheck {
  /** Absolute path; null where a program defined it. */
  readonly file: string | null
  /** Null where the file is no workflow. */
  readonly workflow: string | null
  readonly stages: number
  readonly problems: readonly FoundProblem[]
  /** What the file says that has no effect here. */
  readonly notes: readonly FoundNote[]
}

/** Where workflows are looked for. */
export interface WorkflowSource {
  readonly store: StoreView
  /** The project folder. */
  readonly dir: string
}

/** True for what is meant as a path and not as a name: names have no such endings. */
export function isWorkflowFile(name: string): boolean {
  return ['.yaml', '.yml', '.json'].includes(extname(name))
}

/** Every workflow: those that were defined, those in files that nothing has needed yet, and those that come with Atelier. */
export async function listWorkflows({ store, dir }: WorkflowSource): Promise<readonly WorkflowLine[]> {
  const defined = new Map((await viewWorkflows(store)).map((line) => [line.name, line]))
  const { workflows, errors } = await readAll(dir)
  for (const { file, definition } of workflows) {
    const { name, description, stages } = definition
    const known = defined.get(name) ?? NEVER_RUN
    defined.set(name, { ...known, name, description, stages: stages.length, source: 'file', file })
  }
  for (const error of errors) {
    const file = fileOf(error)
    const name = nameOf(file)
    const known = defined.get(name) ?? { ...NEVER_RUN, status: 'invalid', name }
    defined.set(name, { ...known, source: 'file', file, problem: error.message.split('\n')[0] as string })
  }
  for (const line of await shippedLines(store, defined)) defined.set(line.name, line)
  return [...defined.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Those that come with Atelier and that the project has not put something else in place of. */
async function shippedLines(
  store: StoreView,
  defined: ReadonlyMap<string, WorkflowLine>,
): Promise<readonly WorkflowLine[]> {
  const lines: WorkflowLine[] = []
  for (const definition of await Promise.all(SHIPPED_NAMES.map(readShipped))) {
    const { name, description, stages } = definition
    const known = defined.get(name) ?? NEVER_RUN
    if (known.source === 'file') continue
    const row = await store.read((reader) => reader.get('workflow', name))
    if (row === undefined || row.shipped === 1)
      lines.push({ ...known, name, description, stages: stages.length, source: 'shipped' })
  }
  return lines
}

const NEVER_RUN = {
  ...{ name: '', description: null, status: 'defined', stages: 0, runs: 0 },
  ...{ run: null, definedAt: null, source: 'defined', file: null, problem: null },
} as const satisfies WorkflowLine

/**
 * A definition: that to which a run is pinned, of a file, of the project's file with that name, what a program defined, or what
 * comes with Atelier.
 * @throws AtelierError `not_found` with the nearest names, or what is wrong with the file
 */
export async function findDefinition(
  { store, dir }: WorkflowSource,
  name: string,
): Promise<{ readonly definition: WorkflowDefinition; readonly run: string | null }> {
  if (isWorkflowFile(name)) return { definition: await loadFile(dir, name), run: null }
  const stored = await store.read(async (reader) => {
    const run = await reader.get('run', name)
    const row = await reader.get('workflow', name)
    // What came with Atelier is read as it comes with this version.
    const hash = run?.definition ?? (row?.shipped === 1 && isShipped(name) ? undefined : row?.definition)
    const definition = hash === undefined ? undefined : (await definitionBy(reader, hash)).definition
    return { run: run?.id ?? null, definition }
  })
  if (stored.run !== null && stored.definition !== undefined)
    return { definition: stored.definition, run: stored.run }
  const { workflows, errors } = await readAll(dir)
  const inFile = workflows.find(({ definition }) => definition.name === name)
  const definition = inFile?.definition ?? stored.definition
  if (definition !== undefined) return { definition, run: null }
  const broken = errors.find((error) => nameOf(fileOf(error)) === name)
  if (broken === undefined && isShipped(name)) return { definition: await readShipped(name), run: null }
  throw broken ?? (await unknown({ store, dir }, name))
}

/** Reads the file of a path, from the project folder where it is not absolute. */
export async function loadFile(dir: string, path: string): Promise<WorkflowDefinition> {
  const { loadWorkflow } = await import('../loading/workflow-files.ts')
  return loadWorkflow(resolve(dir, path))
}

/** Looks for all that is wrong with workflows: with those that are named, else with all in files of the project. */
export async function checkWorkflows(
  source: WorkflowSource,
  names: readonly string[] = [],
): Promise<readonly WorkflowCheck[]> {
  const files = workflowFilesIn(source.dir)
  if (names.length === 0) return checkFiles(files)
  const checks: WorkflowCheck[] = []
  for (const name of names) checks.push(...(await checkNamed(source, name, files)))
  return checks
}

async function checkNamed(
  source: WorkflowSource,
  name: string,
  files: readonly string[],
): Promise<readonly WorkflowCheck[]> {
  if (isWorkflowFile(name)) return checkFiles([resolve(source.dir, name)])
  const same = files.filter((file) => nameOf(file) === name)
  if (same.length > 0) return checkFiles(same)
  const { workflows } = await readAll(source.dir)
  const named = workflows.find(({ definition }) => definition.name === name)
  if (named !== undefined) return checkFiles([named.file])
  const { definition } = await findDefinition(source, name)
  return [
    { file: null, workflow: definition.name, stages: definition.stages.length, problems: [], notes: [] },
  ]
}

async function checkFiles(files: readonly string[]): Promise<readonly WorkflowCheck[]> {
  const { checkWorkflow } = await import('../loading/workflow-files.ts')
  const checks: WorkflowCheck[] = []
  for (const file of files) {
    const { definition, problems, notes } = await checkWorkflow(file)
    const workflow = definition?.name ?? null
    const other = checks.find((check) => workflow !== null && check.workflow === workflow)
    const doubled = other === undefined ? [] : [sameName(workflow ?? '', other.file ?? '')]
    checks.push({
      file,
      workflow,
      stages: definition?.stages.length ?? 0,
      problems: [...problems, ...doubled],
      notes,
    })
  }
  return checks
}

function sameName(name: string, other: string): FoundProblem {
  return {
    ...{ code: 'invalid_definition', line: null, column: null, stage: null, field: 'name' },
    message: `The workflow is named "${name}", as the one in ${other}. Give one of them another name.`,
    ...{ allowed: null, nearest: [] },
  }
}

/** What is wrong with the project's file of that name, where there is one that is no workflow. */
export async function problemOf({ dir }: WorkflowSource, name: string): Promise<AtelierError | undefined> {
  return (await readAll(dir)).errors.find((error) => nameOf(fileOf(error)) === name)
}

/** What the files of a project hold; a folder that cannot be read is an error beside the others. */
export async function readAll(dir: string): Promise<WorkflowFiles> {
  try {
    if (workflowFilesIn(dir).length === 0) return { workflows: [], errors: [] }
    const { loadWorkflows } = await import('../loading/workflow-files.ts')
    return await loadWorkflows(dir)
  } catch (thrown) {
    if (!isAtelierError(thrown)) throw thrown
    return { workflows: [], errors: [thrown] }
  }
}

async function unknown(source: WorkflowSource, name: string): Promise<AtelierError> {
  const known = (await listWorkflows(source)).map((line) => line.name)
  const runs = await source.store.read(async (reader) =>
    (await reader.list('run', { limit: 500 })).map(({ id }) => id),
  )
  const near = nearestNames(name, [...known, ...runs])
  const hint =
    near.length > 0
      ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`
      : known.length > 0
        ? `There are: ${known.slice(0, 10).join(', ')}.`
        : `Write one to ${relative(source.dir, resolve(source.dir, '.atelier', 'workflows', `${WORD.test(name) ? name : 'NAME'}.yaml`))}.`
  return new AtelierError('not_found', `There is no workflow "${headOf(name, 80)}". ${hint}`, {
    details: { workflow: name, nearest: near },
  })
}

const WORD = /^[\w-]{1,40}$/u

function fileOf({ details }: AtelierError): string {
  return String(details['file'])
}

function nameOf(file: string): string {
  return basename(file, extname(file))
}
