/** Files of the project that stages take from: read once, when the run starts, so that all its rounds see the same. */
import { readFile, realpath } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { AtelierError } from '../errors.ts'
import { hashText, type Blob } from '../ids.ts'
import type { Json } from '../json.ts'
import type { ChildWork, WorkflowDefinition } from '../workflow/definition.ts'
import { evaluate, variablesIn } from '../workflow/expressions.ts'
import { filesOf } from '../workflow/sources.ts'
import { fillPlain } from '../workflow/templates.ts'

/** Where a run's inputs hold the hashes of its files, by path. No input has a name like it. */
export const FILES = '@files'

/** Longer texts are no specs, and no agent reads them in its prompt. */
const MAX_FILE_BYTES = 1 << 20

/** A run in a run in a run: deeper than this is a circle. */
export const DEEPEST = 5

/** The definition of a workflow that a stage names; undefined where there is none yet. */
export type ChildOf = (workflow: string) => Promise<WorkflowDefinition | undefined>

type Inputs = Readonly<Record<string, Json>>

/**
 * The paths of all files that a run reads: those of its stages, and those of the runs within it, as far as these follow from its
 * inputs. What follows from a result or an element is not known before there is one.
 * @throws AtelierError `invalid_input` where an input leads out of the project
 */
export async function pathsOf(
  definition: WorkflowDefinition,
  inputs: Inputs,
  childOf: ChildOf,
): Promise<ReadonlySet<string>> {
  const paths = new Set<string>()
  const collect = async (each: WorkflowDefinition, known: Inputs, depth: number): Promise<void> => {
    const own = filesOf(each, known)
    if (!own.ok) throw new AtelierError('invalid_input', `${own.why}. No run was started.`)
    for (const { file } of own.files) paths.add(file)
    for (const stage of each.stages) {
      const work = 'work' in stage ? stage.work : undefined
      if (work?.kind !== 'workflow' || depth === DEEPEST) continue
      const child = typeof work.workflow === 'string' ? await childOf(work.workflow) : work.workflow
      if (child === undefined) continue
      const values = knownInputs(child, work, known)
      await collect(withKnownPaths(child, values), values, depth + 1)
    }
  }
  await collect(definition, inputs, 1)
  return paths
}

/** The inputs of a child run that follow from those of its parent; whether they fit is looked at when it begins. */
function knownInputs(child: WorkflowDefinition, { inputs: expressions }: ChildWork, inputs: Inputs): Inputs {
  const known: Record<string, Json> = {}
  for (const [name, { default: otherwise }] of Object.entries(child.inputs)) {
    const expression = expressions[name]
    if (expression === undefined) {
      if (otherwise !== undefined) known[name] = otherwise
    } else if (variablesIn(expression).every((each) => each === 'inputs')) {
      const value = evaluate(expression, { inputs })
      if (value.ok) known[name] = value.value
    }
  }
  return known
}

/** Without the paths that need an input which is not known yet. */
function withKnownPaths(definition: WorkflowDefinition, inputs: Inputs): WorkflowDefinition {
  const stages = definition.stages.map((stage) => ({
    ...stage,
    from: stage.from.filter((source) => !('file' in source) || fillPlain(source.file, { inputs }).ok),
  }))
  return { ...definition, stages }
}

export interface ReadFiles {
  /** The hash of each text by its path. */
  readonly hashes: Readonly<Record<string, string>>
  readonly blobs: readonly Blob[]
}

/**
 * Reads the files.
 * @param inputs those that the workflow has, by name
 * @throws AtelierError `not_found` with the path, `forbidden` for one outside of the project, `invalid_input` for one that is too long
 */
export async function readFiles(
  dir: string,
  paths: Iterable<string>,
  inputs: Readonly<Record<string, unknown>> = {},
): Promise<ReadFiles> {
  const hashes: Record<string, string> = {}
  const blobs: Blob[] = []
  for (const path of paths) {
    const body = await readText(dir, path, Object.keys(inputs))
    const hash = hashText(body)
    hashes[path] = hash
    blobs.push({ hash, body })
  }
  return { hashes, blobs }
}

async function readText(dir: string, path: string, inputs: readonly string[]): Promise<string> {
  const details = { path }
  const whole = resolve(dir, path)
  let real: string
  try {
    real = await realpath(whole)
  } catch {
    const otherwise =
      inputs.length === 0
        ? 'correct the path in the workflow'
        : `look at the inputs of the workflow, which may lead elsewhere: ${inputs.join(', ')}`
    throw new AtelierError(
      'not_found',
      `There is no file ${path} in ${dir}, from which a stage takes its input. No run was started and no agent was called. Write the file, or ${otherwise}.`,
      { details },
    )
  }
  const from = relative(await realpath(dir), real)
  if (from.startsWith(`..${sep}`) || from === '..' || resolve(from) === from)
    throw new AtelierError(
      'forbidden',
      `The file ${path} lies outside of the project, so no stage takes from it.`,
      { details },
    )
  const bytes = await readFile(real)
  if (bytes.byteLength > MAX_FILE_BYTES)
    throw new AtelierError(
      'invalid_input',
      `The file ${path} has ${bytes.byteLength} bytes; a stage takes at most ${MAX_FILE_BYTES} from one. Let the agent read it itself.`,
      { details },
    )
  return bytes.toString('utf8')
}
