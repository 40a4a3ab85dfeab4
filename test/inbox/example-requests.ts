/** Requests as tests of the inbox need them. */
import type { GivenAnswer } from '../../src/inbox/answering.ts'
import type { NewRequest } from '../../src/inbox/asking.ts'
import type { RequestRow } from '../../src/inbox/request.ts'
import type { Json } from '../../src/json.ts'

/** An approval of the item `deploy` that nobody has given yet. */
export function requestRow(changes: Partial<RequestRow> = {}): RequestRow {
  return {
    id: 'ask_1',
    kind: 'approval',
    state: 'open',
    scope: 'item',
    subject: 'deploy',
    askedBy: 'impl',
    question: 'Deploy to production?',
    details: null,
    options: ['approve', 'reject'],
    whoMayAnswer: ['person'],
    deadline: null,
    defaultAnswer: null,
    answer: null,
    comment: null,
    answeredBy: null,
    answeredVia: null,
    askedAt: 1000,
    settledAt: null,
    ...changes,
  }
}

/** A question of `impl` that takes any answer of anyone. */
export function questionRow(changes: Partial<RequestRow> = {}): RequestRow {
  return requestRow({
    kind: 'question',
    scope: 'agent',
    subject: 'impl',
    question: 'Which database?',
    options: null,
    whoMayAnswer: ['anyone'],
    ...changes,
  })
}

/** The request that {@link requestRow} is the row of. */
export function newRequest(changes: Partial<NewRequest> = {}): NewRequest {
  const { id, kind, scope, subject, askedBy, question, details, options, whoMayAnswer } = requestRow()
  return {
    id,
    kind,
    scope,
    subject,
    askedBy,
    question,
    details,
    options,
    whoMayAnswer,
    withinMs: null,
    defaultAnswer: null,
    ...changes,
  }
}

export function given(value: Json, changes: Partial<GivenAnswer> = {}): GivenAnswer {
  return { value, stored: JSON.stringify(value), comment: null, isVerdict: false, ...changes }
}
