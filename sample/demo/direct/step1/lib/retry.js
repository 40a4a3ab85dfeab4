import { setTimeout as wait } from 'node:timers/promises'

/**
 * Calls `operation` until it succeeds, at most `attempts` times; then rejects with the last error.
 * The pause between two calls starts at `baseMs` and doubles, up to `maxMs`.
 */
export async function retry(operation, { attempts = 3, baseMs = 100, maxMs = 2000, sleep = wait } = {}) {
  let lastError
  for (let attempt = 0; attempt <= attempts; attempt += 1) {
    try {
      return await operation()
    } catch (error) {
      lastError = error
      await sleep(Math.min(baseMs * 2 ** attempt, maxMs))
    }
  }
  throw lastError
}
