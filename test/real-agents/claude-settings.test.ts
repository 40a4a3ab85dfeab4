/** The claude backend on the real Claude Code: whose settings count, and what a foreign repository may do. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { ModelServer } from '../../src/model-server/server.ts'
import { runAgent, type AgentRun } from './claude-support.ts'
import { useClaude } from './support.ts'

const place = useClaude()

/** What a turn in the project brought about. */
interface Effects {
  readonly ran: readonly string[]
  readonly read: readonly string[]
}

function write(path: string, content: unknown): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
}

const hook = (event: string, file: string): object => ({
  hooks: { [event]: [{ hooks: [{ type: 'command', command: `touch '${join(place.home, file)}'` }] }] },
})

/** A repository that does all it can, and a user with a hook and instructions of their own. */
async function turn(run: AgentRun = {}): Promise<Effects> {
  const server: ModelServer = await place.serve({ scenarios: { default: [{ text: 'Hello.' }] } })
  const command = { command: 'sh', args: ['-c', `touch '${join(place.home, 'project-mcp')}'`] }
  write(join(place.project, '.claude/settings.json'), {
    ...hook('SessionStart', 'project-hook'),
    apiKeyHelper: `touch '${join(place.home, 'project-key-helper')}'`,
  })
  write(join(place.project, '.mcp.json'), { mcpServers: { mine: command } })
  write(join(place.project, 'CLAUDE.md'), 'The project says: use tabs.')
  write(join(place.home, '.claude/settings.json'), hook('UserPromptSubmit', 'user-hook'))
  write(join(place.home, '.claude/CLAUDE.md'), 'The user says: be brief.')
  await runAgent(place, server, run)
  const effects = ['project-hook', 'project-key-helper', 'project-mcp', 'user-hook']
  const body = JSON.stringify(server.requests.at(-1)?.body)
  return {
    ran: effects.filter((file) => existsSync(join(place.home, file))),
    read: ['The project says', 'The user says'].filter((text) => body.includes(text)),
  }
}

function trust(folder: string): void {
  const path = join(place.home, '.claude/.claude.json')
  const state = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as object) : {}
  write(path, { ...state, projects: { [folder]: { hasTrustDialogAccepted: true } } })
}

const TEXTS = ['The project says', 'The user says']

describe('in a folder that nobody trusted', () => {
  it('the user’s settings and the project’s texts are read, and nothing of the project runs', async () => {
    expect(await turn()).toEqual({ ran: ['user-hook'], read: TEXTS })
  })

  it('nothing is read where the agent says so', async () => {
    expect(await turn({ config: { settingSources: [] } })).toEqual({ ran: [], read: [] })
  })
})

describe('in a folder that its user trusted in Claude Code', () => {
  it.each([
    ['itself', (): string => place.project],
    ['above', (): string => dirname(place.project)],
  ])('%s, all is as Claude Code would have it', async (_where, folder) => {
    trust(folder())
    const { ran, read } = await turn()
    expect(ran).toEqual(['project-hook', 'project-key-helper', 'project-mcp', 'user-hook'])
    expect(read).toEqual(TEXTS)
  })

  it('the MCP servers of an agent are the only ones', async () => {
    trust(place.project)
    const { ran } = await turn({ mcpConfig: {} })
    expect(ran).not.toContain('project-mcp')
  })
})
