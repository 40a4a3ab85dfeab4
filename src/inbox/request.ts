/** The rows of the inbox: what somebody asked, and what became of it. */
import type { StoredText } from '../json.ts'

/** `question` takes any answer, unless it names options; the others are approved or rejected. */
export type RequestKind = 'question' | 'permission' | 'approval' | 'merge'

/** The lifecycle stands in `request-lifecycle.ts`. */
export type RequestState = 'open' | 'answered' | 'expired' | 'withdrawn'

/** What a request is about. */
export type RequestScope = 'item' | 'run' | 'agent'

/** Words in place of names in the list of who may answer. A person is whoever is neither an agent nor a host. */
export const ANYONE = 'anyone'
export const PERSON = 'person'

/** The answers that permissions, approvals and merges take. */
export const APPROVE = 'approve'
export const REJECT = 'reject'
export const VERDICTS: readonly string[] = [APPROVE, REJECT]

/** Something that somebody asked, and that somebody else answers. */
export interface RequestRow {
  readonly id: string
  readonly kind: RequestKind
  readonly state: RequestState
  readonly scope: RequestScope
  /** Id of the item or run, or name of the agent, that it is about. */
  readonly subject: string
  /** The agent, person or program that wants to know. */
  readonly askedBy: string
  readonly question: StoredText
  /** JSON text of what helps to answer it; null if there is nothing. */
  readonly details: StoredText | null
  /** The only answers that it takes; null for any. */
  readonly options: readonly string[] | null
  /** Names of actors, or `anyone` or `person`. */
  readonly whoMayAnswer: readonly string[]
  /** From when on the default is taken, ms since the epoch; null if it waits for as long as it takes. */
  readonly deadline: number | null
  /** JSON text of the answer that is taken at the deadline; null if there is none. */
  readonly defaultAnswer: StoredText | null
  /** JSON text of the answer; of an expired request, the default that was taken. */
  readonly answer: StoredText | null
  /** What was said with the answer; of a withdrawn request, why it was withdrawn. */
  readonly comment: StoredText | null
  /** Null unless somebody answered it. */
  readonly answeredBy: string | null
  readonly answeredVia: string | null
  readonly askedAt: number
  readonly settledAt: number | null
}
