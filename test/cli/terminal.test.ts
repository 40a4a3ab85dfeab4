/** What a person sees: colours, widths, progress, and text that cannot take over the screen. */
import { describe, expect, it } from 'vitest'
import { allCommands } from '../../src/cli/commands.ts'
import { commandHelp, overview } from '../../src/cli/help.ts'
import { widthOf } from '../../src/cli/text.ts'
import { cli, containing, fakeTerminal, onTerminal, project, temporaryFolder } from './support.ts'

const ESC = '\u001B'

const TEAM = {
  backend: 'scripted',
  scripted: {
    reply: `@AGENT@: @PROMPT@ ${ESC}]0;owned\u0007${ESC}[2J`,
    costUsd: 0.0123,
    usage: { input: 123456, output: 7890 },
    rules: [{ match: 'fail', steps: [{ fail: { kind: 'invalid_request', message: `no ${ESC}[31mmodel` } }] }],
  },
  profiles: {
    coder: { role: 'You write clean, tested code, and you run the tests before you answer anything at all.' },
  },
  agents: {
    impl: { profile: 'coder' },
    'an-agent-with-a-name-that-is-rather-long-for-a-table': { role: 'You review code.' },
  },
}

async function busyProject(): Promise<string> {
  const dir = project(TEAM)
  const prompts = [
    '設計書を読んで、足りないところを全部書き出してください。長い文章はここで切れるはずです。',
    'a prompt '.repeat(30),
  ]
  for (const prompt of prompts) await cli(['ask', 'impl', prompt, '--dir', dir])
  await cli(['ask', 'impl', 'fail', '--dir', dir])
  await cli(['every', 'impl', '1h', 'x'.repeat(200), '--dir', dir])
  await cli(['put', 'key', 'value', '--dir', dir])
  return dir
}

describe('on a screen of 80 columns', () => {
  it('no view is wider', async () => {
    const dir = await busyProject()
    for (const verb of [
      'status',
      'cost',
      'profiles',
      'schedules',
      'events --last 50',
      'agents',
      'budget',
      'keys',
    ]) {
      const { out, status } = await cli([...verb.split(' '), '--dir', dir], { columns: 80 })
      const widest = Math.max(...out.split('\n').map(widthOf))
      expect({ verb, status, fits: widest <= 80 }).toEqual({ verb, status: 0, fits: true })
    }
  })

  it('no help is wider, but for examples', async () => {
    const { out: sink } = fakeTerminal({ columns: 80 })
    const pages = [
      await overview(sink),
      ...(await allCommands()).map((command) => commandHelp(command, sink)),
    ]
    const lines = pages.flatMap((page) => page.split(/^Examples$/mu)[0]?.split('\n') ?? [])
    expect(lines.filter((line) => widthOf(line) > 80)).toEqual([])
  })

  it('an error is broken between words', async () => {
    const { err } = await cli(['ask', 'nobody', 'hello', '--dir', project(TEAM)], { columns: 80 })
    expect(err.split('\n').length).toBeGreaterThan(2)
    expect(Math.max(...err.split('\n').map(widthOf))).toBeLessThanOrEqual(80)
  })

  it('status says in a line each who works, what it costs and who runs it', async () => {
    const dir = await busyProject()
    const { out } = await cli(['status', '--dir', dir], { columns: 80 })
    const lines = out.split('\n')
    expect(lines[0]).toMatch(/^AGENT +STATUS +TASK +TURNS +COST$/u)
    expect(out).toMatch(/^impl +error +3 +\$0\.04\*$/mu)
    expect(out).toContain('impl: no model')
    expect(out).toContain('2 agents, $0.04 ($0.01 of it assumed)')
    expect(out).toContain('no host is running')
  })
})

describe('in a pipe', () => {
  it('nothing is cut', async () => {
    const dir = await busyProject()
    const { out } = await cli(['schedules', '--dir', dir])
    expect(out).toContain('x'.repeat(36))
    const events = await cli(['events', '--dir', dir, '--last', '50'])
    expect(events.out).toContain('長い文章はここで切れるはずです。')
  })

  it('text of agents is what they wrote', async () => {
    const { out } = await cli(['ask', 'impl', 'hello', '--dir', project(TEAM)])
    expect(out).toBe(`impl: hello ${ESC}]0;owned\u0007${ESC}[2J\n`)
  })
})

describe('an empty team', () => {
  it.each([
    ['status', 'atelier agent NAME'],
    ['agents', 'atelier agent NAME'],
    ['keys', 'atelier put KEY VALUE'],
    ['schedules', 'atelier every AGENT'],
    ['events', 'No such events'],
    ['board', 'atelier work add ID'],
    ['workers', 'atelier board-worker NAME'],
    ['await-all', 'No agent has anything to do'],
  ])('%s says what to do next, and prints no data', async (verb, hint) => {
    expect(await cli([verb, '--dir', temporaryFolder()])).toEqual({
      status: 0,
      out: '',
      err: containing(hint),
    })
  })
})

describe('a terminal', () => {
  it('has colours', () => {
    expect(onTerminal('agents --help', { dir: temporaryFolder() })).toContain(`${ESC}[`)
  })

  it.each([
    ['NO_COLOR', { NO_COLOR: '1' }],
    ['TERM=dumb', { TERM: 'dumb' }],
  ])('has none with %s', (_what, env) => {
    const dir = temporaryFolder()
    expect(onTerminal('agents --help', { dir, env })).not.toContain(ESC)
    expect(onTerminal('statu || true', { dir, env })).toMatch(/^error: There is no verb "statu"/u)
  })

  it('shows progress on a line that is gone when the answer is there', () => {
    const scripted = {
      steps: [{ tool: { name: 'Bash', input: { command: 'npm test' } } }, { delay: 1500 }, { say: 'done' }],
    }
    const text = onTerminal('ask impl hello', { dir: project({ ...TEAM, scripted }) })
    expect(text).toMatch(/\r.\[2K.\[2m⠋ impl · 1 s/u)
    expect(text).toContain('Bash npm test')
    expect(text).toMatch(/\r.\[2Kdone\n/u)
  })

  it('cannot be taken over by the text of an agent', () => {
    const dir = project(TEAM)
    const text = onTerminal('ask impl hello; true', { dir, env: { NO_COLOR: '1' } })
    expect(text).toContain('impl: hello \n')
    expect(text).not.toContain('owned')
    expect(text).not.toContain(`${ESC}[2J`)
  })
})
