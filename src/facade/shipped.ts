/** Workflows that come with Atelier: read when they are wanted, and written to files of a project that wants to edit them. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AtelierError, nearestNames } from '../errors.ts'
import { headOf } from '../json.ts'
import { exportedFiles, SHIPPED_NAMES, shippedWorkflow } from '../patterns/shipped.ts'
import type { ChildOf } from '../runs/files.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { WorkflowExport } from './workflow-contract.ts'

export function isShipped(name: string): boolean {
  return SHIPPED_NAMES.includes(name)
}

/**
 * The definition of a workflow that comes with Atelier.
 * @throws AtelierError `not_found`
 */
export async function readShipped(name: string): Promise<WorkflowDefinition> {
  const text = shippedWorkflow(name)
  if (text === undefined) throw notShipped(name)
  const [{ parseYaml }, { readWorkflow }] = await Promise.all([
    import('../loading/yaml-source.ts'),
    import('../workflow/definition-schema.ts'),
  ])
  const read = readWorkflow((await parseYaml(text)).value, { name, fields: 'snake' })
  if (read.ok) return read.definition
  const { definitionError } = await import('../workflow/problems.ts')
  throw definitionError(`Workflow "${name}"`, read.problems, () => ({ text: '', details: {} }))
}

/** The workflows that come with Atelier and that are run by a stage of one, or of those within it. */
export async function shippedWithin(name: string, childOf: ChildOf): Promise<readonly string[]> {
  const names = new Set([name])
  const bodies: WorkflowDefinition[] = []
  const look = ({ stages }: WorkflowDefinition): void => {
    for (const stage of stages) {
      const work = 'work' in stage ? stage.work : undefined
      if (work?.kind !== 'workflow') continue
      if (typeof work.workflow === 'string') names.add(work.workflow)
      else bodies.push(work.workflow)
    }
  }
  // Both grow while they are read.
  for (const each of names) {
    const definition = await childOf(each)
    if (definition !== undefined) look(definition)
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) look(body)
  }
  return [...names].filter((each) => each !== name && isShipped(each))
}

/** Writes the files of a workflow that comes with Atelier into a project; those that are there stay as they are. */
export async function exportShipped(dir: string, name: string): Promise<WorkflowExport> {
  const files = exportedFiles(name)
  if (files === undefined) throw notShipped(name)
  const written: string[] = []
  const kept: string[] = []
  for (const { path, text } of files) {
    const file = join(dir, path)
    await mkdir(dirname(file), { recursive: true })
    const isNew = await writeNew(file, text)
    ;(isNew ? written : kept).push(path)
  }
  return { workflow: name, written, kept, text: null }
}

/** False where there is such a file already. */
async function writeNew(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function notShipped(name: string): AtelierError {
  const near = nearestNames(name.slice(0, 64), SHIPPED_NAMES)
  const hint =
    near.length > 0
      ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`
      : `These do: ${SHIPPED_NAMES.join(', ')}.`
  return new AtelierError(
    'not_found',
    `No workflow "${headOf(name, 80)}" comes with Atelier. ${hint} Nothing was written.`,
    { details: { workflow: name, allowed: SHIPPED_NAMES, nearest: near } },
  )
}
