/** Which login pays for a turn: what a quota hangs on. */
import { hashText } from '../../ids.ts'

/** In the order in which Claude Code looks for them. */
const KEYS = ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN'] as const
/** Enough to tell the accounts of one user apart, and too little to find the key. */
const HASH_CHARACTERS = 8

/** The name of the account; a key appears in it as a part of its hash. */
export function accountOf(backend: string, env: Readonly<Record<string, string>>): string {
  const key = KEYS.map((name) => env[name]).find((value) => value !== undefined && value !== '')
  const login = key ?? env['CLAUDE_CONFIG_DIR']
  return login === undefined ? backend : `${backend}:${hashText(login).slice(0, HASH_CHARACTERS)}`
}
