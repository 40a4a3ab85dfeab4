/** SQLite's result codes as typed errors: what, which file, why, and a way on that destroys nothing. */
import { dirname } from 'node:path'
import { AtelierError, messageOf } from '../../errors.ts'

/** Primary result codes, https://sqlite.org/rescode.html. */
const BUSY = 5
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const PROTOCOL = 15
const NOTADB = 26
/** The shared-memory file could not be enlarged: the extended form of IOERR that a full disk gives. */
const IOERR_SHMSIZE = 4874

/** True if another process holds the lock that was wanted: worth another try. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error) & 0xff
  return code === BUSY || code === PROTOCOL
}

/** The typed error of what SQLite threw; anything else as it is: it may come from a command's own code. */
export function storeError(error: unknown, path: string): unknown {
  const code = resultCode(error)
  if (code === IOERR_SHMSIZE) return diskFull(path, error)
  switch (code & 0xff) {
    case BUSY:
    case PROTOCOL:
      return storeBusy(path, error)
    case FULL:
      return diskFull(path, error)
    case CORRUPT:
    case NOTADB:
      return storeCorrupt(path, messageOf(error), error)
    case READONLY:
    case CANTOPEN:
    case IOERR:
      return storeUnwritable(path, messageOf(error), error)
    default:
      return error
  }
}

/** The typed error of a folder that could not be made. */
export function folderError(error: unknown, path: string): AtelierError {
  const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC'
  return isFull ? diskFull(path, error) : storeUnwritable(path, messageOf(error), error)
}

export function storeBusy(path: string, cause?: unknown): AtelierError {
  return new AtelierError(
    'store_busy',
    `Another process kept the state database ${path} locked for too long, so nothing was written. Try again; if it stays so, look for a process that has the file open, such as a backup or a database browser.`,
    { details: { path }, cause },
  )
}

export function storeCorrupt(path: string, reason: string, cause?: unknown): AtelierError {
  return new AtelierError(
    'store_corrupt',
    `The state database ${path} cannot be read: ${reason}. The file was kept as it is. To go on, point Atelier at another state folder, or move the file aside together with its -wal and -shm files; a copy of it can be examined with sqlite3 and its .recover command.`,
    { details: { path, reason }, cause },
  )
}

export function storeUnwritable(path: string, reason: string, cause?: unknown): AtelierError {
  return new AtelierError(
    'store_unwritable',
    `The state database ${path} cannot be opened or written: ${reason}. Give this user write access to the folder ${dirname(path)} and the files in it, or point Atelier at a state folder that is writable.`,
    { details: { path, reason }, cause },
  )
}

export function newerSchema(path: string, found: number, known: number): AtelierError {
  return new AtelierError(
    'unsupported',
    `The state database ${path} was written by a newer version of Atelier: its schema is ${found}, and this version knows ${known}. Update Atelier, or point this version at another state folder. The file was kept as it is.`,
    { details: { path, schema: found, known } },
  )
}

function diskFull(path: string, cause: unknown): AtelierError {
  return new AtelierError(
    'disk_full',
    `There is no room left on the disk for the state database ${path}, so nothing of this command was written. Make some room there, then run it again.`,
    { details: { path }, cause },
  )
}

function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0
}
