/**
 * The lifecycle of a request. A test derives this table from {@link nextRequestState}:
 *
 * | from      | answered | expired | withdrawn |
 * |-----------|----------|---------|-----------|
 * | open      | answered | expired | withdrawn |
 * | answered  | -        | -       | -         |
 * | expired   | -        | -       | -         |
 * | withdrawn | -        | -       | -         |
 *
 * So at most one answer ever counts, whoever gives it first.
 */
import type { RequestState } from './request.ts'

export type RequestStep = 'answered' | 'expired' | 'withdrawn'

const STEPS: Readonly<Record<RequestState, Partial<Record<RequestStep, RequestState>>>> = {
  open: { answered: 'answered', expired: 'expired', withdrawn: 'withdrawn' },
  answered: {},
  expired: {},
  withdrawn: {},
}

/** The state after a step; undefined where the step is not allowed. */
export function nextRequestState(state: RequestState, step: RequestStep): RequestState | undefined {
  return STEPS[state][step]
}
