/** Commands as the CLI knows them: every operation, and the few verbs that only a command line has. */
import { commandName } from '../operations/names.ts'
import type { Operation, OperationGroup, Param } from '../operations/operation.ts'
import type { Session } from './session.ts'

/** What a command line came to: the number that the process exits with. */
export type ExitStatus = number

export const EXIT_OK: ExitStatus = 0
export const EXIT_INCOMPLETE: ExitStatus = 3
export const EXIT_INTERRUPTED: ExitStatus = 130

/** A verb that only the CLI has. */
export interface CliCommand {
  readonly name: string
  readonly summary: string
  readonly details?: string
  readonly group: 'workshop'
  readonly params: readonly Param[]
  readonly examples: readonly string[]
  /** Loads what runs it. */
  readonly load: () => Promise<(input: never, session: Session) => Promise<ExitStatus>>
}

export type Command = Operation | CliCommand

export type CommandGroup = OperationGroup | CliCommand['group']

/** What to write for a command: its name, or the words that it has here. */
export function wordsOf(command: Command): string {
  return commandName(command)
}

/** True for what is no verb of the other surfaces. */
export function isCliCommand(command: Command): command is CliCommand {
  return command.group === 'workshop'
}
