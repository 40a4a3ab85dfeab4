/** The real Claude Code on the scripted model: what one turn is. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { CLAUDE_VERSION, claudeBinary, linesOf, runClaude, useClaude } from './support.ts'

const place = useClaude()

it('is the pinned version, from the folder of these tests', () => {
  const manifest = readFileSync(new URL('package.json', import.meta.url), 'utf8')
  expect(JSON.parse(manifest)).toMatchObject({
    dependencies: { '@anthropic-ai/claude-code': CLAUDE_VERSION },
  })
  const said = execFileSync(claudeBinary(), ['--version'], { encoding: 'utf8', env: { HOME: place.home } })
  expect(said).toContain(CLAUDE_VERSION)
})

it.runIf(process.env['ATELIER_LOOPBACK_ONLY'] === '1')('reaches nothing beyond this machine', async () => {
  const code = await new Promise((resolve) => {
    // An address for documentation: nobody has it.
    connect({ host: '192.0.2.1', port: 443 })
      .once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      .once('connect', () => resolve('connected'))
  })
  expect(code).toBe('ENETUNREACH')
})

it('says what the model says, with one call of the model', async () => {
  const server = await place.serve({
    scenarios: { default: [{ text: 'Hello.', usage: { input: 11, output: 7 } }] },
  })
  const { result, exit } = await runClaude(place, server, { prompt: 'Say hello' })
  expect(exit).toEqual({ code: 0, signal: null })
  expect(result).toMatchObject({ subtype: 'success', is_error: false, result: 'Hello.', num_turns: 1 })
  expect(result?.['usage']).toMatchObject({ input_tokens: 11, output_tokens: 7 })
  expect(server.requests.map(({ kind, path, prompts }) => ({ kind, path, prompts }))).toEqual([
    { kind: 'step', path: '/v1/messages?beta=true', prompts: ['Say hello'] },
  ])
  expect(server.requests[0]?.session).toBe(result?.session_id)
})

it('brings a prompt to the model as it is', async () => {
  const prompt = '  zwölf 日本語 🧑‍💻 e\u0301\n\t"q" \'s\' $(echo no) `x` ${HOME} \\n %s @README.md \n'
  const server = await place.serve({ scenarios: { default: [{ text: '@PROMPT_BYTES@' }] } })
  const { result } = await runClaude(place, server, { prompt })
  expect(server.promptsSeen()).toEqual([prompt])
  expect(result?.['result']).toBe(String(Buffer.byteLength(prompt)))
})

it('edits a file', async () => {
  const write = { name: 'Write', input: { file_path: '@CWD@/lib/a.txt', content: 'one\n' } }
  const server = await place.serve({
    scenarios: { edit: [{ text: 'I write.', tools: [write] }, { text: 'Written.' }] },
  })
  const { result } = await runClaude(place, server, { prompt: 'Edit [[script:edit]]' })
  expect(readFileSync(join(place.project, 'lib/a.txt'), 'utf8')).toBe('one\n')
  expect(result).toMatchObject({ is_error: false, result: 'Written.', num_turns: 2 })
  expect(server.requests.map(({ step }) => step)).toEqual([0, 1])
  expect(server.starts()).toHaveLength(1)
})

it('runs commands, several in one answer, and tells the model what they said', async () => {
  const commands = ['echo $((6 * 7))', 'pwd']
  const tools = commands.map((command) => ({ name: 'Bash', input: { command } }))
  const server = await place.serve({ scenarios: { default: [{ tools }, { text: 'In @LAST@' }] } })
  const args = ['--allowedTools', 'Bash']
  const { result, lines } = await runClaude(place, server, { prompt: 'Go', args })
  expect(result?.['result']).toBe(`In ${place.project}`)
  expect(JSON.stringify(server.requests[1]?.body)).toContain('"content":"42"')
  expect(linesOf(lines, 'user')).toHaveLength(2)
})

it('may touch files by commands with no more than acceptEdits, and nothing else', async () => {
  const commands = ['touch made', 'node --eval 1']
  const scenarios = {
    default: commands.map((command) => ({ tools: [{ name: 'Bash', input: { command } }] })),
  }
  const server = await place.serve({ scenarios })
  const { result } = await runClaude(place, server, { prompt: 'Go' })
  expect(existsSync(join(place.project, 'made'))).toBe(true)
  expect(result?.['permission_denials']).toMatchObject([
    { tool_name: 'Bash', tool_input: { command: commands[1] } },
  ])
})

it('takes a prompt that begins with the name of a command for that command', async () => {
  const server = await place.serve({ scenarios: { default: [{ text: 'Hello.' }] } })
  const command = await runClaude(place, server, { prompt: '/help me' })
  expect(command.result).toMatchObject({ is_error: false, subtype: 'success' })
  expect(server.requests).toEqual([])
  await runClaude(place, server, { prompt: '\n/help me' })
  expect(server.promptsSeen()).toEqual(['\n/help me'])
})

it('goes on by itself when a command in the background is done, with a second result', async () => {
  const bash = { name: 'Bash', input: { command: 'echo late', run_in_background: true } }
  const scenarios = { default: [{ tools: [bash] }, { text: 'Started.' }, { text: 'Noticed.' }] }
  const server = await place.serve({ scenarios })
  const { lines } = await runClaude(place, server, { prompt: 'Go', args: ['--allowedTools', 'Bash'] })
  expect(linesOf(lines, 'result').at(-1)?.['result']).toBe('Noticed.')
  expect(server.requests.map(({ step }) => step)).toEqual([0, 1, 2])
  expect(server.starts()).toHaveLength(1)
})

it('gives structured output, and asks again where there is none', async () => {
  const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
  const output = (n: unknown): object => ({ tools: [{ name: 'StructuredOutput', input: { n } }] })
  const scenarios = { default: [{ text: 'Forty-two.' }, output('many'), output(42)] }
  const server = await place.serve({ scenarios })
  const args = ['--json-schema', JSON.stringify(schema)]
  const { result } = await runClaude(place, server, { prompt: 'How many?', args })
  expect(result).toMatchObject({ subtype: 'success', structured_output: { n: 42 } })
  expect(server.requests.map(({ step }) => step)).toEqual([0, 1, 2])
})
