import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import type { AgentEvent, TurnRequest } from '../../src/agent-backend.ts'
import type { CommandConfig } from '../../src/agent-backends/command/config.ts'
import { commandBackend } from '../../src/agent-backends/command.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { running, until, usePlace } from '../processes/support.ts'
import { eventsOf, failureOf, requestOf, runTurn, type TurnResult } from './support.ts'

const place = usePlace()
const backend = commandBackend()

async function run(
  config: CommandConfig,
  fields: Partial<TurnRequest> = {},
  signal?: AbortSignal,
): Promise<TurnResult> {
  return runTurn(
    backend,
    { cwd: place.dir, turn: place.turn, backendConfig: { ...config }, ...fields },
    signal,
  )
}

const text = async (config: CommandConfig, fields: Partial<TurnRequest> = {}): Promise<string> =>
  (await run(config, fields)).outcome.text

describe('the prompt', () => {
  const prompt = 'it\'s "$HOME" `id` $(id)\n{session} \\ ü'

  test.each<[string, CommandConfig]>([
    ['on stdin', { command: 'cat' }],
    ['on stdin of a program', { command: ['cat'] }],
    ['as the last argument', { command: 'printf %s', input: 'argument' }],
    ['as the last argument of a program', { command: ['printf', '%s'], input: 'argument' }],
    ['where the placeholder stands', { command: 'printf %s {prompt} ""', input: 'argument' }],
    ['where the placeholder stands in quotes', { command: 'printf %s "{prompt}"', input: 'argument' }],
    [
      'where the placeholder stands in the list',
      { command: ['printf', '%s%s', '{prompt}', ''], input: 'argument' },
    ],
    ['in a file, as the last argument', { command: 'cat', input: 'file' }],
    [
      'in a file, where the placeholder stands',
      { command: ['sh', '-c', 'cat "$1"', 'sh', '{file}'], input: 'file' },
    ],
    ['in a file, named by a variable', { command: 'cat "$ATELIER_PROMPT_FILE"', input: 'file' }],
  ])('arrives %s as it is', async (_how, config) => {
    expect(await text(config, { prompt })).toBe(prompt)
  })

  test('is part of a longer argument where it stands in one', async () => {
    const command = 'printf %s "Say: {prompt}, in {session}"'
    expect(await text({ command, input: 'argument' }, { prompt: 'a  b' })).toMatch(
      /^Say: a {2}b, in ses_\w+$/u,
    )
  })

  test('begins with the system prompt in the first turn of a session, and only there', async () => {
    const first = await run({ command: 'cat' }, { prompt: 'Hi', systemPrompt: 'You are terse.' })
    expect(first.outcome.text).toBe('You are terse.\n\nHi')
    const resume = first.outcome.session
    const second = await text(
      { command: 'cat' },
      { prompt: 'Hi', systemPrompt: 'You are terse.', ...(resume && { resume }) },
    )
    expect(second).toBe('Hi')
  })

  test('is gone from the disk after the turn', async () => {
    const path = await text({ command: 'echo "$ATELIER_PROMPT_FILE"', input: 'file' })
    expect(path).toContain('prompt.md')
    expect(existsSync(path)).toBe(false)
  })

  test('of several MB may stay unread', async () => {
    expect(await text({ command: 'echo done' }, { prompt: 'x'.repeat(8_000_000) })).toBe('done')
  })

  test('that is too long for an argument fails with the way out', async () => {
    const result = await run({ command: ['true'], input: 'argument' }, { prompt: 'x'.repeat(200_000) })
    expect(failureOf(result)).toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('stdin') as string,
    })
  })

  test('with a NUL character is no argument, and fine on stdin', async () => {
    const result = await run({ command: ['true'], input: 'argument' }, { prompt: 'a\0b' })
    expect(failureOf(result)).toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('NUL') as string,
    })
    expect(await text({ command: 'tr "\\000" -' }, { prompt: 'a\0b' })).toBe('a-b')
  })
})

describe('what is printed', () => {
  test('comes line by line while the command runs', async () => {
    const result = await run({ command: 'echo one; echo two' })
    expect(eventsOf(result, 'text').map(({ delta }) => delta)).toEqual(['one\n', 'two\n', ''])
  })

  test('as JSON gives answer, session, tokens and cost', async () => {
    const value = {
      message: { content: 'done' },
      session: 'abc',
      usd: 0.125,
      usage: {
        input_tokens: 5,
        output_tokens: 2,
        cache_read_input_tokens: 100,
        cache_creation_input_tokens: 7,
      },
    }
    const result = await run({
      command: ['echo', JSON.stringify(value, null, 2)],
      output: 'json',
      resultField: 'message.content',
      sessionField: 'session',
      costField: 'usd',
      usageField: 'usage',
    })
    expect(result.outcome).toMatchObject({
      status: 'completed',
      text: 'done',
      costUsd: 0.125,
      costSource: 'reported',
      usage: { input: 5, output: 2, cacheRead: 100, cacheWrite: 7, reasoning: 0 },
      session: { id: 'abc' },
    })
    expect(eventsOf(result, 'session').map(({ ref }) => ref.id)).toEqual(['abc'])
  })

  test('as JSON may hold more than a text', async () => {
    const result = await run({ command: ['echo', '{"result":{"score":7}}'], output: 'json' })
    expect(result.outcome).toMatchObject({
      status: 'completed',
      text: '{"score":7}',
      structured: { score: 7 },
    })
  })

  test('as JSON lines gives what it knows, and keeps the rest', async () => {
    const lines = [
      '{"type":"init"}',
      'loading…',
      '',
      '{"text":"Hel"}',
      '{"text":"lo"}',
      '{"result":"Hello."}',
    ]
    const result = await run({
      command: ['printf', '%s\\n', ...lines],
      output: 'json-lines',
      textField: 'text',
    })
    expect(result.outcome.text).toBe('Hello.')
    expect(eventsOf(result, 'raw').map(({ line }) => line)).toEqual([{ type: 'init' }, 'loading…'])
    expect(eventsOf(result, 'text').map(({ delta }) => delta)).toEqual(['Hel', 'lo', ''])
  })

  test('as JSON lines answers with the pieces where there is no result', async () => {
    const result = await run({
      command: ['printf', '{"d":"a"}\\n{"d":"b"}'],
      output: 'json-lines',
      textField: 'd',
    })
    expect(result.outcome).toMatchObject({ status: 'completed', text: 'ab' })
  })

  test.each<[string, CommandConfig, string]>([
    ['no JSON', { command: 'echo oops', output: 'json' }, 'not JSON'],
    ['JSON without the field', { command: "echo '{}'", output: 'json' }, 'no field result'],
    ['lines that are no JSON', { command: 'echo oops', output: 'json-lines' }, 'no field result'],
    ['bytes that are no text', { command: "printf 'ab\\n\\377'" }, 'offset 3'],
    ['a line of 50 MB', { command: 'head -c 50000000 /dev/zero | tr "\\000" x' }, 'longer than 16 MiB'],
    [
      'a JSON line of 50 MB',
      { command: 'head -c 50000000 /dev/zero | tr "\\000" x', output: 'json-lines' },
      'longer than 16 MiB',
    ],
    ['more than it may', { command: 'yes', maxOutputBytes: 1000 }, 'longer than 1000 bytes'],
  ])('is a broken protocol if it is %s', async (_what, config, message) => {
    const result = await run(config)
    expect(failureOf(result)).toMatchObject({
      kind: 'protocol',
      message: expect.stringContaining(message) as string,
    })
  })

  test('without end takes no memory', async () => {
    const before = process.memoryUsage().rss
    await run({ command: 'head -c 1000000000 /dev/zero | tr "\\000" x', output: 'json-lines' })
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20)
  })

  test('to stderr is no part of the answer', async () => {
    expect(await text({ command: 'echo progress >&2; echo done' })).toBe('done')
  })

  test('holds no secret', async () => {
    const env = { API_KEY: 'very-secret-value' }
    for (const config of [
      { command: 'echo "key $API_KEY"' },
      { command: 'echo "{\\"result\\":\\"key $API_KEY\\"}"', output: 'json' },
      { command: 'echo "{\\"result\\":\\"key $API_KEY\\"}"', output: 'json-lines' },
    ] satisfies CommandConfig[]) {
      const { events, outcome } = await run(config, { env })
      expect(outcome.text).toBe('key [redacted]')
      expect(JSON.stringify(events)).not.toContain('very-secret-value')
    }
    for (const command of [
      'echo "bad $API_KEY" >&2; exit 1',
      'echo "bad $API_KEY"; exit 1',
      'echo "bad $API_KEY" >&2',
    ]) {
      const result = await run({ command }, { env })
      expect(failureOf(result).message).toContain('bad [redacted]')
      expect(JSON.stringify(result.events)).not.toContain('very-secret-value')
    }
  })
})

describe('a command that fails', () => {
  test('with an exit code says the end of its stderr', async () => {
    const result = await run({ command: 'echo partial; seq 5000 >&2; echo "no such model" >&2; exit 3' })
    const { kind, message } = failureOf(result)
    expect(kind).toBe('process_exit')
    expect(message).toMatch(/ended with exit code 3: [\s\S]*no such model$/u)
    expect(message.length).toBeLessThan(3000)
    expect(result.outcome.text).toBe('partial')
  })

  test.each<[string, CommandConfig, string, string]>([
    ['by a signal', { command: 'kill -SEGV $$' }, 'process_exit', 'SIGSEGV'],
    ['without a word', { command: 'true' }, 'empty_output', 'without printing an answer'],
    ['with blanks only', { command: 'echo; echo "  "' }, 'empty_output', 'without printing an answer'],
    ['since it is not there', { command: ['atelier-no-such-agent'] }, 'missing_executable', 'not on PATH'],
    ['since the shell does not find it', { command: 'atelier-no-such-agent' }, 'process_exit', 'not found'],
    [
      'as it says itself',
      {
        command: ['echo', '{"result":"Not logged in.","is_error":true}'],
        output: 'json',
        errorField: 'is_error',
      },
      'unknown',
      'Not logged in.',
    ],
    [
      'as it says itself in words',
      { command: ['echo', '{"error":{"message":"quota"}}'], output: 'json', errorField: 'error.message' },
      'unknown',
      'quota',
    ],
  ])('%s is a failure of its kind', async (_how, config, kind, message) => {
    expect(failureOf(await run(config))).toMatchObject({
      kind,
      message: expect.stringContaining(message) as string,
    })
  })

  test('since it may not be executed is a failure to start', async () => {
    const script = join(place.dir, 'agent.sh')
    writeFileSync(script, '#!/bin/sh\necho hi\n')
    expect(failureOf(await run({ command: [script] })).kind).toBe('spawn')
    chmodSync(script, 0o755)
    expect(await text({ command: ['./agent.sh'] })).toBe('hi')
  })

  test('in a folder that is gone is a failure to start', async () => {
    const result = await run({ command: 'true' }, { cwd: join(place.dir, 'gone') })
    expect(failureOf(result)).toMatchObject({
      kind: 'spawn',
      message: expect.stringContaining('does not exist') as string,
    })
  })

  test('since its settings are wrong is a failure of the request', async () => {
    expect(failureOf(await runTurn(backend, { backendConfig: { command: 1 } })).kind).toBe('invalid_request')
  })
})

describe('processes', () => {
  test('that hold the pipe after the command has ended are not waited for', async () => {
    expect(await text({ command: 'setsid sleep 60 & echo done' })).toBe('done')
    expect(await running(place.turn)).toEqual([])
  })

  test('are ended when the turn is cancelled, and what was said is kept', async () => {
    const cancel = new AbortController()
    const turn = run({ command: 'echo said; setsid sleep 60 & sleep 60' }, {}, cancel.signal)
    await until('they run', async () => (await running(place.turn)).length >= 3)
    cancel.abort()
    expect((await turn).outcome).toMatchObject({ status: 'cancelled', text: 'said' })
  })

  test('that print nothing for too long are ended', async () => {
    const clock = new ManualClock()
    const patient = commandBackend({ clock, config: { idleTimeout: '1m' } })
    const waitFor = (file: string): string => `until [ -e ${file} ]; do sleep 0.01; done`
    const command = `echo one; ${waitFor('go')}; echo two; ${waitFor('on')}; echo three; exec sleep 60`
    const request = requestOf({ cwd: place.dir, turn: place.turn, backendConfig: { command } })
    const events = patient.run(request, new AbortController().signal)[Symbol.asyncIterator]()
    const next = async (): Promise<AgentEvent> => (await events.next()).value as AgentEvent
    expect((await next()).t).toBe('session')
    expect(await next()).toMatchObject({ delta: 'one\n' })
    for (const [file, line] of [
      ['go', 'two'],
      ['on', 'three'],
    ] as const) {
      await clock.advance(59_999)
      writeFileSync(join(place.dir, file), '')
      expect(await next()).toMatchObject({ delta: `${line}\n` })
    }
    await clock.advance(60_000)
    expect(await next()).toMatchObject({ t: 'text', done: true })
    expect(await next()).toMatchObject({
      t: 'end',
      outcome: {
        status: 'failed',
        failure: { kind: 'idle', message: expect.stringContaining('1 m') as string },
      },
    })
    await events.return?.()
    expect(clock.pending).toBe(0)
  })

  test('get what was named from the host, and nothing else', async () => {
    process.env['ATELIER_TEST_PASSED'] = 'passed'
    process.env['ATELIER_TEST_KEPT'] = 'kept'
    try {
      const output = await text({ command: 'env', passEnv: ['ATELIER_TEST_PASSED'] }, { agent: 'impl' })
      expect(output).toContain('ATELIER_TEST_PASSED=passed')
      expect(output).toContain('ATELIER_AGENT=impl')
      expect(output).not.toContain('ATELIER_TEST_KEPT')
    } finally {
      delete process.env['ATELIER_TEST_PASSED']
      delete process.env['ATELIER_TEST_KEPT']
    }
  })
})

describe('sessions', () => {
  test('have an id and a turn number in the environment', async () => {
    const command = 'echo "$ATELIER_SESSION $ATELIER_SESSION_TURN {session}"'
    const first = await run({ command })
    const id = first.outcome.session?.id
    expect(first.outcome.text).toBe(`${id} 1 ${id}`)
    const resume = first.outcome.session
    expect(await text({ command }, { ...(resume && { resume }) })).toBe(`${id} 2 ${id}`)
  })

  test('are continued with arguments of their own', async () => {
    const config: CommandConfig = { command: ['echo', 'new'], resumeArgs: ['--resume', '{session}'] }
    const first = await run(config)
    expect(first.outcome.text).toBe('new')
    const resume = first.outcome.session
    expect(await text(config, { ...(resume && { resume }) })).toBe(`new --resume ${resume?.id}`)
  })

  test('that failed in their first turn begin again', async () => {
    const first = await run({ command: 'exit 1' })
    const resume = first.outcome.session
    const command = 'cat; echo " $ATELIER_SESSION_TURN"'
    expect(await text({ command }, { prompt: 'Hi', systemPrompt: 'Sys', ...(resume && { resume }) })).toBe(
      'Sys\n\nHi 1',
    )
  })
})

describe('settings', () => {
  test.each([
    [undefined, 'backendConfig.command: must be a text or a list of texts.'],
    ['x', 'backendConfig: '],
    [[], 'backendConfig: '],
    [{ command: 3 }, 'backendConfig.command: must be a text or a list of texts.'],
    [{ command: [] }, 'backendConfig.command: must name a program.'],
    [{ command: [''] }, 'backendConfig.command[0]: The program has no name.'],
    [{ command: 'x', ouput: 'json' }, 'backendConfig.ouput: is not known; known: command, input, output'],
    [
      { command: 'x', output: 'xml' },
      'backendConfig.output "xml": is not allowed; allowed: text, json, json-lines.',
    ],
    [
      { command: 'x', input: 'tty' },
      'backendConfig.input "tty": is not allowed; allowed: stdin, argument, file.',
    ],
    [{ command: 'x', idleTimeout: 'soon' }, 'backendConfig.idleTimeout: duration '],
    [{ command: 'x', passEnv: ['A B'] }, 'backendConfig.passEnv[0]: is not the name of a variable.'],
    [{ command: 'x', maxOutputBytes: 0 }, 'backendConfig.maxOutputBytes: '],
    [{ command: 'x', costField: 'usd' }, 'backendConfig.costField: A text has no fields'],
    [{ command: 'x', output: 'json', textField: 't' }, 'backendConfig.textField: Pieces of text come only'],
    [{ command: 'x {prompt}' }, 'backendConfig.command: {prompt} stands in the command, but input is stdin'],
    [{ command: ['x', '{file}'] }, 'backendConfig.command: {file} stands in the command, but input is stdin'],
    [
      { command: "x '{prompt}'", input: 'argument' },
      'backendConfig.command: {prompt} stands in single quotes',
    ],
    [{ command: 'x', resumeArgs: ['a'] }, 'backendConfig.resumeArgs: They are added to a list'],
  ])('are refused with the field and what is allowed there: %j', (config, message) => {
    expect(() => backend.validate?.(config)).toThrow(message)
    expect(() => backend.validate?.(config)).toThrow(
      expect.objectContaining({ code: 'invalid_config' }) as Error,
    )
  })

  test('are not repeated in an error, since any of them may be a token', () => {
    const token = 'a-token-without-a-known-shape'
    for (const config of [
      { command: 'x', apiKey: token },
      { command: 'x', output: token },
      { command: 'x', passEnv: [token] },
    ]) {
      expect(() => backend.validate?.(config)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(token) as string }) as Error,
      )
    }
  })

  test('of an agent win over those of the backend', async () => {
    const configured = commandBackend({ config: { command: 'echo backend', passEnv: ['HOME'] } })
    expect(configured.validate?.(undefined)).toBeUndefined()
    expect((await runTurn(configured)).outcome.text).toBe('backend')
    expect((await runTurn(configured, { backendConfig: { command: 'echo agent' } })).outcome.text).toBe(
      'agent',
    )
  })

  test('tell whether the program is there', async () => {
    expect(await commandBackend({ config: { command: ['sh', '-c', 'x'] } }).detect()).toMatchObject({
      ok: true,
    })
    expect(await commandBackend({ config: { command: ['atelier-no-such'] } }).detect()).toMatchObject({
      ok: false,
    })
    expect(await commandBackend().detect()).toEqual({ ok: true })
  })

  test('load the schema only when there is something to check', () => {
    const source = readFileSync(new URL('../../src/agent-backends/settings.ts', import.meta.url), 'utf8')
    expect(source).not.toMatch(/^import (?!type).*'zod'/mu)
  })
})
