/** Items that wait for an answer: they go on, or fail, in the commit that settles the request. */
import type { ItemRow, WaitingFor } from '../board/item.ts'
import { isSettled } from '../board/item-lifecycle.ts'
import type { PromptAnswer } from '../board/prompt.ts'
import { GIVE_UP } from '../board/rework.ts'
import { decideDefer, decideFailed, decideWake } from '../board/settling.ts'
import { errorData } from '../errors.ts'
import { outcomeOf, type RequestOutcome, type SettledRequest } from '../inbox/outcome.ts'
import type { RequestKind, RequestRow } from '../inbox/request.ts'
import { withdrawals } from '../inbox/withdrawing.ts'
import type { AtelierEvent } from '../events.ts'
import type { Json } from '../json.ts'
import type { TransactionName } from '../failpoints.ts'
import type { Decision, Reader, Store, Transaction } from '../store.ts'
import { commit, unpackText } from '../team/context.ts'
import type { InboxSubject, InboxWaiter } from '../team/inbox.ts'
import { isAboutRework } from './rework.ts'
import { knownItems, loadDownstream, unknownItem } from './rows.ts'
import { loadSuspension } from './suspending.ts'

/** An item waits for one request: with an answer it is ready, and with a rejection it has failed. */
export const itemsWaiting: InboxWaiter = {
  async load(reader, request) {
    const item = await waitingItem(reader, request)
    if (item === undefined) return () => []
    const downstream = await loadDownstream(reader, item.id)
    const isRework = await isAboutRework(reader, request)
    return (settled) => {
      const outcome = isRework && settled.answer === GIVE_UP ? givenUp(item, settled) : outcomeOf(settled)
      const decided = outcome.goesOn ? decideWake(item) : decideFailed(item, outcome.error, downstream)
      return 'events' in decided ? decided.events : []
    }
  },
}

/** Nobody works on it any more; why it did not come to its target is what it has failed with. */
function givenUp({ id, error }: ItemRow, { by, comment }: SettledRequest): RequestOutcome {
  const who = by === null ? 'The default, taken as nobody answered in time,' : by
  const why = comment === null || comment.trim() === '' ? '.' : `: ${comment}`
  const { code, message, details } = error ?? errorData('gate_rejected', 'It does not come to its target.')
  return {
    goesOn: false,
    error: errorData(code, `${who} gave up "${id}"${why} ${message}`, { ...details, by, comment }),
  }
}

async function waitingItem(reader: Reader, { id, scope, subject }: RequestRow): Promise<ItemRow | undefined> {
  if (scope !== 'item') return undefined
  const item = await reader.get('item', subject)
  return item !== undefined && requestOf(item.waiting) === id ? item : undefined
}

function requestOf(waiting: WaitingFor | null): string | undefined {
  switch (waiting?.for) {
    case 'approval':
    case 'answer':
    case 'permission':
      return waiting.id
    default:
      return undefined
  }
}

export interface ItemSubjectOptions {
  /** The item waits for the answer: a ready one is not claimed before, and an attempt that runs is suspended. */
  readonly hold?: boolean
}

/**
 * The item that a request of this kind is about.
 * Refuses with `not_found`, `already_done` where the item is settled, or `invalid_transition` where it cannot wait.
 */
export function itemSubject(
  id: string,
  kind: RequestKind,
  { hold = false }: ItemSubjectOptions = {},
): InboxSubject {
  return {
    async load(reader) {
      const item = await reader.get('item', id)
      const known = item === undefined ? await knownItems(reader) : []
      const suspend = hold && item?.state === 'running' ? await loadSuspension(reader, item) : undefined
      return (request) => {
        if (item === undefined) return { refused: unknownItem(id, known) }
        if (isSettled(item.state)) return { refused: settledItem(item) }
        // It waits already, as the request was open before.
        if (requestOf(item.waiting) === request) return { events: [] }
        const waiting = waitingFor(kind, request)
        if (suspend !== undefined) return suspend(waiting)
        return hold ? decideDefer(item, waiting) : { events: [] }
      }
    },
  }
}

function waitingFor(kind: RequestKind, id: string): WaitingFor {
  switch (kind) {
    case 'question':
      return { for: 'answer', id }
    case 'permission':
      return { for: 'permission', id }
    case 'approval':
    case 'merge':
      return { for: 'approval', id }
  }
}

function settledItem({ id, state }: ItemRow): ReturnType<typeof errorData> {
  return errorData(
    'already_done',
    `The item "${id}" is ${state}: nothing about it waits for an answer any more. Look at it with: work show ${id}`,
    { item: id, state },
  )
}

/** What was asked about an item and answered, oldest first, for its next attempt. */
export async function answersAbout(reader: Reader, item: string): Promise<readonly PromptAnswer[]> {
  const rows = await reader.list('inbox', { where: { subject: item }, orderBy: 'askedAt' })
  const answers: PromptAnswer[] = []
  for (const { scope, question, answer, comment, answeredBy: by } of rows) {
    if (scope !== 'item' || answer === null) continue
    const value = JSON.parse(await unpackText(reader, answer)) as Json
    answers.push({
      question: await unpackText(reader, question),
      answer: typeof value === 'string' ? value : JSON.stringify(value, null, 2),
      comment: comment === null ? null : await unpackText(reader, comment),
      by,
    })
  }
  return answers
}

/** Commands that may end items. */
const ENDING: ReadonlySet<TransactionName> = new Set<TransactionName>(['item.change', 'item.settle'])

/**
 * Runs a command of the board as `commit` does; what it ends takes its open requests along, so that nobody is asked about
 * what is over.
 */
export function commitItems<Loaded>(
  store: Store,
  transaction: Transaction<Loaded>,
): Promise<{ readonly events: readonly AtelierEvent[] }> {
  if (!ENDING.has(transaction.name)) return commit(store, transaction)
  return commit(store, {
    ...transaction,
    load: async (reader) => ({
      loaded: await transaction.load(reader),
      open: await reader.list('inbox', { where: { state: 'open' } }),
    }),
    decide({ loaded, open }, now): Decision {
      const decided = transaction.decide(loaded, now)
      if ('refused' in decided) return decided
      return { ...decided, events: [...decided.events, ...withdrawals(decided.events, open)] }
    },
  })
}
