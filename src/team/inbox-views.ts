/** What the inbox looks like: reads only, light enough for a command that starts, looks and ends. */
import type { RequestKind, RequestRow } from '../inbox/request.ts'
import { toError } from '../errors.ts'
import type { Json, StoredText } from '../json.ts'
import type { Reader, StoreView } from '../store.ts'
import { unpackText } from './context.ts'
import { lookUpRequest } from './inbox-rows.ts'
import type { InboxFilter, InboxView } from './view-types.ts'

/** The requests that a filter lets through, the oldest first. */
export async function viewInbox(store: StoreView, filter: InboxFilter = {}): Promise<readonly InboxView[]> {
  return store.read(async (reader) => {
    const rows = await reader.list('inbox', {
      ...(filter.all === true ? {} : { where: { state: 'open' } }),
      orderBy: 'askedAt',
    })
    const views: InboxView[] = []
    for (const row of rows) if (matches(row, filter)) views.push(await requestView(reader, row))
    return views
  })
}

/** @throws AtelierError `not_found`, or `invalid_input` if the beginning of an id is that of several */
export async function viewRequest(store: StoreView, given: string): Promise<InboxView> {
  return store.read(async (reader) => {
    const found = await lookUpRequest(reader, given)
    if ('refused' in found) throw toError(found.refused)
    return requestView(reader, found.row)
  })
}

/** How many requests of each kind wait for an answer. */
export async function countOpen(reader: Reader): Promise<Readonly<Record<RequestKind, number>>> {
  const counts = { question: 0, permission: 0, approval: 0, merge: 0 }
  for (const { kind } of await reader.list('inbox', { where: { state: 'open' } })) counts[kind]++
  return counts
}

async function requestView(reader: Reader, row: RequestRow): Promise<InboxView> {
  const { scope, subject } = row
  const item = scope === 'item' ? await reader.get('item', subject) : undefined
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    about: { kind: scope, id: subject, title: item?.title ?? null },
    askedBy: row.askedBy,
    question: await unpackText(reader, row.question),
    details: await unpackJson(reader, row.details),
    options: row.options,
    whoMayAnswer: row.whoMayAnswer,
    deadline: row.deadline,
    default: await unpackJson(reader, row.defaultAnswer),
    answer: await unpackJson(reader, row.answer),
    comment: row.comment === null ? null : await unpackText(reader, row.comment),
    answeredBy: row.answeredBy,
    answeredVia: row.answeredVia,
    askedAt: row.askedAt,
    settledAt: row.settledAt,
  }
}

async function unpackJson(reader: Reader, text: StoredText | null): Promise<Json> {
  return text === null ? null : (JSON.parse(await unpackText(reader, text)) as Json)
}

function matches({ kind, scope, subject }: RequestRow, filter: InboxFilter): boolean {
  if (filter.kind !== undefined && kind !== filter.kind) return false
  if (filter.item !== undefined && (scope !== 'item' || subject !== filter.item)) return false
  return filter.agent === undefined || (scope === 'agent' && subject === filter.agent)
}
