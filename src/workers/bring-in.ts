/** From the agent's answer to the target: commit, verify, merge. */
import { join } from 'node:path'
import type { ItemDefinition } from '../board/definition.ts'
import type { ItemRow } from '../board/item.ts'
import { AtelierError, type ErrorData } from '../errors.ts'
import { commitOf } from '../git/refs.ts'
import { isRepository } from '../git/repository.ts'
import { git } from '../git/run.ts'
import { baseFor, type AttemptBase } from '../integration/base.ts'
import { advanceChange } from '../integration/changes.ts'
import { mergeSettled, requestMerge, type MergeSettlement } from '../integration/requests.ts'
import { verificationError, verify } from '../verification/verify.ts'
import type { Workspace, WorkspaceAdapter } from '../workspace.ts'
import type { Attempt } from './attempt.ts'
import { reportFlags, reportPhase } from './commands.ts'
import type { AttemptEnd, WorkerContext } from './context.ts'
import { flagsOf } from './flags.ts'

/** What the work of an attempt is, once it is committed. */
interface Work {
  readonly head: string
  readonly tree: string
  /** False where there is nothing that the target does not have. */
  readonly isChanged: boolean
}

/**
 * What an attempt starts from.
 * @throws AtelierError `unsupported` where its work would have no branch to go to: before money is spent on it
 */
export async function baseOf(
  { team, dir }: WorkerContext,
  item: ItemRow,
  { access }: ItemDefinition,
): Promise<AttemptBase> {
  const base = await baseFor(team, { dir }, item)
  if (base.target !== null || access === 'read') return base
  throw new AtelierError(
    'unsupported',
    `The project has no branch checked out, so the work on "${item.id}" has none to go to. Check out the branch that it is for, then retry the item.`,
    { details: { item: item.id, dir } },
  )
}

/**
 * What a reader without a worktree of its own is shown: a checkout where the project folder is not what it is to look at,
 * because it has uncommitted changes or other work than what the item depends on; else undefined, and it looks there.
 */
export async function readerBase(
  { team, dir }: WorkerContext,
  item: ItemRow,
): Promise<AttemptBase | undefined> {
  const place = { dir }
  const head = (await isRepository(dir)) ? await commitOf(place, 'HEAD') : undefined
  if (head === undefined) return undefined
  const found = await baseFor(team, place, item)
  const [first, ...others] = found.base
  const isThere = others.length === 0 && first?.commit === head
  const isClean = (await git(place, ['status', '--porcelain', '--untracked-files=normal'])).trim() === ''
  return isThere && isClean ? undefined : found
}

/** The end of an attempt in the project folder itself: there is nothing to merge, and its commands are run there. */
export async function endInFolder(
  context: WorkerContext,
  attempt: Attempt,
  text: string,
): Promise<AttemptEnd> {
  const red = await verifyWork(context, attempt, { cwd: attempt.place.cwd, env: {} })
  if (red !== undefined) return { kind: 'failed', error: red }
  return { kind: 'done', result: text, verified: attempt.definition.verify.length > 0, commit: null }
}

/** Brings the work of a write attempt to its target; what a reader left is not looked at. */
export async function bringIn(
  context: WorkerContext,
  attempt: Attempt,
  checkout: { readonly adapter: WorkspaceAdapter; readonly workspace: Workspace },
  text: string,
): Promise<AttemptEnd> {
  const { definition, base } = attempt
  const isReader = definition.access === 'read'
  const work = isReader ? undefined : await commitWork(context, attempt, checkout)
  if (work !== undefined) await flag(context, attempt, checkout.workspace, work)
  const red = await verifyWork(context, attempt, checkout.workspace)
  if (work === undefined || !work.isChanged || base?.target == null) {
    if (red !== undefined) return { kind: 'failed', error: red }
    return { kind: 'done', result: text, verified: definition.verify.length > 0, commit: null }
  }
  // Red work is kept as well: the next attempt goes on with it.
  await advance(context, attempt, work, checkout.workspace)
  if (red !== undefined) return { kind: 'failed', error: red }
  // A run brings what all its stages made to the target at once, when the last of them is done.
  if (definition.work?.integrate === 'end')
    return { kind: 'done', result: text, verified: definition.verify.length > 0, commit: null }
  return endOfMerge(await merge(context, attempt, work), definition, text)
}

async function commitWork(
  { host }: WorkerContext,
  { claimed, definition, base, signal }: Attempt,
  { adapter, workspace }: { readonly adapter: WorkspaceAdapter; readonly workspace: Workspace },
): Promise<Work> {
  const state = await adapter.inspect(workspace)
  const subject = claimed.item.title
  const isDirty = state.uncommitted.length > 0 || state.unfinished !== null
  const { head, tree } = isDirty ? await adapter.commit(workspace, { subject, host, signal }) : state
  if (head === null || tree === null)
    throw new AtelierError('not_found', `The worktree of "${claimed.item.id}" has no commit any more.`)
  // Also where the agent changed nothing: what an earlier attempt left may be right as it is.
  // A stage that only brings together what others made has made that.
  const by = definition.work?.doer.by
  const isJoined = (by === 'join' || by === 'merge') && (base?.base.length ?? 0) > 1
  return { head, tree, isChanged: head !== workspace.base || base?.goesOn === true || isJoined }
}

/** Says where the agent changed what is about to judge its work. */
async function flag(
  { team }: WorkerContext,
  { claimed, definition }: Attempt,
  { root, base }: Workspace,
  { head }: Work,
): Promise<void> {
  if (base === null) return
  const flags = await flagsOf({ dir: root }, { from: base, to: head }, definition.verify)
  await reportFlags(team, claimed.item.id, claimed.attempt, flags)
}

/** Runs the item's commands where the agent worked; undefined if all are green. */
async function verifyWork(
  { team, host, stateDir }: WorkerContext,
  { claimed, definition, signal }: Attempt,
  { cwd, env }: Pick<Workspace, 'cwd' | 'env'>,
): Promise<ErrorData | undefined> {
  if (definition.verify.length === 0) return undefined
  const { item, attempt } = claimed
  await reportPhase(team, item.id, attempt, 'verifying')
  for (const [index, { run, timeoutMs }] of definition.verify.entries()) {
    const logDir = join(stateDir, 'logs', attempt, String(index + 1))
    const error = verificationError(
      await verify({ commands: [run], cwd, env, host, timeoutMs, logDir, signal, clock: team.clock }),
    )
    if (error !== undefined) return error.toJSON()
  }
  return undefined
}

async function advance(
  { team, dir }: WorkerContext,
  { claimed, base }: Attempt,
  { head, tree }: Work,
  workspace: Workspace,
): Promise<void> {
  const { item, attempt } = claimed
  await advanceChange(
    team,
    { dir },
    {
      change: item.change,
      item: item.id,
      attempt,
      from: base?.from ?? null,
      head,
      tree,
      base: workspace.base,
      target: base?.target as string,
    },
  )
}

async function merge(
  { team }: WorkerContext,
  { claimed, definition, base, signal }: Attempt,
  { head }: Work,
): Promise<MergeSettlement> {
  const { item, attempt } = claimed
  await reportPhase(team, item.id, attempt, 'merging')
  const id = await requestMerge(team, {
    item: item.id,
    attempt,
    change: item.change,
    target: base?.target as string,
    mode: definition.merge,
    head,
    title: item.title,
    verified: definition.verify.length > 0,
  })
  return mergeSettled(team, id, signal)
}

function endOfMerge(
  settlement: MergeSettlement,
  { verify: commands }: ItemDefinition,
  text: string,
): AttemptEnd {
  switch (settlement.state) {
    case 'merged':
      return { kind: 'done', result: text, verified: commands.length > 0, commit: settlement.commit }
    case 'rejected':
      return { kind: 'failed', error: settlement.error }
    case 'held':
      return { kind: 'held', reason: settlement.reason, result: text }
  }
}
