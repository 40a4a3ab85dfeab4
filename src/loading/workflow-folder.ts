/** Which workflows a project has. Light: what reads them is loaded on demand. */
import { readdirSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { AtelierError, messageOf } from '../errors.ts'

const ENDINGS: readonly string[] = ['.yaml', '.yml', '.json']
/** More are no workflows that people wrote. */
const MAX_FILES = 1000

/**
 * The files in `.atelier/workflows` that are read as workflows, by name; none where there is no such folder.
 * @throws AtelierError `invalid_definition` if the folder cannot be read, or holds more than anybody writes
 */
export function workflowFilesIn(dir: string): readonly string[] {
  const folder = join(resolve(dir), '.atelier', 'workflows')
  const names = namesIn(folder).filter((name) => ENDINGS.includes(extname(name)) && !name.startsWith('.'))
  if (names.length > MAX_FILES)
    throw new AtelierError(
      'invalid_definition',
      `${folder} has ${names.length} workflows; the limit is ${MAX_FILES}.`,
      {
        details: { file: folder, limit: MAX_FILES },
      },
    )
  return names.toSorted().map((name) => join(folder, name))
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw new AtelierError('invalid_definition', `${folder} cannot be read: ${messageOf(cause)}.`, {
      details: { file: folder },
      cause,
    })
  }
}
