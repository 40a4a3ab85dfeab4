/** What can go wrong with a stage or a run, in words. */
import { errorData, type ErrorData } from '../errors.ts'

/** The failure of a stage as that of its run. */
export function failedStage(stage: string, error: ErrorData): ErrorData {
  return errorData(error.code, `The stage "${stage}" failed: ${error.message}`, { ...error.details, stage })
}

export function expressionFailed(stage: string, what: string, why: string): ErrorData {
  return errorData(
    'expression_failed',
    `"${what}" of the stage "${stage}" could not be worked out: ${why}. Look at the results that it names, then correct it.`,
    { stage, field: what },
  )
}

/** Of rows that say that something failed, and not how. */
export const UNKNOWN_FAILURE: ErrorData = { code: 'turn_failed', message: 'It failed, and nothing says why.' }

/** A gate or a branch was to take care of a failure, and is left out. */
export function nobodyTookCare(stage: string, cause: ErrorData): ErrorData {
  return errorData(cause.code, `It was to take care of a failure, and is left out: ${cause.message}`, {
    stage,
  })
}

/** A rule asks for a score that the answer does not have. */
export function noScore(stage: string, what: string): ErrorData {
  return errorData(
    'invalid_output',
    `"${what}" of the stage "${stage}" asks for a score, and the answer has none. It must say "score" as a number from 0 to 100.`,
    { stage, field: what },
  )
}

export function noVerdict(stage: string, why: string): ErrorData {
  return errorData(
    'invalid_output',
    `The answer of the reviewer in the stage "${stage}" is no verdict: ${why}. It must be JSON such as { "verdict": "approve", "score": 85, "issues": [] }.`,
    { stage },
  )
}

/** A loop has used up its rounds. */
export function roundsExhausted(rounds: number, scores: readonly (number | null)[]): ErrorData {
  const known = scores.filter((score) => score !== null)
  const said = known.length === 0 ? '' : `, with the scores ${known.join(', ')}`
  return errorData('max_iterations', `Failed after ${rounds} iterations${said}.`, {
    rounds,
    scores: [...scores],
  })
}

/** A gate has sent work back as often as it may. */
export function neverApproved(rounds: number, scores: readonly (number | null)[]): ErrorData {
  return errorData(
    'max_iterations',
    `Max iterations reached without approval: ${rounds} rounds were rejected.`,
    { rounds, scores: [...scores] },
  )
}

export function alwaysOutdated(stage: string, times: number): ErrorData {
  return errorData(
    'gate_rejected',
    `The work changed ${times} times in a row while the gate "${stage}" judged it, so that no verdict is about what it is now. See who else works on the change of the run, then retry the stage.`,
    { stage, times },
  )
}

export function rejected(stage: string, why: string): ErrorData {
  return errorData('gate_rejected', `The gate "${stage}" rejected the work: ${why}`, { stage })
}

export function stepsExceeded(maxSteps: number): ErrorData {
  return errorData(
    'max_steps_exceeded',
    `Max steps exceeded: the workflow may execute ${maxSteps} stages, rounds included. Raise max_steps if that is too few.`,
    { maxSteps },
  )
}

/** An element of a map, of which the whole stage dies. */
export function elementFailed(index: number, error: ErrorData): ErrorData {
  return errorData(error.code, `Element ${index} failed: ${error.message}`, { ...error.details, index })
}

export function quorumMissed(size: number, wanted: number, failures: number): ErrorData {
  return errorData(
    'all_agents_failed',
    `${failures} of ${size} elements failed, and ${wanted} must succeed.`,
    { size, wanted, failures },
  )
}

export function notAList(stage: string): ErrorData {
  return errorData('expression_failed', `"over" of the stage "${stage}" gives no list.`, {
    stage,
    field: 'over',
  })
}

export function waitedTooLong(stage: string, what: string): ErrorData {
  return errorData('timeout', `The stage "${stage}" waited for ${what} until its time was over.`, { stage })
}

export function blocked(settled: number, total: number): ErrorData {
  return errorData(
    'invalid_stage',
    `Workflow blocked: ${settled} of ${total} stages are settled, and nothing is left that could start another.`,
    { settled, total },
  )
}
