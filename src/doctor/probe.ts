/** Asks a program something, for a few seconds at most. */
import { childEnvironment } from '../processes/environment.ts'
import { runProgram } from '../processes/program.ts'
import type { Clock } from '../time/clock.ts'
import type { Environment } from './check.ts'

/** Agents answer within a second; a cold disk or a machine at work needs more. */
export const PROBE_LIMIT_MS = 5000
const MAX_OUTPUT_BYTES = 64 * 1024

/** A version check starts no update, and asks no server for one. */
const QUIET = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  COPILOT_AUTO_UPDATE: 'false',
  DISABLE_AUTOUPDATER: '1',
  OPENCODE_DISABLE_AUTOUPDATE: '1',
  OPENCODE_DISABLE_MODELS_FETCH: '1',
}

export type Answer =
  | { readonly state: 'answered'; readonly code: number | null; readonly out: string; readonly err: string }
  | { readonly state: 'late' }
  | { readonly state: 'not started'; readonly why: string }

export interface Question {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Environment
  readonly clock: Clock
}

/** Runs the program with a scrubbed environment: no key of the user's reaches it. */
export async function ask({ file, args, cwd, env, clock }: Question): Promise<Answer> {
  const late = new AbortController()
  const stopTimer = clock.after(PROBE_LIMIT_MS, () => late.abort())
  try {
    const result = await runProgram({
      file,
      args,
      cwd,
      env: childEnvironment({ from: env, set: QUIET }),
      maxOutputBytes: MAX_OUTPUT_BYTES,
      signal: late.signal,
    })
    if (late.signal.aborted) return { state: 'late' }
    if (!result.ok) return { state: 'not started', why: result.failure.message }
    return { state: 'answered', code: result.exit.code, out: result.stdout.trim(), err: result.stderr.trim() }
  } finally {
    stopTimer()
  }
}
