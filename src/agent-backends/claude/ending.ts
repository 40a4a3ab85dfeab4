/** Says why a process ended without a result, and what its user can do. */
import type { TurnFailure } from '../../agents/failures.ts'
import { exitFailure, type ProcessExit } from '../../processes/failures.ts'
import { runProgram } from '../../processes/program.ts'
import { childEnvironment } from '../../processes/environment.ts'
import { isTooOld, parseVersion, tooOld } from './version.ts'

export interface Ending {
  readonly path: string
  readonly exit: ProcessExit
  /** The end of stderr, without secrets. */
  readonly said: string
  /** The first line that was none of Claude Code. */
  readonly garbage: string
  readonly cwd: string
}

/** The kind of an end without a result. */
export async function failureWithoutResult({ path, exit, said, garbage, cwd }: Ending): Promise<TurnFailure> {
  if (/native binary not installed/u.test(said))
    return { kind: 'missing_executable', message: `${path}: ${said}` }
  if (/root\/sudo privileges/u.test(said)) {
    const message = `Claude Code bypasses no permissions for root: ${said} In a container that is made for it, set IS_SANDBOX=1 in the agent's env; else choose another permission mode.`
    return { kind: 'invalid_request', message }
  }
  if (/unknown option|Allowed choices are/u.test(said)) {
    const version = await versionOf(path, cwd)
    if (version !== undefined && isTooOld(version))
      return { kind: 'version_unsupported', message: tooOld(version, path) }
    return { kind: 'invalid_request', message: `Claude Code refused its options: ${said}` }
  }
  if (exit.code !== 0 && garbage === '') return exitFailure('Claude Code', exit, said, (text) => text)
  const printed = garbage === '' ? '' : ` It printed: ${garbage}`
  const reason = said === '' ? '' : ` On stderr it said: ${said}`
  const how = exit.signal === null ? `exit code ${exit.code}` : exit.signal
  return { kind: 'protocol', message: `${path} ended with ${how} and without a result.${printed}${reason}` }
}

/** Enough for a version, and for a program that is none of ours to be seen. */
const VERSION_OUTPUT_BYTES = 1024

/** The version that a program says it has; undefined if it says none. */
export async function versionOf(
  path: string,
  cwd: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const env = childEnvironment({ set: { DISABLE_AUTOUPDATER: '1' } })
  const options = { file: path, args: ['--version'], cwd, env, maxOutputBytes: VERSION_OUTPUT_BYTES }
  const result = await runProgram({ ...options, ...(signal !== undefined && { signal }) })
  return result.ok && result.exit.code === 0 ? parseVersion(result.stdout) : undefined
}

/** Variables that hold a login, which are handed on only where an agent names them. */
const LOGINS = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'] as const

/** The failure for want of a login, with what can be done about it here. */
export function noLogin(why: string, env: Readonly<Record<string, string>>): TurnFailure {
  const own = LOGINS.find((name) => process.env[name] !== undefined && env[name] === undefined)
  const fix =
    own === undefined
      ? 'Log in with `claude auth login`, or give the agent a key: passEnv: ["ANTHROPIC_API_KEY"].'
      : `Log in with \`claude auth login\`, or hand on the ${own} of this host: passEnv: ["${own}"].`
  const what = why.startsWith('Claude Code') ? why : `Claude Code: ${why}`
  return { kind: 'auth', message: `${what.replace(/\.$/u, '')}. ${fix}` }
}
