/** File edits of a script: real ones, and only inside of the turn's folder. */
import { lstat, mkdir, readFile, realpath, writeFile, appendFile } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'

/** What an edit did, as the turn reports it. */
export interface FileChange {
  readonly path: string
  readonly change: 'add' | 'modify'
}

export type FileEdit =
  | { readonly path: string; readonly content: string }
  | { readonly path: string; readonly find: string; readonly replace: string }
  | { readonly path: string; readonly text: string }

/** An edit that the script asks for and that cannot be done. */
export class EditError extends Error {
  override readonly name = 'EditError'
}

/**
 * Writes, replaces or appends, making folders as needed.
 * @throws EditError if the path leaves the folder, also through a symbolic link, or the text to be replaced is not there
 */
export async function editFile(cwd: string, edit: FileEdit): Promise<FileChange> {
  const file = await confine(cwd, edit.path)
  const existed = await exists(file)
  await mkdir(dirname(file), { recursive: true })
  if ('content' in edit) {
    await writeFile(file, edit.content)
  } else if ('text' in edit) {
    await appendFile(file, edit.text)
  } else {
    const before = existed ? await readFile(file, 'utf8') : ''
    const at = before.indexOf(edit.find)
    if (at === -1)
      throw new EditError(`${edit.path} does not hold the text to be replaced: ${JSON.stringify(edit.find)}`)
    await writeFile(file, before.slice(0, at) + edit.replace + before.slice(at + edit.find.length))
  }
  return { path: relative(resolve(cwd), file), change: existed ? 'modify' : 'add' }
}

/** The absolute path of a file in a folder. */
async function confine(cwd: string, path: string): Promise<string> {
  const file = resolve(cwd, path)
  if (!isInside(resolve(cwd), file)) throw outside(path, cwd)
  // The path may look inside and lead out through a link: what exists of it decides.
  let existing = file
  while (!(await exists(existing))) existing = dirname(existing)
  const real = await realpath(existing).catch(() => undefined)
  const folder = await realpath(cwd)
  if (real === undefined || (real !== folder && !isInside(folder, real))) throw outside(path, cwd)
  return file
}

function isInside(folder: string, path: string): boolean {
  const below = relative(folder, path)
  return below !== '' && below !== '..' && !below.startsWith(`..${sep}`)
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch {
    return false
  }
}

function outside(path: string, cwd: string): EditError {
  return new EditError(`${JSON.stringify(path)} is not a file inside of ${cwd}; a script edits nothing else.`)
}
