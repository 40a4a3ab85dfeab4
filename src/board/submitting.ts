/**
 * Decides about work that somebody outside of every host says is finished: a host verifies and merges it, and what does not
 * hold goes back to whoever claimed the item, who keeps it.
 */
import type { ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import { invalid, notRunning } from './claiming.ts'
import type { AttemptRow, ItemRow, Submission } from './item.ts'
import type { Decided } from './posting.ts'

/** Hands work over to be verified; not a second time before the first is settled. */
export function decideSubmit(
  item: ItemRow,
  { id: attempt, submission }: Pick<AttemptRow, 'id' | 'submission'>,
  { head, result }: Submission,
): Decided {
  const refused = notRunning(item, attempt, 'verifying')
  if (refused !== undefined) return { refused }
  if (submission !== null) return { refused: invalid(item, 'verifying') }
  return { events: [{ type: 'attempt.submitted', data: { item: item.id, attempt, head, result } }] }
}

/** Takes what was submitted, unless another host has it or it is settled. */
export function decideVerify(
  { id: attempt, item, state, submission, verifier }: AttemptRow,
  host: string,
): readonly NewEvent[] {
  const isOpen = state === 'running' && submission !== null && verifier === null
  return isOpen ? [{ type: 'attempt.verifying', data: { item, attempt, host } }] : []
}

/** Lets go of what the hosts of some attempts were verifying. */
export function loseVerifying(attempts: readonly AttemptRow[]): readonly NewEvent[] {
  return attempts.map(({ id: attempt, item }) => ({
    type: 'attempt.verifying',
    data: { item, attempt, host: null },
  }))
}

/** Says that what was submitted does not hold. */
export function decideRefuseSubmission(
  item: ItemRow,
  { id: attempt, submission }: Pick<AttemptRow, 'id' | 'submission'>,
  error: ErrorData,
): Decided {
  const refused = notRunning(item, attempt, 'in_progress')
  if (refused !== undefined) return { refused }
  if (submission === null) return { refused: invalid(item, 'in_progress') }
  return { events: [{ type: 'attempt.refused', data: { item: item.id, attempt, error } }] }
}
