/** Decides what comes into the inbox. */
import type { NewEvent } from '../events.ts'
import type { StoredText } from '../json.ts'
import type { RequestKind, RequestRow, RequestScope } from './request.ts'

/** A request before it is stored. */
export interface NewRequest {
  readonly id: string
  readonly kind: RequestKind
  readonly scope: RequestScope
  readonly subject: string
  readonly askedBy: string
  readonly question: StoredText
  readonly details: StoredText | null
  readonly options: readonly string[] | null
  readonly whoMayAnswer: readonly string[]
  /** How long somebody may take to answer, ms from now; null for as long as it takes. */
  readonly withinMs: number | null
  readonly defaultAnswer: StoredText | null
}

/** `request`: the id under which it is open, which may be that of an earlier one. */
export interface Asked {
  readonly request: string
  readonly events: readonly NewEvent[]
}

/**
 * Asks, unless the same is open already: whoever asks again after a crash joins what it asked before, and a person is
 * asked once.
 * @param open requests about the same subject that are not settled
 */
export function decideAsk(asked: NewRequest, open: readonly RequestRow[], now: number): Asked {
  const same = open.find((row) => isSame(asked, row))
  if (same !== undefined) return { request: same.id, events: [] }
  const { id, withinMs, ...facts } = asked
  const deadline = withinMs === null ? null : now + withinMs
  return { request: id, events: [{ type: 'inbox.asked', data: { request: id, ...facts, deadline } }] }
}

function isSame(asked: NewRequest, row: RequestRow): boolean {
  return (
    row.kind === asked.kind &&
    row.scope === asked.scope &&
    row.subject === asked.subject &&
    row.askedBy === asked.askedBy &&
    isSameText(row.question, asked.question) &&
    isSameText(row.details, asked.details)
  )
}

/** Stored texts are equal where their forms are: a long one is known by its hash. */
export function isSameText(a: StoredText | null, b: StoredText | null): boolean {
  return textKey(a) === textKey(b)
}

function textKey(text: StoredText | null): string | null {
  return text === null || typeof text === 'string' ? text : `blob ${text.blob}`
}
