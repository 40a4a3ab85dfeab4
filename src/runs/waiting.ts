/** Waiting for the end of a run, which any process may bring about. */
import { AtelierError, toError } from '../errors.ts'
import type { Json } from '../json.ts'
import type { TeamContext } from '../team/context.ts'
import type { WaitLimit } from '../team/waiting.ts'
import { newsOf, waitFor } from '../team/waiting-for.ts'
import { formatDuration } from '../time/duration.ts'
import { endingOf, stageResult, type RunEnding } from './views.ts'

/**
 * The result of a run, once it has ended.
 * @throws AtelierError with which the run ended, or `timeout` or `cancelled` of the wait; the run goes on
 */
export async function runEnded(team: TeamContext, run: string, limit: WaitLimit = {}): Promise<Json> {
  const ending = await runSettled(team, run, limit)
  if (ending.ok) return ending.result
  throw toError(ending.error)
}

/**
 * The result of a stage, once its run has ended.
 * @throws AtelierError as {@link runEnded}; `not_found` for the stage, `no_result` where it has made none
 */
export async function stageEnded(
  team: TeamContext,
  { run, stage }: { readonly run: string; readonly stage: string },
  limit: WaitLimit = {},
): Promise<Json> {
  await runEnded(team, run, limit)
  const found = await team.store.read((reader) => stageResult(reader, run, stage))
  if (found.ok) return found.result
  throw toError(found.error)
}

/**
 * How a run has ended, once it has.
 * @throws AtelierError `timeout` or `cancelled` of the wait; the run goes on
 */
export function runSettled(team: TeamContext, run: string, limit: WaitLimit = {}): Promise<RunEnding> {
  return waitFor(
    newsOf(team, ({ type, data }) => (type === 'run.ended' || type === 'run.removed') && data.run === run),
    {
      async look() {
        const found = await team.store.read((reader) => endingOf(reader, run))
        return found === undefined ? { again: null } : { found }
      },
      error: (why) => waitError(why, run, limit.timeoutMs),
    },
    limit,
  )
}

function waitError(why: 'timeout' | 'cancelled', run: string, timeoutMs: number | undefined): AtelierError {
  const details = { run }
  if (why === 'cancelled')
    return new AtelierError('cancelled', `The wait for ${run} was ended; the run goes on.`, { details })
  const after = timeoutMs === undefined || timeoutMs === 0 ? '' : ` after ${formatDuration(timeoutMs)}`
  return new AtelierError(
    'timeout',
    `The wait for ${run} ended${after}; the run goes on. Look at it with: workflow status ${run}`,
    { details },
  )
}
