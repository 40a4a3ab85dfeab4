/** Says whether Claude Code is here, which version, and whether it is logged in. */
import type { BackendDetection } from '../../agent-backend.ts'
import { runProgram } from '../../processes/program.ts'
import type { Clock } from '../../time/clock.ts'
import { versionOf } from './ending.ts'
import type { FoundClaude } from './executable.ts'
import { parseObject } from './line.ts'
import { isTooOld, tooOld } from './version.ts'

/** It answers within 0.3 s; a machine at work needs some more. */
const DEADLINE_MS = 10_000
const MAX_OUTPUT_BYTES = 64 * 1024

export async function detectClaude(
  found: FoundClaude,
  env: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<BackendDetection> {
  if (!found.ok) return found
  const { path } = found
  const late = new AbortController()
  const stopTimer = clock.after(DEADLINE_MS, () => late.abort())
  try {
    const version = await versionOf(path, '/', late.signal)
    if (version === undefined) {
      return {
        ok: false,
        path,
        why: `${path} --version does not answer as Claude Code does. Name the right program in backendConfig.executable.`,
      }
    }
    if (isTooOld(version)) return { ok: false, version, path, why: tooOld(version, path) }
    const loggedIn = await isLoggedIn(path, env, late.signal)
    const login = loggedIn === undefined ? {} : { loggedIn }
    if (loggedIn !== false) return { ok: true, version, path, ...login }
    const why =
      'Claude Code is not logged in. Run `claude auth login`, or give agents a key: passEnv: ["ANTHROPIC_API_KEY"].'
    return { ok: true, version, path, ...login, why }
  } finally {
    stopTimer()
  }
}

/** Undefined where it does not say, as older versions do not. */
async function isLoggedIn(
  file: string,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const result = await runProgram({
    file,
    args: ['auth', 'status'],
    cwd: '/',
    env,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    signal,
  })
  const told = result.ok ? parseObject(result.stdout)?.['loggedIn'] : undefined
  return typeof told === 'boolean' ? told : undefined
}
