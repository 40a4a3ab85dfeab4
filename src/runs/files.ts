/** Files of the project that stages take from: read once, when the run starts, so that all its rounds see the same. */
import { readFile, realpath } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { AtelierError } from '../errors.ts'
import { hashText, type Blob } from '../ids.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'

/** Where a run's inputs hold the hashes of its files, by path. No input has a name like it. */
export const FILES = '@files'

/** Longer texts are no specs, and no agent reads them in its prompt. */
const MAX_FILE_BYTES = 1 << 20

/** The paths of all files that a definition takes from, and those within it. */
export function filesOf({ stages }: WorkflowDefinition): ReadonlySet<string> {
  const paths = new Set<string>()
  for (const stage of stages) {
    for (const source of stage.from) if ('file' in source) paths.add(source.file)
    const work = 'work' in stage ? stage.work : undefined
    if (work?.kind === 'workflow' && typeof work.workflow !== 'string')
      for (const path of filesOf(work.workflow)) paths.add(path)
  }
  return paths
}

export interface ReadFiles {
  /** The hash of each text by its path. */
  readonly hashes: Readonly<Record<string, string>>
  readonly blobs: readonly Blob[]
}

/**
 * Reads the files.
 * @throws AtelierError `not_found` with the path, `forbidden` for one outside of the project, `invalid_input` for one that is too long
 */
export async function readFiles(dir: string, paths: Iterable<string>): Promise<ReadFiles> {
  const hashes: Record<string, string> = {}
  const blobs: Blob[] = []
  for (const path of paths) {
    const body = await readText(dir, path)
    const hash = hashText(body)
    hashes[path] = hash
    blobs.push({ hash, body })
  }
  return { hashes, blobs }
}

async function readText(dir: string, path: string): Promise<string> {
  const details = { path }
  const whole = resolve(dir, path)
  let real: string
  try {
    real = await realpath(whole)
  } catch {
    throw new AtelierError(
      'not_found',
      `There is no file ${path} in ${dir}, from which a stage takes its input. No run was started and no agent was called. Write the file, or correct the path in the workflow.`,
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
