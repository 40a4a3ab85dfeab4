import { describe, expect, it } from 'vitest'

import type { Scenarios } from '../../src/model-server/scenario.ts'
import { ask, prompt, say, serve, toolCall, toolResult } from './client.ts'

const SCENARIOS: Scenarios = {
  default: [{ text: 'default' }],
  one: [{ text: 'one' }],
  two: [{ text: 'two' }],
  work: [
    { text: 'first', tools: [{ name: 'Bash', input: { command: 'a' } }] },
    { text: 'second', tools: [{ name: 'Bash', input: { command: 'b' } }] },
    { text: 'third' },
  ],
}
const REMINDER = '<system-reminder>\nMore about [[script:two]].\n</system-reminder>'

describe('the scenario', () => {
  it('is the one that the prompt names, else the one that the key names, else the default', async () => {
    const server = await serve({ scenarios: SCENARIOS })
    expect(await say(server, 'Go [[script:one]]', { key: 'fake-two' })).toBe('one')
    expect(await say(server, 'Go', { key: 'fake-two' })).toBe('two')
    expect(await say(server, 'Go', { key: '', headers: { authorization: 'Bearer fake-two' } })).toBe('two')
    expect(await say(server, 'Go', { key: 'sk-real' })).toBe('default')
    expect(server.requests.map(({ scenario }) => scenario)).toEqual(['one', 'two', 'two', 'default'])
  })

  it('is that of the last prompt, whatever was said before', async () => {
    const server = await serve({ scenarios: SCENARIOS })
    const before = [prompt('Go [[script:one]]'), { role: 'assistant', content: 'one' } as const]
    expect((await ask(server, { messages: [...before, prompt('Go [[script:two]]')] })).text).toBe('two')
    expect((await ask(server, { messages: [...before, prompt('Go on')] })).text).toBe('default')
  })

  it('may be another one for each prompt of a session', async () => {
    const scenarios = { go: [{ text: 'any' }], 'go#1': [{ text: 'first' }], 'go#3': [{ text: 'third' }] }
    const server = await serve({ scenarios })
    const before = [prompt('One'), { role: 'assistant', content: 'first' } as const]
    const key = 'fake-go'
    expect((await ask(server, { messages: before.slice(0, 1), key })).text).toBe('first')
    expect((await ask(server, { messages: [...before, prompt('Two')], key })).text).toBe('any')
    expect((await ask(server, { messages: [...before, ...before, prompt('Three')], key })).text).toBe('third')
    expect(server.requests.map(({ scenario }) => scenario)).toEqual(['go#1', 'go', 'go#3'])
  })

  it('does not come from what a client adds by itself', async () => {
    const server = await serve({ scenarios: SCENARIOS })
    const content = [REMINDER, 'Go [[script:one]]', REMINDER, '[Request interrupted by user]']
    const blocks = content.map((text) => ({ type: 'text', text }))
    const system = { role: 'system', content: [{ type: 'text', text: '[[script:two]]' }] } as const
    const { text } = await ask(server, { messages: [{ role: 'user', content: blocks }, system] })
    expect(text).toBe('one')
    expect(server.requests[0]?.prompts).toEqual(['Go [[script:one]]'])
  })

  it('is found where two prompts that follow each other are sent as one message', async () => {
    const server = await serve({ scenarios: SCENARIOS })
    const texts = ['First\n', `Then [[script:one]] and <system-reminder>this</system-reminder>\n`]
    const content = texts.map((text) => ({ type: 'text', text }))
    expect((await ask(server, { messages: [{ role: 'user', content }] })).text).toBe('one')
    expect(server.requests[0]?.prompts).toEqual(['First', texts[1]])
  })

  it('is refused when there is none of that name, with the names that there are', async () => {
    const server = await serve({ scenarios: SCENARIOS })
    const answer = await ask(server, { messages: [prompt('[[script:won]]')] })
    expect(answer.status).toBe(400)
    expect(answer.error).toMatchObject({
      message: expect.stringContaining('default, one, two, work') as string,
    })
  })

  it('needs no default: who names none gets a last word', async () => {
    const server = await serve({ scenarios: {} })
    expect(await say(server, 'Hi')).toBe('Done.')
  })
})

describe('the step', () => {
  it('is the number of times that tools answered since the prompt', async () => {
    const server = await serve({ scenarios: SCENARIOS })
    const messages = [
      prompt('Go [[script:work]]'),
      toolCall('a'),
      toolResult('a'),
      toolCall('b'),
      toolResult('b'),
    ]
    const said = []
    for (const length of [1, 3, 5])
      said.push((await ask(server, { messages: messages.slice(0, length) })).text)
    expect(said).toEqual(['first', 'second', 'third'])
    expect(server.requests.map(({ step }) => step)).toEqual([0, 1, 2])
  })

  it('is the same however often and in whatever order it is asked for', async () => {
    const server = await serve({ scenarios: SCENARIOS })
    const messages = [prompt('Go [[script:work]]'), toolCall('a'), toolResult('a')]
    const answers = await Promise.all(
      [3, 1, 3, 1].map((length) => ask(server, { messages: messages.slice(0, length) })),
    )
    expect(answers.map(({ text }) => text)).toEqual(['second', 'first', 'second', 'first'])
    expect(answers[0]?.tools).toEqual(answers[2]?.tools)
    expect(answers[0]?.tools[0]?.id).not.toBe(answers[1]?.tools[0]?.id)
  })

  it('counts several results in one message once, and starts anew with words beside a result', async () => {
    const server = await serve({ scenarios: SCENARIOS })
    const both = { role: 'user', content: ['a', 'b'].flatMap((id) => toolResult(id).content) } as const
    const start = [prompt('Go [[script:work]]'), toolCall('a')]
    expect((await ask(server, { messages: [...start, both] })).text).toBe('second')
    const steered = toolResult('a', 'ok', REMINDER, 'No, rather [[script:one]]')
    expect((await ask(server, { messages: [...start, steered] })).text).toBe('one')
    const reminded = toolResult('a', 'ok', REMINDER)
    expect((await ask(server, { messages: [...start, reminded] })).text).toBe('second')
  })

  it.each([
    '[structured-output-enforce] You MUST call the StructuredOutput tool to complete this request.',
    '[Your previous response had no visible output. Please continue.]',
    'Output token limit hit. Resume directly — no apology.',
    'Your response above was stopped by a safety classifier — this is not a tool or API error.',
    '<system-reminder>\n[SYSTEM NOTIFICATION - NOT USER INPUT]\n<task-notification>…</system-reminder>',
  ])('goes on when the client itself asks for more: %s', async (nudge) => {
    const server = await serve({ scenarios: SCENARIOS })
    const messages = [prompt('[[script:work]]'), { role: 'assistant', content: 'x' } as const, prompt(nudge)]
    expect((await ask(server, { messages })).text).toBe('second')
    expect(server.requests[0]?.prompts).toEqual(['[[script:work]]'])
  })

  it('beyond the last one is a last word', async () => {
    const server = await serve({ scenarios: SCENARIOS })
    const messages = [prompt('[[script:one]]'), toolCall('a'), toolResult('a')]
    expect((await ask(server, { messages })).text).toBe('Done.')
  })
})

describe('texts', () => {
  it('name the prompt, its length, the turn, the last output and the folder', async () => {
    const text = '@PROMPT@|@PROMPT_BYTES@|@TURN_NUMBER@|@LAST@|@CWD@|@OTHER@'
    const server = await serve({ scenarios: { all: [{}, { text }] } })
    const last = [
      { type: 'text', text: 'out' },
      { type: 'text', text: 'put' },
    ]
    const messages = [
      prompt('Earlier'),
      { role: 'assistant', content: 'Yes.' } as const,
      prompt('[[script:all]] [[cwd:/tmp/a b]]\nzwölf'),
      toolCall('a'),
      toolResult('a', last),
    ]
    expect((await ask(server, { messages })).text).toBe('zwölf|6|2|out\nput|/tmp/a b|@OTHER@')
  })

  it('name the output of the last call, whichever was done last', async () => {
    const server = await serve({ scenarios: { default: [{}, { text: '@LAST@' }] } })
    const calls = ['a', 'b'].flatMap((id) => toolCall(id).content)
    const results = [toolResult('b', 'of b'), toolResult('a', 'of a')].flatMap(({ content }) => content)
    const messages = [
      prompt('Hi'),
      { role: 'assistant', content: calls } as const,
      { role: 'user', content: results } as const,
    ]
    expect((await ask(server, { messages })).text).toBe('of b')
  })

  it('name the folder that the client told the model, where the prompt names none', async () => {
    const server = await serve({ scenarios: { default: [{ text: '@CWD@' }] } })
    const environment = {
      type: 'text',
      text: '# Environment\n - Primary working directory: /home/me/it\n - …',
    }
    expect(await say(server, 'Hi', { system: [environment] })).toBe('/home/me/it')
    const messages = [prompt('Hi'), { role: 'system', content: [environment] } as const]
    expect((await ask(server, { messages })).text).toBe('/home/me/it')
  })

  it('are filled in everywhere in the input of a tool', async () => {
    const input = { path: '@CWD@/a', edits: [{ text: '@PROMPT@' }, 1, null] }
    const server = await serve({ scenarios: { default: [{ tools: [{ name: 'Edit', input }] }] } })
    const { tools } = await ask(server, { messages: [prompt('[[cwd:/x]] Hi')] })
    expect(tools[0]?.input).toEqual({ path: '/x/a', edits: [{ text: 'Hi' }, 1, null] })
  })
})
