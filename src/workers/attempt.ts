/**
 * One attempt at an item, from its claim to its settled outcome:
 *
 *     claimed ── place ── prompt ── turn ── commit ── verify ── merge ── settled ── place released
 *
 * Each step either goes on or ends the attempt; how an attempt ended is told apart once, in {@link AttemptEnd}.
 */
import type { ItemDefinition } from '../board/definition.ts'
import { itemPrompt, repairPrompt, type UpstreamResult } from '../board/prompt.ts'
import { isSimplified } from '../board/retry-policy.ts'
import { triesOf } from '../board/settling.ts'
import {
  AtelierError,
  errorData,
  isAtelierError,
  messageOf,
  type ErrorCode,
  type ErrorData,
} from '../errors.ts'
import { newId } from '../ids.ts'
import { canonicalJson } from '../json.ts'
import { readTyped } from '../json-schema.ts'
import { unpackText } from '../team/context.ts'
import { cancelMessages } from '../team/posting.ts'
import type { Settlement } from '../team/waiting.ts'
import { beginItem, type ClaimedItem } from './claims.ts'
import { completeItem, failAttempt, parkItem, returnItem } from './commands.ts'
import type { AttemptEnd, WorkerContext } from './context.ts'
import { conversationOf } from './conversation.ts'
import type { AttemptBase } from '../integration/base.ts'
import { answersAbout } from './inbox.ts'
import { baseOf, bringIn, endInFolder, readerBase } from './bring-in.ts'
import { clearEarlier, closePlace, openPlace, type Place } from './place.ts'
import { costsOf } from './costs.ts'
import { sendBack } from './rework.ts'
import { attemptsAt, definitionOf } from './rows.ts'
import type { LongWaits } from './long-waits.ts'
import { suspendAttempt, suspendedBefore } from './suspending.ts'

export interface AttemptInput {
  readonly claimed: ClaimedItem
  readonly agent: string
  readonly worktree: boolean
  /** Aborted when the item is no longer this attempt's, or when the host ends at once. */
  readonly signal: AbortSignal
  /**
   * The agent is free, since its outcome is on its way to the store: what is claimed for it in this call goes into the same
   * commit. Where the attempt holds a checkout to the end, it is called then. A second call has no meaning.
   */
  readonly onFree: (isDone: boolean) => void
  readonly waits: LongWaits
}

/** What the steps of an attempt hand on. */
export interface Attempt extends AttemptInput {
  readonly definition: ItemDefinition
  readonly place: Place
  /** What its worktree starts from; undefined without one. */
  readonly base: AttemptBase | undefined
}

/** Runs an attempt to its end and settles it. Never throws for what the attempt does: only the store can fail here. */
export async function runAttempt(context: WorkerContext, input: AttemptInput): Promise<void> {
  const { claimed, signal } = input
  let place: Place | undefined
  let end: AttemptEnd
  try {
    const { definition, suspended } = await context.team.store.read(async (reader) => ({
      definition: await definitionOf(reader, claimed.item),
      suspended: await suspendedBefore(reader, claimed.item, claimed.attempt),
    }))
    await checkBudget(context, claimed, definition)
    if (claimed.profile !== undefined) await context.standIn(claimed.owner, claimed.profile)
    const worktree = definition.work?.worktree ?? input.worktree
    if (worktree) await clearEarlier(context, claimed)
    const base = await startOf(context, { ...input, worktree }, definition)
    const upon = base?.goesOn === true ? base.from : null
    place = await openPlace(context, { claimed, definition, base: base?.base, suspended, upon, signal })
    end = await work(context, { ...input, definition, place, base })
  } catch (error) {
    end = endOf(error)
  }
  if (signal.aborted) end = { kind: 'gone' }
  // Work that could not be merged stays where it is, for whoever resolves it.
  const isKept = (end.kind === 'failed' || end.kind === 'returned') && end.error.code === 'merge_conflict'
  const files = isKept ? 'keep' : 'remove'
  const close = (): Promise<unknown> => closePlace(context, claimed, place, files).catch(context.onError)
  const isOver = end.kind === 'done' || end.kind === 'gone'
  // Before another attempt may begin, which would take away the same worktree.
  if (!isOver) await close()
  const isDone = end.kind === 'done'
  const settled = settle(context, claimed, end)
  if (!isOver || place?.checkout == null) input.onFree(isDone)
  await settled
  if (isOver) await close()
  input.onFree(isDone)
}

/** @throws AtelierError `budget_exceeded` where earlier tries have cost as much as all of them may */
async function checkBudget(
  { team }: WorkerContext,
  { item }: ClaimedItem,
  { maxCostUsd }: ItemDefinition,
): Promise<void> {
  if (maxCostUsd === null) return
  const spent = await team.store.read(async (reader) => {
    const attempts = await attemptsAt(reader, item.id)
    const costs = await costsOf(
      reader,
      attempts.map(({ id }) => id),
    )
    return [...costs.values()].reduce((sum, cost) => sum + cost, 0)
  })
  if (spent < maxCostUsd) return
  throw new AtelierError(
    'budget_exceeded',
    `The tries at "${item.id}" have cost ${spent.toFixed(2)} USD; all of them may cost ${maxCostUsd.toFixed(2)}. Replace the item with a higher maxCostUsd to go on.`,
    { details: { item: item.id, scope: `item:${item.id}`, spentUsd: spent, limitUsd: maxCostUsd } },
  )
}

/** What its checkout starts from; undefined for an attempt that works in the project folder itself. */
async function startOf(
  context: WorkerContext,
  { claimed: { item }, worktree }: AttemptInput,
  definition: ItemDefinition,
): Promise<AttemptBase | undefined> {
  if (worktree) return baseOf(context, item, definition)
  // A stage without a worktree sees what the one before it has written there, committed or not.
  if (definition.work !== undefined) return undefined
  return definition.access === 'read' ? readerBase(context, item) : undefined
}

async function work(context: WorkerContext, attempt: Attempt): Promise<AttemptEnd> {
  const answer = await ((attempt.definition.work?.doer.by ?? 'agent') === 'agent'
    ? ask(context, attempt)
    : context.perform(attempt))
  if ('kind' in answer) return answer
  const { checkout } = attempt.place
  return checkout === null
    ? endInFolder(context, attempt, answer.text)
    : bringIn(context, attempt, checkout, answer.text)
}

async function ask(
  context: WorkerContext,
  attempt: Attempt,
): Promise<{ readonly text: string } | AttemptEnd> {
  const prompt = await promptOf(context, attempt)
  const note = await goOn(context, attempt)
  return typed(
    context,
    attempt,
    await turn(context, attempt, note === null ? prompt : `${note}\n\n${prompt}`),
  )
}

/** A stage that continues does so in the last conversation of its agent; gives what that is to be told first. */
async function goOn(context: WorkerContext, { claimed, agent, definition }: Attempt): Promise<string | null> {
  const place = context.attempts.get(claimed.attempt)
  // An attempt that was suspended goes on in its own.
  if (definition.work?.session !== 'continue' || place === undefined || place.suspended !== undefined)
    return null
  const found = await conversationOf(context, claimed, { agent, cwd: place.cwd })
  if (found === undefined) return null
  place.session = found.session
  return found.note
}

/** An answer that has to be JSON is asked for once more, in its conversation, where it does not fit; then it has failed. */
async function typed(
  context: WorkerContext,
  attempt: Attempt,
  answer: { readonly text: string } | AttemptEnd,
): Promise<{ readonly text: string } | AttemptEnd> {
  const output = attempt.definition.work?.output ?? null
  if ('kind' in answer || output === null) return answer
  const first = readTyped(answer.text, output)
  if (first.ok) return { text: canonicalJson(first.value) }
  const second = await turn(context, attempt, repairPrompt(first.problems, output))
  if ('kind' in second) return second
  const repaired = readTyped(second.text, output)
  if (repaired.ok) return { text: canonicalJson(repaired.value) }
  const { id: item } = attempt.claimed.item
  const message = `The answer to "${item}" does not fit its output schema, also when it was asked for again: ${repaired.problems.join('; ')}.`
  return {
    kind: 'failed',
    error: errorData('invalid_output', message, { item, problems: repaired.problems }),
  }
}

/** Sends one prompt to the agent and waits for its answer, however long it takes. */
async function turn(
  { team, settlements, attempts, startSoon, turnEnded }: WorkerContext,
  { claimed, agent, definition, signal, waits }: Attempt,
  prompt: string,
): Promise<{ readonly text: string } | AttemptEnd> {
  const message = newId('msg')
  const { item, attempt } = claimed
  const settled = settlements.of(message)
  try {
    const begun = beginItem(team, {
      item: item.id,
      attempt,
      agent,
      message,
      prompt,
      timeoutMs: definition.timeoutMs,
    })
    // Asked for right behind it, the turn starts with the same commit.
    startSoon(agent)
    await begun
  } catch (error) {
    settlements.forget(message)
    throw error
  }
  const cancel = (): void =>
    void cancelMessages(team, { agent, message }, 'The item is no longer this attempt’s.').catch(() => {})
  signal.addEventListener('abort', cancel, { once: true })
  if (signal.aborted) cancel()
  const watch = waits.watch(message)
  const settlement = await Promise.race([settled, watch.long]).finally(() => {
    watch.stop()
    signal.removeEventListener('abort', cancel)
  })
  if ('waiting' in settlement) {
    settlements.forget(message)
    return { kind: 'suspended', waiting: settlement.waiting }
  }
  // What is still being ended writes on, and what it writes is to be saved.
  if (!settlement.ok && settlement.error.code === 'cancelled') await turnEnded(message)
  if (settlement.ok) {
    const place = attempts.get(attempt)
    if (place !== undefined) place.session = settlement.session
  }
  return answerOf(settlement, item.id)
}

/** Only a text is an answer: what errored, was refused, ran out of budget or said nothing is never done. */
function answerOf(settlement: Settlement, item: string): { readonly text: string } | AttemptEnd {
  if (!settlement.ok) return { kind: 'failed', error: settlement.error }
  if (settlement.text.trim() !== '') return { text: settlement.text }
  const error = errorData('no_result', `The agent ended "${item}" without an answer.`, { item })
  return { kind: 'failed', error }
}

async function promptOf(context: WorkerContext, { claimed, definition, signal }: Attempt): Promise<string> {
  const { item } = claimed
  const { results, answers } = await context.team.store.read(async (reader) => {
    const found: UpstreamResult[] = []
    for (const id of item.dependsOn) {
      const row = await reader.get('item', id)
      if (row?.result != null) found.push({ item: id, text: await unpackText(reader, row.result) })
    }
    return { results: found, answers: await answersAbout(reader, item.id) }
  })
  const told =
    definition.work === undefined
      ? { title: item.title, spec: definition.spec, input: definition.input, results }
      : await context.inputsOf(item, definition, signal)
  return itemPrompt({
    ...told,
    answers,
    ...(isFeedback(item.error) ? { feedback: feedbackOf(item.error) } : {}),
    output: definition.work?.output ?? null,
    simplified: isSimplified(definition.retry, triesOf(item) + 1),
  })
}

/** The budget that was not enough. */
function scopeOf({ details }: ErrorData): string {
  const scope = details?.['scope']
  return typeof scope === 'string' ? scope : 'global'
}

/** Errors that say what was wrong with the work, and not with the machine it was done on. */
const FEEDBACK: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'gate_rejected',
  'invalid_output',
  'merge_conflict',
  'no_result',
  'verification_failed',
])

function isFeedback(error: ErrorData | null): error is ErrorData {
  return error !== null && FEEDBACK.has(error.code)
}

/** The message, and the end of what a command printed. */
function feedbackOf({ message, details }: ErrorData): string {
  const tail = details?.['tail']
  return typeof tail === 'string' && tail.trim() !== '' ? `${message}\n\n${tail.trimEnd()}` : message
}

async function settle(
  { team }: WorkerContext,
  { item, attempt, owner }: ClaimedItem,
  end: AttemptEnd,
): Promise<void> {
  try {
    switch (end.kind) {
      case 'done':
        return await completeItem(team, item.id, { ...end, attempt })
      case 'failed':
        // A budget of the team may be raised; that of the item is part of it.
        return end.error.code === 'budget_exceeded' && !scopeOf(end.error).startsWith('item:')
          ? await parkItem(team, item.id, attempt, {
              waiting: { for: 'budget', scope: scopeOf(end.error) },
            })
          : await failAttempt(team, item.id, attempt, end.error)
      case 'returned':
        return await sendBack(team, item.id, { attempt, error: end.error })
      case 'held':
        return await parkItem(team, item.id, attempt, {
          waiting: { for: 'merge', reason: end.reason },
          result: end.result,
        })
      case 'suspended':
        return await suspendAttempt(team, { item: item.id, attempt, owner }, end.waiting)
      case 'released':
        return await returnItem(team, item.id, attempt, 'released')
      case 'gone':
        return
    }
  } catch (error) {
    // Somebody else has settled or taken it meanwhile: this attempt's word no longer counts.
    if (!isAtelierError(error, 'stale_claim') && !isAtelierError(error, 'invalid_transition')) throw error
  }
}

function endOf(error: unknown): AttemptEnd {
  if (isAtelierError(error, 'stale_claim') || isAtelierError(error, 'invalid_transition'))
    return { kind: 'gone' }
  const data: ErrorData = isAtelierError(error)
    ? error.toJSON()
    : errorData('turn_failed', `The attempt broke: ${messageOf(error)}`)
  return { kind: 'failed', error: data }
}
