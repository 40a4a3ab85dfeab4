/**
 * The workflows of a project: `.atelier/workflows/*.yaml`, `.yml` and `.json`. They name commands for the shell, so they are read
 * where the configuration is: of a folder that its user trusts, or that a program opened itself.
 */
import { basename, extname } from 'node:path'
import { AtelierError, isAtelierError, messageOf } from '../errors.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
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
  const { readWorkflow } = await import('../workflow/definition-schema.ts')
  const read = readWorkflow(source.value, {
    name: basename(file, extname(file)),
    fields: 'snake',
  })
  if (read.ok) return read.definition
  const { definitionError } = await import('../workflow/problems.ts')
  throw definitionError('', byLine(read.problems, source), (problem) => {
    const at = positionOf(problem, source)
    return { text: `${place(file, at)}: `, details: { file, ...at } }
  })
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
