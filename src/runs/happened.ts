/** What the events of a transaction mean for the runs whose items, child runs or requests they are about. */
import type { ItemRow } from '../board/item.ts'
import { errorData, type ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import { contentOf } from '../workers/judged.ts'
import type { Happening, Outcome } from '../workflow/advance.ts'
import { judgedContent, type AskedAbout } from './asking.ts'
import { definitionBy, workOf } from './definitions.ts'
import { mayBePart } from './parts.ts'
import type { Rows } from './rows.ts'

/** Something that happened to a run. */
export interface Happened {
  readonly run: string
  readonly happening: Happening
}

/** What an event means for a run; undefined where nothing. */
export async function happenedIn(rows: Rows, event: NewEvent): Promise<Happened | undefined> {
  switch (event.type) {
    case 'item.done':
    case 'item.skipped':
    case 'item.failed':
    case 'item.cancelled':
      return itemSettled(rows, event)
    case 'run.ended':
      return childEnded(rows, event.data)
    case 'inbox.answered':
    case 'inbox.expired':
      return event.data.scope === 'run' ? answered(rows, event) : undefined
    default:
      return undefined
  }
}

type ItemSettled = Extract<
  NewEvent,
  { readonly type: 'item.done' | 'item.skipped' | 'item.failed' | 'item.cancelled' }
>

async function itemSettled(rows: Rows, event: ItemSettled): Promise<Happened | undefined> {
  const { item: id } = event.data
  if (!mayBePart(id)) return undefined
  const item = await rows.get('item', id)
  if (item?.run == null || item.stage === null || item.round === null) return undefined
  const { run, stage, round, index } = item
  const outcome = await outcomeOf(rows, item, event)
  return { run, happening: { on: 'settled', stage, round, index: index ?? 0, outcome } }
}

async function outcomeOf(rows: Rows, item: ItemRow, event: ItemSettled): Promise<Outcome> {
  switch (event.type) {
    case 'item.failed':
      return { ok: false, error: event.data.error }
    case 'item.cancelled':
      return { ok: false, error: { code: 'cancelled', message: event.data.reason } }
    case 'item.done':
    case 'item.skipped':
      return { ok: true, ...(await contentsOf(rows, item)) }
  }
}

/** The content of the changes of an item when its attempt began, and now. */
async function contentsOf(
  rows: Rows,
  item: ItemRow,
): Promise<Omit<Extract<Outcome, { readonly ok: true }>, 'ok'>> {
  const tree = await contentOf(rows, item)
  const attempt = item.attempt === null ? undefined : await rows.get('attempt', item.attempt)
  if (attempt === undefined || !(await hasCheckout(rows, item))) return { tree, began: tree }
  const isOwn = (await rows.get('change', item.change))?.attempt === item.attempt
  return { tree, began: isOwn ? tree : attempt.tree }
}

/** Whoever judges in the project folder, or only what the prompt says, has not looked at the change at all. */
async function hasCheckout(rows: Rows, { run: id, stage: stageId }: ItemRow): Promise<boolean> {
  const run = id === null ? undefined : await rows.get('run', id)
  if (run === undefined || stageId === null) return false
  const stage = (await definitionBy(rows, run.definition)).stage(stageId)
  const work = stage === undefined ? undefined : workOf(stage)
  return work !== undefined && 'worktree' in work && work.worktree
}

async function childEnded(
  rows: Rows,
  { run: id, state, error }: Extract<NewEvent, { readonly type: 'run.ended' }>['data'],
): Promise<Happened | undefined> {
  const child = await rows.get('run', id)
  if (child?.parentRun == null || child.parentStage === null || child.parentRound === null) return undefined
  const { parentRun: run, parentStage: stage, parentRound: round, parentIndex: index, change } = child
  // Its own gates have seen to what was judged in it.
  const tree = (await rows.get('change', change))?.tree ?? null
  const outcome: Outcome =
    state === 'completed' || state === 'partially_completed'
      ? { ok: true, tree, began: tree }
      : { ok: false, error: error ?? ended(id, state) }
  return { run, happening: { on: 'settled', stage, round, index: index ?? 0, outcome } }
}

function ended(run: string, state: string): ErrorData {
  if (state === 'cancelled') return errorData('cancelled', `The run ${run} was cancelled.`, { run })
  return errorData('turn_failed', `The run ${run} has failed.`, { run })
}

type Choice = Extract<Happening, { readonly on: 'answered' }>['answer']['choice']
const CHOICES: ReadonlySet<string> = new Set<Choice>(['approve', 'reject', 'retry', 'skip', 'abort'])

async function answered(
  rows: Rows,
  { type, data }: Extract<NewEvent, { readonly type: 'inbox.answered' | 'inbox.expired' }>,
): Promise<Happened | undefined> {
  const request = await rows.get('inbox', data.request)
  const about = request?.details
  if (typeof about !== 'string') return undefined
  const { stage, round, began = null } = JSON.parse(about) as Partial<AskedAbout>
  if (stage === undefined || round === undefined) return undefined
  const value: unknown = typeof data.answer === 'string' ? JSON.parse(data.answer) : null
  const choice = typeof value === 'string' && CHOICES.has(value) ? (value as Choice) : 'reject'
  const said = type === 'inbox.answered' ? data.comment : null
  const comment =
    said === null ? (type === 'inbox.expired' ? 'Nobody answered in time.' : null) : await textOf(rows, said)
  const run = await rows.get('run', data.subject)
  const tree =
    choice !== 'approve' || run === undefined
      ? null
      : await judgedContent(rows, run, await definitionBy(rows, run.definition), stage)
  const answer = { choice, comment, began, tree }
  return { run: data.subject, happening: { on: 'answered', stage, round, answer } }
}

async function textOf(rows: Rows, text: ItemRow['definition']): Promise<string> {
  return typeof text === 'string' ? text : ((await rows.blob(text.blob)) ?? text.head)
}
