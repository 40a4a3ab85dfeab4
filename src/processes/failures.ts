/** Why a process could not be started or did not end well, in the words of the failure kinds. */
import { statSync } from 'node:fs'

import { messageOf } from '../errors.ts'
import type { Redactor } from './redact.ts'

/** The end of what a process said that goes into a message: a stack trace's worth. */
const REASON_CHARACTERS = 2000

/** A failure of a process; its kinds are some of the kinds of `agents/failures.ts`. */
export interface ProcessFailure {
  readonly kind: 'spawn' | 'missing_executable' | 'invalid_request' | 'protocol' | 'process_exit'
  readonly message: string
}

/** How a process ended: an exit status, or the signal that ended it. */
export interface ProcessExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Names what kept a process from starting. */
export function spawnFailure(error: unknown, file: string, cwd: string): ProcessFailure {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      // The same error code whether the program or its folder is missing.
      if (!isFolder(cwd))
        return { kind: 'spawn', message: `The folder ${cwd} does not exist, so ${file} cannot run in it.` }
      return missing(file)
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'spawn',
        message: `${file} may not be executed in ${cwd} (${code}). Check that it is an executable file and that the folder may be entered.`,
      }
    case 'E2BIG':
      return {
        kind: 'invalid_request',
        message: `The arguments of ${file} are too long for the system (on Linux 128 KiB each). Give the prompt on stdin: input: 'stdin'.`,
      }
    case 'ERR_INVALID_ARG_VALUE':
      return {
        kind: 'invalid_request',
        message: `An argument or variable of ${file} holds a NUL character, which no process can be given. Give the prompt on stdin: input: 'stdin'.`,
      }
    default:
      return { kind: 'spawn', message: `${file} could not be started: ${messageOf(error)}` }
  }
}

/** Names an exit that was no success, with the end of what the process said about it. */
export function exitFailure(what: string, exit: ProcessExit, said: string, redact: Redactor): ProcessFailure {
  const how = exit.signal === null ? `ended with exit code ${exit.code}` : `was ended by ${exit.signal}`
  const reason = redact(said).trim().slice(-REASON_CHARACTERS)
  return { kind: 'process_exit', message: `${what} ${how}${reason === '' ? '.' : `: ${reason}`}` }
}

function missing(file: string): ProcessFailure {
  const where = file.includes('/')
    ? 'It is not there, or the interpreter that its first line names is not.'
    : 'It is not on PATH.'
  return {
    kind: 'missing_executable',
    message: `${file} was not found. ${where} Install it, or correct the command.`,
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
