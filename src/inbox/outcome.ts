/** What a settled request means for whatever waited for it. */
import { errorData, type ErrorData } from '../errors.ts'
import type { Json } from '../json.ts'
import { REJECT, type RequestRow, type RequestState } from './request.ts'

/** How a request was settled, its texts in full. */
export interface SettledRequest {
  readonly request: RequestRow
  readonly state: Exclude<RequestState, 'open'>
  /** Null where it expired without a default, or was withdrawn. */
  readonly answer: Json
  readonly comment: string | null
  /** Null where nobody answered. */
  readonly by: string | null
}

/** What waited goes on, or has failed with this error. */
export type RequestOutcome = { readonly goesOn: true } | { readonly goesOn: false; readonly error: ErrorData }

/**
 * Whether what waited for a request may go on: not where somebody rejected it, nor where its time is over and there is
 * no default. A rejected default counts as a rejection.
 */
export function outcomeOf({ request, state, answer, comment, by }: SettledRequest): RequestOutcome {
  const { id, kind, defaultAnswer } = request
  if (state === 'withdrawn') return { goesOn: true }
  if (state === 'expired' && defaultAnswer === null) {
    const message = `Nobody answered the ${kind} ${id} in time, and it has no default. Ask again, with a longer deadline.`
    return {
      goesOn: false,
      error: errorData(kind === 'question' ? 'timeout' : 'permission_timeout', message, {
        request: id,
        kind,
      }),
    }
  }
  if (kind === 'question' || answer !== REJECT) return { goesOn: true }
  const who = by === null ? 'The default, taken as nobody answered in time,' : by
  const why = comment === null || comment.trim() === '' ? '.' : `: ${comment}`
  return {
    goesOn: false,
    error: errorData('gate_rejected', `${who} rejected the ${kind} ${id}${why}`, {
      request: id,
      kind,
      by,
      comment,
    }),
  }
}
