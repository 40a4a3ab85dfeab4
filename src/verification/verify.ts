/**
 * Runs the verify commands of an item, one after the other, on what an attempt or the integrator made. The engine
 * runs them, not the agent, and their exit status is the verdict.
 */
import { join } from 'node:path'

import { AtelierError } from '../errors.ts'
import { runCommand, type Command, type CommandResult } from '../processes/command.ts'
import type { Clock } from '../time/clock.ts'
import { formatDuration } from '../time/duration.ts'

/** A test suite that takes longer wants its own limit. */
const DEFAULT_VERIFY_TIMEOUT_MS = 10 * 60_000

export interface VerifyOptions {
  readonly commands: readonly Command[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly passEnv?: readonly string[]
  readonly host?: string
  /** For each command; default 10 minutes. */
  readonly timeoutMs?: number
  /** Gets `verify-1.log`, `verify-2.log`, … */
  readonly logDir: string
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

export interface Verification {
  /** Every command ended with 0. With no commands nothing was verified, and this is true. */
  readonly ok: boolean
  /** Of the commands that ran: the first one that fails is the last one. */
  readonly results: readonly CommandResult[]
}

/** Runs the commands until one fails. */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { commands, logDir, timeoutMs = DEFAULT_VERIFY_TIMEOUT_MS, ...rest } = options
  const results: CommandResult[] = []
  for (const [index, command] of commands.entries()) {
    const logFile = join(logDir, `verify-${index + 1}.log`)
    const result = await runCommand({ ...rest, command, timeoutMs, logFile })
    results.push(result)
    if (!result.ok) return { ok: false, results }
  }
  return { ok: true, results }
}

/** Why a verification failed, as its error says it. */
export type VerifyReason = 'exit' | 'timeout' | 'start' | 'cancelled'

/** The error of a verification that is not ok; undefined for one that is. */
export function verificationError({ ok, results }: Verification): AtelierError | undefined {
  const failed = results.at(-1)
  if (ok || failed === undefined) return undefined
  const reason = reasonOf(failed)
  const { command, exitCode, logFile, tail, durationMs } = failed
  const message = `Verification failed: ${JSON.stringify(command)} ${how(failed, reason)}. The whole log: ${logFile}`
  if (reason === 'cancelled') return new AtelierError('cancelled', message, { details: { command, logFile } })
  const details = { reason, command, exitCode, durationMs, logFile, tail }
  return new AtelierError('verification_failed', message, { details })
}

function reasonOf({ cancelled, timedOut, exitCode, problem }: CommandResult): VerifyReason {
  if (cancelled) return 'cancelled'
  if (timedOut) return 'timeout'
  return exitCode === null && problem !== undefined ? 'start' : 'exit'
}

function how(failed: CommandResult, reason: VerifyReason): string {
  switch (reason) {
    case 'cancelled':
      return 'was cancelled'
    case 'timeout':
      return `did not end within ${formatDuration(failed.durationMs)} and was ended`
    case 'start':
      return `could not be started: ${failed.problem}`
    case 'exit':
      return failed.exitCode === null ? 'was ended by a signal' : `ended with exit code ${failed.exitCode}`
  }
}
