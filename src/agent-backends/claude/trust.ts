/**
 * Whose settings a turn reads. With `-p` Claude Code runs the hooks, the key helper and the MCP servers
 * of a repository without asking (measured), so these are read only where its user has trusted the
 * folder in Claude Code itself. Elsewhere the project's instructions are read, and nothing that can run.
 */
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { ClaudeSettings, SettingSource } from './config.ts'
import { fieldsOf, parseObject, type Fields } from './line.ts'

export interface Sources {
  readonly sources: readonly SettingSource[]
  /** The project's `CLAUDE.md` and rules are read though its settings are not. */
  readonly withProjectTexts: boolean
}

const ALL: readonly SettingSource[] = ['user', 'project', 'local']

/** The sources for a folder. */
export async function sourcesFor(
  { settingSources }: Pick<ClaudeSettings, 'settingSources'>,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Sources> {
  if (settingSources !== 'trusted') return { sources: settingSources, withProjectTexts: false }
  const isTrusted = await isTrustedFolder(cwd, env)
  return isTrusted ? { sources: ALL, withProjectTexts: false } : { sources: ['user'], withProjectTexts: true }
}

/** Where Claude Code keeps its sessions and, if it is set, its own state. */
export function configFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env['CLAUDE_CONFIG_DIR'] ?? join(env['HOME'] ?? '/', '.claude')
}

/** True if the user accepted Claude Code's question of trust for the folder or one above it. */
async function isTrustedFolder(cwd: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  const projects = fieldsOf(
    (await readState(join(env['CLAUDE_CONFIG_DIR'] ?? env['HOME'] ?? '/', '.claude.json')))['projects'],
  )
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (fieldsOf(projects[folder])['hasTrustDialogAccepted'] === true) return true
    if (dirname(folder) === folder) return false
  }
}

interface Kept {
  readonly mtimeMs: number
  readonly size: number
  readonly state: Fields
}

/** The file may have some MB; it is parsed again only after it was changed. */
const kept = new Map<string, Kept>()

async function readState(path: string): Promise<Fields> {
  try {
    const { mtimeMs, size } = await stat(path)
    const known = kept.get(path)
    if (known?.mtimeMs === mtimeMs && known.size === size) return known.state
    const { projects = null } = parseObject(await readFile(path, 'utf8')) ?? {}
    const state = { projects }
    kept.set(path, { mtimeMs, size, state })
    return state
  } catch {
    // Not there: nothing was ever trusted.
    return {}
  }
}
