/** Programs in the place of Claude Code, for what the real one cannot be made to do. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ClaudePlace } from './support.ts'
import { CLAUDE_VERSION } from './support.ts'

/** Lines as Claude Code prints them. */
export const LINES: { readonly init: string; readonly result: string } = {
  init: JSON.stringify({
    type: 'system',
    subtype: 'init',
    session_id: 'aaaaaaaa-0000-4000-8000-000000000000',
    claude_code_version: CLAUDE_VERSION,
    model: 'sonnet',
  }),
  /** A turn that ended well. */
  result: JSON.stringify({
    type: 'result',
    subtype: 'success',
    is_error: false,
    result: 'All is well.',
    total_cost_usd: 0.01,
    usage: { input_tokens: 1, output_tokens: 1 },
  }),
}

/**
 * Makes a program that is run instead of Claude Code.
 * @param script of `sh`
 * @returns its path
 */
export function impostor(place: Pick<ClaudePlace, 'home'>, script: string): string {
  const path = join(place.home, 'claude')
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return path
}
