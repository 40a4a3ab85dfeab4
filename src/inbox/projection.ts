/** How the events of the inbox become rows. */
import { AtelierError } from '../errors.ts'
import type { AtelierEvent, EventOf, NewEvent } from '../events.ts'
import type { RowChange, RowLookup, RowRef } from '../tables.ts'
import type { RequestRow } from './request.ts'
import { nextRequestState, type RequestStep } from './request-lifecycle.ts'

/** The events of the inbox. */
export type InboxEvent = Extract<AtelierEvent, { readonly type: `inbox.${string}` }>

/** The rows that an event of the inbox reads. */
export function inboxReads(event: NewEvent): RowRef[] {
  switch (event.type) {
    case 'inbox.answered':
    case 'inbox.expired':
    case 'inbox.withdrawn':
      return [{ table: 'inbox', key: event.data.request }]
    default:
      return []
  }
}

/** The rows after an event of the inbox. */
export function applyInbox(event: InboxEvent, rows: RowLookup): RowChange[] {
  switch (event.type) {
    case 'inbox.asked':
      return applyAsked(event)
    case 'inbox.answered': {
      const { answer, comment } = event.data
      const { actor: answeredBy, via: answeredVia } = event
      return [settled(event, 'answered', rows, { answer, comment, answeredBy, answeredVia })]
    }
    case 'inbox.expired':
      return [settled(event, 'expired', rows, { answer: event.data.answer })]
    case 'inbox.withdrawn':
      return [settled(event, 'withdrawn', rows, { comment: event.data.reason })]
  }
}

function applyAsked({ data, at }: EventOf<'inbox.asked'>): RowChange[] {
  const { request: id, kind, scope, subject, askedBy, question, details, options } = data
  const row: RequestRow = {
    id,
    kind,
    state: 'open',
    scope,
    subject,
    askedBy,
    question,
    details,
    options,
    whoMayAnswer: data.whoMayAnswer,
    deadline: data.deadline,
    defaultAnswer: data.defaultAnswer,
    answer: null,
    comment: null,
    answeredBy: null,
    answeredVia: null,
    askedAt: at,
    settledAt: null,
  }
  return [{ table: 'inbox', key: id, row }]
}

function settled(
  event: Exclude<InboxEvent, EventOf<'inbox.asked'>>,
  step: RequestStep,
  rows: RowLookup,
  fields: Partial<RequestRow>,
): RowChange {
  const { request: id } = event.data
  const row = rows('inbox', id)
  if (row === undefined) {
    throw new AtelierError(
      'store_corrupt',
      `The log names the request "${id}", which no earlier event made.`,
      {
        details: { request: id },
      },
    )
  }
  const state = nextRequestState(row.state, step)
  if (state === undefined) {
    throw new AtelierError(
      'invalid_transition',
      `The request ${id} is ${row.state}; ${event.type} does not apply to it.`,
      { details: { request: id, from: row.state, step } },
    )
  }
  return { table: 'inbox', key: id, row: { ...row, ...fields, state, settledAt: event.at } }
}
