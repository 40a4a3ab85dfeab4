/** The claude backend on the real Claude Code: what a turn does and tells. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { Json } from '../../src/json.ts'
import { eventsOf, failureOf } from '../agent-backends/support.ts'
import { runAgent } from './claude-support.ts'
import { CLAUDE_VERSION, useClaude } from './support.ts'

const place = useClaude()
const run = (
  command: string,
): { readonly tools: readonly [{ name: string; input: { command: string } }] } => ({
  tools: [{ name: 'Bash', input: { command } }],
})

describe('a turn', () => {
  it('tells what was thought, said, called and written, once each', async () => {
    const write = { name: 'Write', input: { file_path: '@CWD@/a.txt', content: 'one\n' } }
    const server = await place.serve({
      scenarios: {
        default: [{ think: 'First.', text: 'I write\nit.', tools: [write] }, { text: 'Written.' }],
      },
    })
    const result = await runAgent(place, server, { permissionMode: 'accept_edits', model: 'sonnet' })
    const seen = result.events.map(({ t }) => t).filter((t) => t !== 'warn')
    expect(seen).toEqual([
      'session',
      'reasoning',
      'text',
      'text',
      'tool',
      'tool',
      'file',
      'text',
      'usage',
      'end',
    ])
    const [session] = eventsOf(result, 'session')
    expect(session).toMatchObject({ model: expect.stringContaining('sonnet') as string })
    expect(session?.ref).toMatchObject({
      backend: 'claude',
      cwd: place.project,
      backendVersion: CLAUDE_VERSION,
    })
    expect(eventsOf(result, 'text').map(({ delta }) => delta)).toEqual(['I write\n', 'it.', 'Written.'])
    expect(eventsOf(result, 'tool')).toMatchObject([
      { name: 'Write', kind: 'edit', phase: 'start', input: { content: 'one\n' } },
      { name: 'Write', kind: 'edit', phase: 'end', ok: true },
    ])
    expect(eventsOf(result, 'file')).toEqual([{ t: 'file', path: 'a.txt', change: 'add' }])
    expect(result.outcome).toMatchObject({ status: 'completed', text: 'Written.', modelTurns: 2 })
    expect(readFileSync(join(place.project, 'a.txt'), 'utf8')).toBe('one\n')
  })

  it('has the system prompt, and the model and effort that are asked for', async () => {
    const server = await place.serve({ scenarios: { default: [{ text: 'Yes.' }] } })
    await runAgent(place, server, { systemPrompt: 'You are Zoe.', model: 'claude-sonnet-5-5', effort: 'low' })
    expect(server.requests[0]).toMatchObject({ model: 'claude-sonnet-5-5' })
    expect(JSON.stringify(server.requests[0]?.body)).toContain('You are Zoe.')
    expect(JSON.stringify(server.requests[0]?.body)).toContain('"effort":"low"')
  })

  it('has a system prompt of any length', async () => {
    const server = await place.serve({ scenarios: { default: [{ text: 'Yes.' }] } })
    await runAgent(place, server, { systemPrompt: `${'Be kind. '.repeat(20_000)}And brief.` })
    expect(JSON.stringify(server.requests[0]?.body)).toContain('And brief.')
  })

  it('reads a prompt that begins with a slash as a prompt, not as a command', async () => {
    const server = await place.serve({ scenarios: { default: [{ text: '@PROMPT@' }] } })
    const { outcome } = await runAgent(place, server, { prompt: '/clear the table' })
    expect(outcome.text.trim()).toBe('/clear the table')
    const asCommand = await runAgent(place, server, { prompt: '/cost', config: { slashCommands: true } })
    expect(asCommand.outcome.text).toContain('Estimated cost')
    expect(server.requests).toHaveLength(1)
  })

  it('ends at its caps', async () => {
    const server = await place.serve({
      scenarios: { default: Array.from({ length: 9 }, () => run('echo on')) },
    })
    const turns = await runAgent(place, server, { maxTurns: 2, allowedTools: ['Bash'] })
    expect(failureOf(turns).kind).toBe('turn_limit')
    expect(server.requests).toHaveLength(2)
    const usd = await runAgent(place, server, { maxBudgetUsd: 0.0003, allowedTools: ['Bash'] })
    expect(failureOf(usd).kind).toBe('budget_exceeded')
    expect(usd.outcome.costUsd).toBeGreaterThan(0.0003)
  })

  it('refuses an effort that Claude Code would ignore', async () => {
    const server = await place.serve({ scenarios: {} })
    const failure = failureOf(await runAgent(place, server, { effort: 'extreme' }))
    expect(failure).toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('xhigh') as string,
    })
  })
})

describe('permissions', () => {
  it.each([
    ['default', 'denied'],
    ['accept_edits', 'done'],
    ['dont_ask', 'denied'],
  ] as const)('in mode %s a command that makes a file is %s', async (permissionMode, expected) => {
    const server = await place.serve({ scenarios: { default: [run('touch made.txt'), { text: 'Tried.' }] } })
    const result = await runAgent(place, server, { permissionMode })
    expect(existsSync(join(place.project, 'made.txt'))).toBe(expected === 'done')
    const denials = eventsOf(result, 'permission').map(({ tool, decision }) => [tool, decision])
    expect(denials).toEqual(expected === 'done' ? [] : [['Bash', 'denied']])
    expect(result.outcome).toMatchObject({ status: 'completed', text: 'Tried.' })
  })

  it('give the tools that are named, by their rules, and no others', async () => {
    const write = { name: 'Write', input: { file_path: '@CWD@/no.txt', content: 'x' } }
    const server = await place.serve({
      scenarios: {
        default: [run('git status --short'), run('touch no.txt'), { tools: [write] }, { text: '@LAST@' }],
      },
    })
    const result = await runAgent(place, server, { allowedTools: ['Read', 'Bash(git status *)'] })
    const ends = eventsOf(result, 'tool').filter(({ phase }) => phase === 'end')
    expect(ends.map(({ name, ok }) => [name, ok])).toEqual([
      ['Bash', true],
      ['Bash', false],
      ['Write', false],
    ])
    expect(existsSync(join(place.project, 'no.txt'))).toBe(false)
  })

  it('take away the tools that are disallowed', async () => {
    const server = await place.serve({ scenarios: { default: [run('touch no.txt'), { text: 'Tried.' }] } })
    await runAgent(place, server, { permissionMode: 'accept_edits', disallowedTools: ['Bash(touch *)'] })
    expect(existsSync(join(place.project, 'no.txt'))).toBe(false)
  })

  const bypass = { permissionMode: 'bypass_permissions' } as const

  it.runIf(process.getuid?.() === 0)('are not bypassed for root', async () => {
    const server = await place.serve({ scenarios: {} })
    const failure = failureOf(await runAgent(place, server, bypass))
    expect(failure.kind).toBe('invalid_request')
    expect(failure.message).toContain('IS_SANDBOX=1')
  })

  it('are bypassed in a sandbox', async () => {
    const server = await place.serve({ scenarios: { default: [run('touch made.txt'), { text: 'Done.' }] } })
    const result = await runAgent(place, server, { ...bypass, env: { IS_SANDBOX: '1' } })
    expect(result.outcome.status).toBe('completed')
    expect(existsSync(join(place.project, 'made.txt'))).toBe(true)
  })
})

describe('an MCP server', () => {
  const script = `
    import { createInterface } from 'node:readline'
    const say = (message) => console.log(JSON.stringify({ jsonrpc: '2.0', ...message }))
    const tool = { name: 'report', description: 'Reports.', inputSchema: { type: 'object', properties: {} } }
    for await (const line of createInterface({ input: process.stdin })) {
      const { id, method, params } = JSON.parse(line)
      if (method === 'initialize') say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'board', version: '1' } } })
      else if (method === 'tools/list') say({ id, result: { tools: [tool] } })
      else if (method === 'tools/call') say({ id, result: { content: [{ type: 'text', text: 'Reported with ' + process.env.BOARD } ] } })
      else if (id !== undefined) say({ id, error: { code: -32601, message: 'Unknown.' } })
    }`

  function servers(): Json {
    const file = join(place.home, 'board.mjs')
    writeFileSync(file, script)
    return { board: { command: process.execPath, args: [file], env: { BOARD: 'care' }, alwaysLoad: true } }
  }

  it('gives its tools to the agent', async () => {
    const call = { tools: [{ name: 'mcp__board__report', input: {} }] }
    const server = await place.serve({ scenarios: { default: [call, { text: '@LAST@' }] } })
    const mcpConfig = servers()
    const result = await runAgent(place, server, { mcpConfig, allowedTools: ['mcp__board'] })
    expect(result.outcome).toMatchObject({ status: 'completed', text: 'Reported with care' })
    expect(eventsOf(result, 'tool')[0]).toMatchObject({ name: 'mcp__board__report', kind: 'mcp' })
  })

  it('that does not start is told, and the turn goes on', async () => {
    const server = await place.serve({ scenarios: { default: [{ text: 'Without it.' }] } })
    const mcpConfig = { mcpServers: { gone: { command: '/does/not/exist' } } }
    const result = await runAgent(place, server, { mcpConfig })
    expect(result.outcome.text).toBe('Without it.')
    expect(eventsOf(result, 'warn')[0]?.message).toContain('The MCP server gone did not start')
  })
})

describe('a structured answer', () => {
  const outputSchema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] } as const
  const answer = (input: { readonly ok: boolean | string }): object => ({
    tools: [{ name: 'StructuredOutput', input }],
  })

  it('is given as data and as text', async () => {
    const server = await place.serve({ scenarios: { default: [answer({ ok: true })] } })
    const { outcome } = await runAgent(place, server, { outputSchema })
    expect(outcome).toMatchObject({ status: 'completed', structured: { ok: true }, text: '{"ok":true}' })
  })

  it('that is missing fails the turn, though Claude Code calls it a success', async () => {
    const server = await place.serve({ scenarios: { default: [{ text: 'No.' }, { text: 'No.' }] } })
    const failure = failureOf(await runAgent(place, server, { outputSchema }))
    expect(failure).toMatchObject({
      kind: 'schema',
      message: expect.stringContaining('without the structured') as string,
    })
  })

  it('that never fits fails the turn', async () => {
    const wrong = Array.from({ length: 9 }, () => answer({ ok: 'no' }))
    const server = await place.serve({ scenarios: { default: wrong } })
    expect(failureOf(await runAgent(place, server, { outputSchema }))).toMatchObject({ kind: 'schema' })
  })
})

describe('other options', () => {
  it('add folders, settings, and leave no session', async () => {
    const write = { name: 'Write', input: { file_path: `${place.home}/extra/a.txt`, content: 'x' } }
    const server = await place.serve({
      scenarios: { default: [{ tools: [write] }, run('printenv FROM_SETTINGS'), { text: '@LAST@' }] },
    })
    const result = await runAgent(place, server, {
      permissionMode: 'accept_edits',
      addDirs: [place.home],
      settings: { env: { FROM_SETTINGS: 'seen' }, permissions: { allow: ['Bash(printenv *)'] } },
      noSessionPersistence: true,
    })
    expect(result.outcome.text).toBe('seen')
    expect(existsSync(join(place.home, 'extra/a.txt'))).toBe(true)
    expect(result.outcome.session).toBeUndefined()
    expect(eventsOf(result, 'session')).toEqual([])
  })
})
