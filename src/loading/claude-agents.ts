/** Reads the subagents of Claude Code as profiles: `.claude/agents/*.md`, as they are. */
import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ProfileDefinition } from '../agents/definition.ts'
import { messageOf } from '../errors.ts'
import { readAgentFile, type AgentFile } from './claude-agent-file.ts'
import { readTextFile } from './text-file.ts'

/** Something in a file that was left out, or a file that was. */
export interface LoadWarning {
  readonly file: string
  /** Counted from 1; null: it concerns the whole file. */
  readonly line: number | null
  readonly message: string
}

export interface ClaudeProfile {
  readonly name: string
  readonly profile: ProfileDefinition
  readonly file: string
  readonly scope: 'project' | 'user'
}

export interface ClaudeAgents {
  /** By file name; one of the project comes in place of the user's with the same name. */
  readonly profiles: readonly ClaudeProfile[]
  readonly warnings: readonly LoadWarning[]
}

export interface ClaudeAgentsOptions {
  /** Reads those in the home folder, too. */
  readonly user?: boolean
  /** The home folder, if it is another. */
  readonly home?: string
}

/**
 * The profiles of a project. One broken file is a warning and no more: the others load. A folder that is not there
 * holds none.
 */
export async function loadClaudeAgents(
  dir: string,
  { user = false, home = homedir() }: ClaudeAgentsOptions = {},
): Promise<ClaudeAgents> {
  const project = await loadFolder(join(dir, '.claude', 'agents'), 'project')
  const own = user
    ? await loadFolder(join(home, '.claude', 'agents'), 'user')
    : { profiles: [], warnings: [] }
  const taken = new Set(project.profiles.map(({ name }) => name))
  return {
    profiles: [...project.profiles, ...own.profiles.filter(({ name }) => !taken.has(name))],
    warnings: [...project.warnings, ...own.warnings],
  }
}

async function loadFolder(folder: string, scope: ClaudeProfile['scope']): Promise<ClaudeAgents> {
  const warnings: LoadWarning[] = []
  const byName = new Map<string, ClaudeProfile>()
  for (const file of filesIn(folder, warnings)) {
    const { agent, warnings: found } = await loadFile(file)
    warnings.push(...found)
    if (agent === null) continue
    const first = byName.get(agent.name)
    if (first === undefined) byName.set(agent.name, { ...agent, file, scope })
    else
      warnings.push({
        file,
        line: null,
        message: `The name "${agent.name}" is taken by ${first.file}; this file was left out.`,
      })
  }
  return { profiles: [...byName.values()], warnings }
}

async function loadFile(file: string): Promise<AgentFile> {
  try {
    return await readAgentFile(file, await readTextFile(file))
  } catch (thrown) {
    return {
      agent: null,
      warnings: [{ file, line: null, message: `The file was left out: ${messageOf(thrown)}.` }],
    }
  }
}

function filesIn(folder: string, warnings: LoadWarning[]): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.md'))
    return names.toSorted().map((name) => join(folder, name))
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      warnings.push({ file: folder, line: null, message: `The folder was left out: ${messageOf(thrown)}.` })
    }
    return []
  }
}
