/** Runs the commands that prepare a worktree and those that take down what they prepared. */
import { join } from 'node:path'

import { AtelierError } from '../../errors.ts'
import { runCommand, type Command, type CommandResult } from '../../processes/command.ts'

export interface SetUpOptions {
  readonly kind: 'set-up' | 'tear-down'
  readonly commands: readonly Command[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly passEnv: readonly string[]
  readonly timeoutMs: number
  readonly logDir: string
  readonly host?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Runs the commands until one fails, and gives that one. */
export async function runSetUp(options: SetUpOptions): Promise<CommandResult | undefined> {
  const { kind, commands, logDir, host, signal, ...rest } = options
  for (const [index, command] of commands.entries()) {
    const result = await runCommand({
      ...rest,
      command,
      logFile: join(logDir, `${kind}-${index + 1}.log`),
      ...(host !== undefined && { host }),
      ...(signal !== undefined && { signal }),
    })
    if (!result.ok) return result
  }
  return undefined
}

/** How a command failed, for a message. */
export function describeFailure(kind: SetUpOptions['kind'], failed: CommandResult): string {
  const { command, timedOut, exitCode, problem, logFile, tail } = failed
  const how = timedOut
    ? 'did not end in time and was ended'
    : exitCode === null
      ? `did not run${problem === undefined ? '' : ` (${problem})`}`
      : `ended with exit code ${exitCode}`
  return `The ${kind} command ${JSON.stringify(command)} ${how}. The whole log: ${logFile}${tail === '' ? '' : `\n${tail}`}`
}

/** The error of a set-up that failed. */
export function setUpError(failed: CommandResult): AtelierError {
  const message = describeFailure('set-up', failed)
  if (failed.cancelled) return new AtelierError('cancelled', message)
  const { command, exitCode, timedOut, logFile, tail } = failed
  const details = { reason: 'set-up', command, exitCode, timedOut, logFile, tail }
  return new AtelierError('workspace_failed', message, { details })
}
