/** Files of the project that stages take from: read once, when the run starts, so that all its rounds see the same. */
import { readFile, realpath } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { AtelierError } from '../errors.ts'
import { hashText, type Blob } from '../ids.ts'
import type { Json } from '../json.ts'
import type { StageDefinition, WorkflowDefinition } from '../workflow/definition.ts'
import { filesOf } from '../workflow/sources.ts'
import { isTemplate } from '../workflow/templates.ts'

/** Where a run's inputs hold the hashes of its files, by path. No input has a name like it. */
export const FILES = '@files'

/** Longer texts are no specs, and no agent reads them in its prompt. */
const MAX_FILE_BYTES = 1 << 20

/**
 * The paths of all files that a run reads: those of its stages, and those of the runs within it that are known without their inputs.
 * @throws AtelierError `invalid_input` where an input leads out of the project
 */
export function pathsOf(
  definition: WorkflowDefinition,
  inputs: Readonly<Record<string, Json>>,
): ReadonlySet<string> {
  const own = filesOf(definition, inputs)
  if (!own.ok) throw new AtelierError('invalid_input', `${own.why}. No run was started.`)
  const paths = new Set(own.files.map(({ file }) => file))
  for (const stage of definition.stages) {
    const work = 'work' in stage ? stage.work : undefined
    if (work?.kind !== 'workflow' || typeof work.workflow === 'string') continue
    const plain = { ...work.workflow, stages: work.workflow.stages.map(withoutTemplates) }
    for (const path of pathsOf(plain, {})) paths.add(path)
  }
  return paths
}

/** What a path with inputs in it is, is not known before they are. */
function withoutTemplates(stage: StageDefinition): StageDefinition {
  return { ...stage, from: stage.from.filter((source) => !('file' in source) || !isTemplate(source.file)) }
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
