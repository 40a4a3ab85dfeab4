/** Verifies candidates: each in a checkout of its own, with the commands of all items that are in it. */
import { join } from 'node:path'
import type { ItemDefinition, VerifyCommand } from '../board/definition.ts'
import type { MergeRow } from '../board/merge.ts'
import { errorData, isAtelierError, type ErrorData } from '../errors.ts'
import { hashText, newId } from '../ids.ts'
import { verificationError, verify } from '../verification/verify.ts'
import type { WorkspaceAdapter } from '../workspace.ts'
import type { Candidate } from './candidates.ts'

/** What a candidate is verified with, given by the composition root. */
export interface Verifier {
  readonly host: string
  /** Gets the logs, below `logs/`. */
  readonly stateDir: string
  /** Worktrees of the project, prepared like those of attempts. */
  worktrees(): Promise<WorkspaceAdapter>
  /** Names of variables that verify commands get from this process. */
  readonly passEnv?: readonly string[]
}

/** What is verified: a commit, on behalf of the candidate that is the last in it. */
export interface Verification {
  readonly commit: string
  readonly of: Pick<MergeRow, 'id' | 'item' | 'title' | 'change'>
  readonly commands: readonly VerifyCommand[]
}

/** Checkouts of integrators are told from those of attempts by their names. */
const CHECKOUT_PREFIX = 'merge-'
/**
 * Attempts take the lowest free slots of a machine, so the last ones belong to integrators: one for each target, which
 * has one integrator.
 */
const FIRST_SLOT = 184
const SLOTS = 16

/** The commands of several items, each once, with the longest of its limits. */
export function unionOf(items: readonly Pick<ItemDefinition, 'verify'>[]): readonly VerifyCommand[] {
  const union = new Map<string, VerifyCommand>()
  for (const { verify: commands } of items) {
    for (const command of commands) {
      const known = union.get(command.run)
      if (known === undefined || known.timeoutMs < command.timeoutMs) union.set(command.run, command)
    }
  }
  return [...union.values()]
}

/**
 * Runs the commands on a commit until one fails.
 * @returns undefined if all were green, else what failed; a set-up that fails counts like a command
 * @throws AtelierError `cancelled` if the signal was aborted, and what keeps git from making the checkout
 */
export async function verifyCommit(
  verifier: Verifier,
  { commit, of, commands }: Verification,
  signal: AbortSignal,
): Promise<ErrorData | undefined> {
  if (commands.length === 0) return undefined
  const { host, stateDir, passEnv } = verifier
  const adapter = await verifier.worktrees()
  const attempt = `${CHECKOUT_PREFIX}${host}-${newId('proc').slice(-8)}`
  const slot = FIRST_SLOT + (Number.parseInt(hashText(of.id).slice(0, 8), 16) % SLOTS)
  const item = { id: of.item, title: of.title }
  try {
    const { cwd, env } = await adapter.acquire({
      ...{ attempt, item, change: of.change, base: [{ commit }], access: 'read', slot, host, signal },
    })
    const logs = join(stateDir, 'logs', of.id, commit.slice(0, 10))
    for (const [index, { run, timeoutMs }] of commands.entries()) {
      const logDir = join(logs, String(index + 1))
      const options = { commands: [run], cwd, env, host, timeoutMs, logDir, signal }
      const error = verificationError(await verify({ ...options, ...(passEnv && { passEnv }) }))
      if (error !== undefined && error.code !== 'verification_failed') throw error
      if (error !== undefined) return error.toJSON()
    }
    return undefined
  } catch (error) {
    if (isAtelierError(error, 'workspace_failed') && error.details['reason'] === 'set-up')
      return error.toJSON()
    throw error
  } finally {
    await adapter.release({ attempt }, { files: 'remove', host })
  }
}

/** The error of the one that is to blame, with what it was merged with. */
export function rejectionOf(
  error: ErrorData,
  { item, onto }: Pick<Candidate, 'item' | 'onto'>,
  target: string,
): ErrorData {
  return errorData(
    'verification_failed',
    `The work of "${item}" merges with ${target}, and is red there: ${error.message}`,
    { ...error.details, item, target, onto, cause: error.code },
  )
}

/** Removes checkouts that integrators of dead hosts left. */
export async function sweepCheckouts(verifier: Verifier, hosts: ReadonlySet<string>): Promise<void> {
  const adapter = await verifier.worktrees()
  for (const { attempt } of await adapter.list()) {
    if (!attempt.startsWith(CHECKOUT_PREFIX)) continue
    const owner = attempt.slice(CHECKOUT_PREFIX.length, attempt.lastIndexOf('-'))
    if (owner !== verifier.host && !hosts.has(owner))
      await adapter.release({ attempt }, { files: 'remove', host: verifier.host })
  }
}
