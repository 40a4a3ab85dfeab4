/**
 * The workflows of a project: `.atelier/workflows/*.yaml`, `.yml` and `.json`. They name commands for the shell, so they are read
 * where the configuration is: of a folder that its user trusts, or that a program opened itself.
 */
import { basename, extname } from 'node:path'
import { AtelierError, isAtelierError, messageOf, type ErrorCode } from '../errors.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { ReadWorkflow } from '../workflow/definition-schema.ts'
import type { WorkflowInput } from '../workflow/input.ts'
import type { WorkflowProblem } from '../workflow/problems.ts'
import { readTextFile } from './text-file.ts'
import { workflowFilesIn } from './workflow-folder.ts'
import type { Position, YamlSource } from './yaml-source.ts'

/** A workflow and the file that it was read from. */
export interface WorkflowFile {
  /** Absolute path. */
  readonly file: string
  readonly definition: WorkflowDefinition
}

/** What a folder holds: one bad file keeps no other from being read. */
export interface WorkflowFiles {
  readonly workflows: readonly WorkflowFile[]
  /** One for each file that is no workflow: `invalid_definition` and its like, with `file`, `line` and `column` in the details. */
  readonly errors: readonly AtelierError[]
}

/**
 * Reads all workflows of a project, in the order of their names. The caller has decided that the folder is trusted.
 * @param dir the project folder
 */
export async function loadWorkflows(dir: string): Promise<WorkflowFiles> {
  const files = workflowFilesIn(dir)
  const workflows: WorkflowFile[] = []
  const errors: AtelierError[] = []
  const byName = new Map<string, string>()
  for (const file of files)
    try {
      const definition = await loadWorkflow(file)
      const other = byName.get(definition.name)
      if (other !== undefined) throw twice(file, other, definition.name)
      byName.set(definition.name, file)
      workflows.push({ file, definition })
    } catch (thrown) {
      if (!isAtelierError(thrown)) throw thrown
      errors.push(thrown)
    }
  return { workflows, errors }
}

/**
 * Reads one workflow; its name is that of the file, unless it says another.
 * @throws AtelierError naming file, line, column, stage and field, and what is allowed
 */
export async function loadWorkflow(file: string): Promise<WorkflowDefinition> {
  return (await loadFile(file)).definition
}

/**
 * What a file of another system is in our form, as YAML.
 * @throws AtelierError as `loadWorkflow`, and `invalid_input` for a file that is in our form already
 */
export async function translateWorkflow(
  file: string,
): Promise<{ readonly workflow: string; readonly text: string }> {
  const { definition, translated } = await loadFile(file)
  if (translated !== null) {
    const { workflowText } = await import('./workflow-text.ts')
    return { workflow: definition.name, text: await workflowText(translated) }
  }
  throw new AtelierError(
    'invalid_input',
    `${file} is written in the form of Atelier, so that there is nothing to translate. Run it: atelier workflow run ${file}`,
    { details: { file } },
  )
}

async function loadFile(file: string): Promise<Extract<ReadFile, { readonly ok: true }>> {
  const read = await readWorkflowFile(file)
  if (read.ok) return read
  const { definitionError } = await import('../workflow/problems.ts')
  throw definitionError('', read.problems, (problem) => {
    const at = read.positionOf(problem)
    return { text: `${place(file, at)}: `, details: { file, ...at } }
  })
}

/** One thing that is wrong with a file, and where. */
export interface FoundProblem {
  readonly code: ErrorCode
  /** Null: it is about the whole file. */
  readonly line: number | null
  readonly column: number | null
  readonly stage: string | null
  readonly field: string | null
  /** What is wrong, and how it is put right. */
  readonly message: string
  /** What may stand there: a list of words, or a rule. */
  readonly allowed: string | readonly string[] | null
  readonly nearest: readonly string[]
}

/** What a look at a file found. */
export interface CheckedFile {
  /** Null where it is no workflow. */
  readonly definition: WorkflowDefinition | null
  readonly problems: readonly FoundProblem[]
  /** What it says that has no effect here, which only files of other systems do. */
  readonly notes: readonly FoundNote[]
}

/** Something in a file that has no effect, and where. */
export interface FoundNote {
  readonly line: number | null
  readonly column: number | null
  readonly stage: string | null
  readonly field: string
  readonly message: string
}

/** Looks for all that is wrong with a file, and throws nothing for it. */
export async function checkWorkflow(file: string): Promise<CheckedFile> {
  try {
    const read = await readWorkflowFile(file)
    if (read.ok) return { definition: read.definition, problems: [], notes: read.notes }
    const problems = read.problems.map((problem): FoundProblem => {
      const { stage, field, allowed, nearest } = problem.details as Partial<FoundProblem>
      const at = read.positionOf(problem)
      return {
        ...{ code: problem.code, line: at?.line ?? null, column: at?.column ?? null },
        ...{ stage: stage ?? null, field: field === '' ? null : (field ?? null), message: problem.sentence },
        ...{ allowed: allowed ?? null, nearest: nearest ?? [] },
      }
    })
    return { definition: null, problems, notes: [] }
  } catch (thrown) {
    if (!isAtelierError(thrown)) throw thrown
    const { line, column } = thrown.details as Partial<Position>
    const at = { line: line ?? null, column: column ?? null }
    const start = line === undefined ? `${file}: ` : `${file}:${line}:${column}: `
    const message = thrown.message.startsWith(start) ? thrown.message.slice(start.length) : thrown.message
    const rest = { stage: null, field: null, allowed: null, nearest: [] }
    return { definition: null, problems: [{ code: thrown.code, ...at, message, ...rest }], notes: [] }
  }
}

type ReadFile =
  | {
      readonly ok: true
      readonly definition: WorkflowDefinition
      /** In our form; null where it is written in it. */
      readonly translated: WorkflowInput | null
      readonly notes: readonly FoundNote[]
    }
  | {
      readonly ok: false
      /** In the order of the file. */
      readonly problems: readonly WorkflowProblem[]
      readonly positionOf: (problem: WorkflowProblem) => Position | null
    }

/** @throws AtelierError where the file cannot be read, or is neither YAML nor JSON */
async function readWorkflowFile(file: string): Promise<ReadFile> {
  const text = await readTextFile(file).catch((thrown: unknown) => {
    throw new AtelierError('invalid_definition', `${file}: The file cannot be read: ${messageOf(thrown)}.`, {
      details: { file },
      cause: thrown,
    })
  })
  const { parseJson, parseYaml } = await import('./yaml-source.ts')
  const isJson = file.endsWith('.json')
  const source = isJson ? await parseJson(text) : await parseYaml(text)
  const [broken] = source.problems
  if (broken !== undefined) throw notData(file, isJson ? 'JSON' : 'YAML', broken)
  const read = await readSource(source, basename(file, extname(file)))
  if (read.ok) return read
  return {
    ok: false,
    problems: byLine(read.problems, source),
    positionOf: (problem) => positionOf(problem, source),
  }
}

/** Files of other systems are told by their form, and read as the workflow that they are translated to. */
async function readSource(
  source: YamlSource,
  name: string,
): Promise<Extract<ReadFile, { readonly ok: true }> | Extract<ReadWorkflow, { readonly ok: false }>> {
  const { isStepFile, readSteps } = await import('../workflow/steps/read.ts')
  if (!isStepFile(source.value)) {
    const { readWorkflow } = await import('../workflow/definition-schema.ts')
    const read = readWorkflow(source.value, { name, fields: 'snake' })
    return read.ok ? { ...read, translated: null, notes: [] } : read
  }
  const read = readSteps(source.value)
  if (!read.ok) return read
  const notes = read.notes.map(({ path, stage, field, sentence }): FoundNote => {
    const at = source.locate(path)
    return { line: at?.line ?? null, column: at?.column ?? null, stage, field, message: sentence }
  })
  return { ok: true, definition: read.definition, translated: read.workflow, notes }
}

function positionOf({ path, offset }: WorkflowProblem, { locate, locateText }: YamlSource): Position | null {
  return (offset === null ? null : locateText(path, offset)) ?? locate(path)
}

function byLine(problems: readonly WorkflowProblem[], source: YamlSource): readonly WorkflowProblem[] {
  const lineOf = (problem: WorkflowProblem): number => positionOf(problem, source)?.line ?? 0
  return problems.toSorted((a, b) => lineOf(a) - lineOf(b))
}

function notData(file: string, kind: string, { message, at }: YamlSource['problems'][number]): AtelierError {
  const advice = /tab/iu.test(message) ? ' Indent with spaces.' : ''
  return new AtelierError(
    'invalid_definition',
    `${place(file, at)}: This is not valid ${kind}: ${message}.${advice}`,
    {
      details: { file, ...at },
    },
  )
}

function twice(file: string, other: string, name: string): AtelierError {
  return new AtelierError(
    'invalid_definition',
    `${file}: The workflow is named "${name}", as the one in ${other}. Give one of them another name.`,
    { details: { file, field: 'name', other } },
  )
}

function place(file: string, at: Position | null): string {
  return at === null ? file : `${file}:${at.line}:${at.column}`
}
