import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import type { AgentEvent } from '../../src/agent-backend.ts'
import { parseScript } from '../../src/agent-backends/scripted/check.ts'
import type { Script, Step } from '../../src/agent-backends/scripted/script.ts'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import { FAILURES, type FailureKind } from '../../src/agents/failures.ts'
import { hashText } from '../../src/ids.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { usePlace } from '../processes/support.ts'
import { eventsOf, failureOf, requestOf, runTurn, type TurnResult } from './support.ts'

const place = usePlace()

async function play(steps: readonly Step[], fields = {}): Promise<TurnResult> {
  return runTurn(scriptedBackend({ script: { steps } }), { cwd: place.dir, turn: place.turn, ...fields })
}

describe('the answer', () => {
  test('without a script it names the agent and the prompt', async () => {
    expect((await runTurn(scriptedBackend())).outcome.text).toBe('impl: Do it')
  })

  test('the first rule that fits gives it', async () => {
    const script: Script = {
      rules: [
        { agent: 'reviewer', reply: 'reviewed' },
        { agent: 'impl', match: 'caching', reply: 'cached' },
        { match: '/^fix #\\d+$/i', reply: 'fixed' },
        { match: /ship/u, reply: 'shipped' },
      ],
      reply: 'nothing fits',
    }
    const backend = scriptedBackend({ script })
    const ask = async (agent: string, prompt: string): Promise<string> =>
      (await runTurn(backend, { agent, prompt })).outcome.text
    expect(await ask('reviewer', 'Look at the caching')).toBe('reviewed')
    expect(await ask('impl', 'Implement caching')).toBe('cached')
    expect(await ask('tests', 'Implement caching')).toBe('nothing fits')
    expect(await ask('impl', 'FIX #12')).toBe('fixed')
    expect(await ask('impl', 'please fix #12')).toBe('nothing fits')
    expect(await ask('impl', 'ship it')).toBe('shipped')
  })

  test('a rule may be for one turn of the session, and for so many times', async () => {
    const backend = scriptedBackend({
      script: {
        rules: [
          { turn: 2, reply: 'second' },
          { times: 1, steps: [{ fail: { kind: 'rate_limit' } }] },
        ],
        reply: 'turn @TURN_NUMBER@',
      },
    })
    expect(failureOf(await runTurn(backend)).kind).toBe('rate_limit')
    const first = await runTurn(backend)
    expect(first.outcome.text).toBe('turn 1')
    const resume = first.outcome.session
    expect((await runTurn(backend, { ...(resume && { resume }) })).outcome.text).toBe('second')
  })

  test('an agent’s own script goes before the backend’s', async () => {
    const backend = scriptedBackend({
      script: { rules: [{ match: 'both', reply: 'backend' }], reply: 'rest' },
    })
    const backendConfig = {
      rules: [
        { match: 'mine', times: 1, reply: 'agent' },
        { match: 'both', reply: 'agent too' },
      ],
    }
    const ask = async (prompt: string): Promise<string> =>
      (await runTurn(backend, { prompt, backendConfig })).outcome.text
    expect(await ask('mine')).toBe('agent')
    expect(await ask('mine')).toBe('rest')
    expect(await ask('both')).toBe('agent too')
  })

  test('a function gives a text or steps', async () => {
    const backend = scriptedBackend({
      script: {
        rules: [{ match: 'text', reply: (request, turnNumber) => `${request.agent} ${turnNumber}` }],
        reply: () => Promise.resolve([{ say: 'from steps' }]),
      },
    })
    expect((await runTurn(backend, { prompt: 'text' })).outcome.text).toBe('impl 1')
    expect((await runTurn(backend, { prompt: 'else' })).outcome.text).toBe('from steps')
  })

  test('the last thing said is the answer, and variables in the prompt stay', async () => {
    const { outcome } = await play([{ say: 'first' }, { say: '@PROMPT@ in @CWD@' }], { prompt: '@AGENT@ $1' })
    expect(outcome.text).toBe(`@AGENT@ $1 in ${place.dir}`)
  })

  test('text comes in pieces, as far apart as the script says', async () => {
    const clock = new ManualClock()
    const backend = scriptedBackend({ clock, script: { steps: [{ say: 'añ🧑b', pieces: 2, every: '1s' }] } })
    const seen: AgentEvent[] = []
    const running = (async () => {
      for await (const event of backend.run(requestOf({}), new AbortController().signal)) seen.push(event)
    })()
    const texts = (): unknown[] =>
      seen.flatMap((event) => (event.t === 'text' ? [[event.delta, event.done]] : []))
    await clock.advance(999)
    expect(texts()).toEqual([['añ', false]])
    await clock.advance(1)
    await running
    expect(texts()).toEqual([
      ['añ', false],
      ['🧑b', true],
    ])
  })
})

describe('time', () => {
  test('a delay passes on the clock', async () => {
    const clock = new ManualClock()
    const backend = scriptedBackend({ clock, script: { steps: [{ delay: '200ms' }, { say: 'late' }] } })
    let text: string | undefined
    const running = runTurn(backend).then(({ outcome }) => (text = outcome.text))
    await clock.advance(199)
    expect(text).toBeUndefined()
    await clock.advance(1)
    await running
    expect(text).toBe('late')
  })

  test.each([
    ['a delay', { delay: '1h' }],
    ['a hang', { hang: true }],
    ['text that comes slowly', { say: 'abc', pieces: 3, every: '1h' }],
  ] satisfies [string, Step][])('%s ends when the turn is cancelled', async (_what, step) => {
    const clock = new ManualClock()
    const cancel = new AbortController()
    const backend = scriptedBackend({ clock, script: { steps: [step, { say: 'never' }] } })
    const running = runTurn(backend, {}, cancel.signal)
    await clock.tick()
    cancel.abort()
    const { outcome } = await running
    expect(outcome).toMatchObject({ status: 'cancelled', text: '' })
    expect(clock.pending).toBe(0)
  })

  test('a limit that is lifted in a while names the time on the clock', async () => {
    const clock = new ManualClock()
    const script = {
      steps: [{ fail: { kind: 'usage_limit', status: 429, resetsIn: '5m' } }],
    } satisfies Script
    const result = await runTurn(scriptedBackend({ clock, script }))
    const resetsAt = clock.now() + 300_000
    expect(failureOf(result)).toMatchObject({ kind: 'usage_limit', status: 429, resetsAt })
    expect(eventsOf(result, 'limit')).toEqual([{ t: 'limit', kind: 'usage_limit', resetsAt }])
  })
})

describe('tools', () => {
  test('a tool is reported', async () => {
    const result = await play([
      { tool: { name: 'Read', kind: 'read', input: { path: 'a.ts' }, output: 'const a = 1' } },
      { say: 'It says: @LAST@' },
    ])
    expect(eventsOf(result, 'tool')).toEqual([
      { t: 'tool', id: 'tool1', name: 'Read', kind: 'read', phase: 'start', input: { path: 'a.ts' } },
      { t: 'tool', id: 'tool1', name: 'Read', kind: 'read', phase: 'end', output: 'const a = 1', ok: true },
    ])
    expect(result.outcome).toMatchObject({ text: 'It says: const a = 1', modelTurns: 2 })
  })

  test('a command really runs, in the folder and with the environment of the turn', async () => {
    const run = 'echo "$GREETING" > note.txt; pwd; echo oops >&2; exit 3'
    const result = await play([{ run }, { say: '@EXIT@: @LAST@' }], { env: { GREETING: 'hi' } })
    expect(readFileSync(join(place.dir, 'note.txt'), 'utf8')).toBe('hi\n')
    expect(result.outcome.text).toBe(`3: ${place.dir}\noops`)
    expect(eventsOf(result, 'tool').at(-1)).toMatchObject({
      kind: 'exec',
      ok: false,
      output: `${place.dir}\noops`,
    })
  })

  test('a file is written, changed and appended to', async () => {
    const result = await play([
      { edit: { path: 'src/a.ts', content: 'const a = 1 // @AGENT@\n' } },
      { edit: { path: 'src/a.ts', find: '1', replace: '2' } },
      { append: { path: 'src/a.ts', text: 'done\n' } },
      { append: { path: 'log.txt', text: 'new' } },
      { say: 'ok' },
    ])
    expect(readFileSync(join(place.dir, 'src/a.ts'), 'utf8')).toBe('const a = 2 // impl\ndone\n')
    expect(eventsOf(result, 'file').map(({ path, change }) => [path, change])).toEqual([
      ['src/a.ts', 'add'],
      ['src/a.ts', 'modify'],
      ['src/a.ts', 'modify'],
      ['log.txt', 'add'],
    ])
    expect(eventsOf(result, 'tool').map(({ name, phase }) => `${name} ${phase}`)).toEqual([
      'Write start',
      'Write end',
      'Edit start',
      'Edit end',
      'Edit start',
      'Edit end',
      'Edit start',
      'Edit end',
    ])
  })

  test('no edit leaves the folder', async () => {
    const inside = join(place.dir, 'work')
    mkdirSync(inside)
    writeFileSync(join(place.dir, 'secret.txt'), 'untouched')
    symlinkSync(place.dir, join(inside, 'up'))
    symlinkSync(join(place.dir, 'secret.txt'), join(inside, 'link.txt'))
    symlinkSync(join(place.dir, 'absent.txt'), join(inside, 'dangling.txt'))
    for (const path of [
      '../secret.txt',
      join(place.dir, 'secret.txt'),
      'up/secret.txt',
      'link.txt',
      'dangling.txt',
      '.',
      '',
    ]) {
      const result = await play([{ edit: { path, content: 'changed' } }, { say: 'ok' }], { cwd: inside })
      expect(failureOf(result)).toMatchObject({ kind: 'invalid_request' })
    }
    expect(readFileSync(join(place.dir, 'secret.txt'), 'utf8')).toBe('untouched')
  })

  test('a text to be replaced has to be there', async () => {
    const result = await play([{ edit: { path: 'a.ts', find: 'absent', replace: 'x' } }, { say: 'ok' }])
    expect(failureOf(result)).toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('"absent"') as string,
    })
  })

  test('a tool that the agent may not use does nothing', async () => {
    const steps: Step[] = [
      { run: 'touch ran' },
      { edit: { path: 'edited', content: '' } },
      { tool: { name: 'Read' } },
      { say: 'ok' },
    ]
    for (const fields of [
      { allowedTools: ['Read'] },
      { disallowedTools: ['Bash(rm:*)', 'Write'] },
      { permissionMode: 'plan' },
    ]) {
      const result = await play(steps, fields)
      const ends = eventsOf(result, 'tool').filter(({ phase }) => phase === 'end')
      expect(ends.map(({ ok }) => ok)).toEqual([false, false, true])
      expect(() => readFileSync(join(place.dir, 'ran'))).toThrow('ENOENT')
      expect(() => readFileSync(join(place.dir, 'edited'))).toThrow('ENOENT')
    }
  })
})

describe('limits, tokens and cost', () => {
  test('tokens and cost add up within the turn', async () => {
    const result = await play([
      { usage: { input: 10, output: 2 } },
      { cost: 0.25 },
      { usage: { input: 5, cacheRead: 100 } },
      { cost: 0.5 },
      { say: 'ok' },
    ])
    expect(result.outcome).toMatchObject({
      usage: { input: 15, output: 2, cacheRead: 100, cacheWrite: 0, reasoning: 0 },
      costUsd: 0.75,
      costSource: 'reported',
    })
    expect(eventsOf(result, 'usage').map(({ costUsd }) => costUsd)).toEqual([undefined, 0.25, undefined, 0.5])
  })

  test('a completed turn has the tokens and the cost that the script gives every turn', async () => {
    const script: Script = {
      usage: { input: 3 },
      costUsd: 0.1,
      rules: [{ match: 'own', steps: [{ cost: 2 }, { say: 'ok' }] }],
    }
    const backend = scriptedBackend({ script })
    expect((await runTurn(backend)).outcome).toMatchObject({ usage: { input: 3 }, costUsd: 0.1 })
    expect((await runTurn(backend, { prompt: 'own' })).outcome).toMatchObject({
      usage: { input: 3 },
      costUsd: 2,
    })
  })

  test('a failed turn keeps the cost that it had', async () => {
    const result = await play([{ cost: 0.25 }, { fail: { kind: 'network', message: 'gone' } }])
    expect(result.outcome).toMatchObject({
      status: 'failed',
      costUsd: 0.25,
      failure: { kind: 'network', message: 'gone' },
    })
  })

  test('the caps of a turn are kept', async () => {
    const tools: Step[] = [{ tool: { name: 'Read' } }, { tool: { name: 'Read' } }, { say: 'ok' }]
    expect(failureOf(await play(tools, { maxTurns: 2 })).kind).toBe('turn_limit')
    expect((await play(tools, { maxTurns: 3 })).outcome.status).toBe('completed')
    expect(failureOf(await play([{ cost: 2 }, { say: 'ok' }], { maxBudgetUsd: 1 })).kind).toBe(
      'budget_exceeded',
    )
  })
})

describe('failures', () => {
  test('every kind can be scripted', async () => {
    for (const kind of Object.keys(FAILURES) as FailureKind[]) {
      expect(failureOf(await play([{ fail: { kind } }])).kind).toBe(kind)
    }
  })

  test('a crash of the adapter is a failure, and the next turn works', async () => {
    const backend = scriptedBackend({
      script: { rules: [{ times: 1, steps: [{ crash: 'boom' }] }], reply: 'ok' },
    })
    expect(failureOf(await runTurn(backend))).toMatchObject({
      kind: 'unknown',
      message: expect.stringContaining('boom') as string,
    })
    expect((await runTurn(backend)).outcome.text).toBe('ok')
  })

  test('a function that throws is a failure', async () => {
    const backend = scriptedBackend({
      script: {
        reply: () => {
          throw new Error('no idea')
        },
      },
    })
    expect(failureOf(await runTurn(backend)).message).toContain('no idea')
  })

  test('a step that is none is a failure', async () => {
    expect(failureOf(await play([{ sya: 'x' } as unknown as Step])).message).toContain('{"sya":"x"}')
  })
})

describe('sessions', () => {
  test('the step session decides what becomes of it', async () => {
    const backend = scriptedBackend({
      script: {
        rules: [
          { match: 'none', steps: [{ session: 'none' }, { say: 'ok' }] },
          { match: 'new', steps: [{ session: 'new' }, { say: '@TURN_NUMBER@' }] },
          { match: 'lost', steps: [{ session: 'lost' }, { say: 'ok' }] },
        ],
      },
    })
    const none = await runTurn(backend, { prompt: 'none' })
    expect([none.outcome.session, eventsOf(none, 'session')]).toEqual([undefined, []])
    const { session } = (await runTurn(backend)).outcome
    const resume = session === undefined ? {} : { resume: session }
    const fresh = await runTurn(backend, { prompt: 'new', ...resume })
    expect(fresh.outcome.text).toBe('1')
    expect(fresh.outcome.session?.id).not.toBe(session?.id)
    expect(failureOf(await runTurn(backend, { prompt: 'lost', ...resume })).kind).toBe('protocol')
    expect((await runTurn(backend, { prompt: 'lost' })).outcome.text).toBe('ok')
  })

  test('a session file shows prompts and answers, and a prompt without one while it runs', async () => {
    const cancel = new AbortController()
    const script: Script = {
      rules: [{ match: 'wait', steps: [{ say: 'Hm' }, { hang: true }] }],
      reply: 'done',
    }
    const backend = scriptedBackend({ script, sessionsDir: join(place.dir, 'sessions') })
    const { session } = (await runTurn(backend, { turn: 'turn_a', prompt: 'one' })).outcome
    const fields = { turn: 'turn_b', prompt: 'wait', ...(session && { resume: session }) }
    for await (const event of backend.run(requestOf(fields), cancel.signal)) {
      if (event.t !== 'text') continue
      expect(await backend.session(session?.id ?? '')).toMatchObject({
        exchanges: [
          { turn: 'turn_a', prompt: 'one', answer: 'done' },
          { turn: 'turn_b', prompt: 'wait', answer: null },
        ],
      })
      cancel.abort()
    }
  })

  test('a session that has no file is a failure, as with real agents', async () => {
    const backend = scriptedBackend({ sessionsDir: join(place.dir, 'sessions') })
    writeFileSync(join(place.dir, 'outside.json'), '{"id":"outside","exchanges":[]}')
    const resume = { backend: 'scripted', id: '../outside', cwd: place.dir }
    expect(failureOf(await runTurn(backend, { resume })).message).toContain('no session')
  })
})

describe('what tests look at', () => {
  test('requests are kept, the last ones first to go in', async () => {
    const backend = scriptedBackend({ keepRequests: 2 })
    for (let n = 1; n <= 200; n++) await runTurn(backend, { prompt: String(n) })
    expect(backend.requests.map(({ prompt }) => prompt)).toEqual(['199', '200'])
    expect(backend.turns).toBe(200)
  })

  test('the log has a line for the start and one for the end of each turn', async () => {
    const log = join(place.dir, 'turns.log')
    const backend = scriptedBackend({
      log,
      script: { rules: [{ match: 'fail', steps: [{ fail: { kind: 'auth' } }] }] },
    })
    await runTurn(backend, { turn: 'turn_a', prompt: 'ok' })
    await runTurn(backend, { turn: 'turn_b', prompt: 'fail' })
    await runTurn(backend, { turn: 'turn_c', prompt: 'ok' }, AbortSignal.abort())
    await backend.close()
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { at: 'start', turn: 'turn_a', agent: 'impl', prompt: hashText('ok') },
      { at: 'end', turn: 'turn_a', agent: 'impl', prompt: hashText('ok'), status: 'completed' },
      { at: 'start', turn: 'turn_b', agent: 'impl', prompt: hashText('fail') },
      { at: 'end', turn: 'turn_b', agent: 'impl', prompt: hashText('fail'), status: 'failed' },
      { at: 'start', turn: 'turn_c', agent: 'impl', prompt: hashText('ok') },
      { at: 'end', turn: 'turn_c', agent: 'impl', prompt: hashText('ok'), status: 'cancelled' },
    ])
  })

  test('a log that cannot be written is a failure of the turn', async () => {
    const backend = scriptedBackend({ log: join(place.dir, 'absent', 'turns.log') })
    expect(failureOf(await runTurn(backend)).message).toContain('ENOENT')
  })

  test('events of any kind can be passed on', async () => {
    const result = await play([
      { event: { t: 'warn', message: 'careful' } },
      { event: { t: 'retry', attempt: 2, status: 529, delayMs: 100 } },
      { think: 'hm' },
      { say: 'ok' },
    ])
    expect(result.events.map(({ t }) => t)).toEqual(['session', 'warn', 'retry', 'reasoning', 'text', 'end'])
  })
})

describe('a script that comes as data', () => {
  test('is taken as it is', () => {
    const script = {
      rules: [
        {
          agent: 'impl',
          match: '/x/',
          turn: 1,
          times: 2,
          steps: [{ say: 'a', pieces: 2, every: '5ms' }, { hang: true }],
        },
      ],
      reply: 'ok',
      costUsd: 0.1,
      usage: { input: 1 },
    }
    expect(parseScript(script)).toEqual(script)
  })

  test.each([
    [
      { rules: [{ macth: 'x' }] },
      'script.rules[0].macth: is not known; known: agent, match, turn, times, reply, steps.',
    ],
    [{ steps: [{ sya: 'x' }] }, 'script.steps[0]: is not allowed; allowed: say, think, delay'],
    [{ steps: [{ say: 'x', loud: true }] }, 'script.steps[0].loud: is not known; known: say, pieces, every.'],
    [
      { steps: [{ fail: { kind: 'boom' } }] },
      'script.steps[0].fail.kind "boom": is not allowed; allowed: auth,',
    ],
    [{ steps: [{ delay: 'soon' }] }, 'script.steps[0].delay: duration "soon" is not a duration'],
    [{ rules: [{ match: '/(/' }] }, 'script.rules[0].match: Invalid regular expression'],
    [{ rules: [{ turn: 0 }] }, 'script.rules[0].turn: '],
    ['hello', 'script: '],
  ])('is refused with the place and what is allowed there: %j', (script, message) => {
    expect(() => parseScript(script)).toThrow(message)
    expect(() => parseScript(script)).toThrow(expect.objectContaining({ code: 'invalid_config' }) as Error)
  })

  test('is checked when an agent is defined', () => {
    const backend = scriptedBackend()
    expect(() => backend.validate?.({ steps: [{}] })).toThrow('backendConfig.steps[0]')
    expect(backend.validate?.({ reply: 'ok' })).toBeUndefined()
    expect(backend.validate?.(undefined)).toBeUndefined()
  })
})
