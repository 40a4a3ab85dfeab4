/**
 * The host of a real Claude Code is killed in the middle of a turn, at each place where that makes a difference.
 * Another host goes on: the message is answered, its prompt is said to the model once wherever the session on disk shows
 * it, and no process is left.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { CONTINUE_PROMPT } from '../../src/agents/recovery.ts'
import type { Failpoint } from '../../src/failpoints.ts'
import type { Step } from '../../src/model-server/scenario.ts'
import type { ModelServer } from '../../src/model-server/server.ts'
import { until } from '../processes/support.ts'
import { useClaude } from './support.ts'
import { kill, leftOver, openTeam, savedIn, saidTo, sumOf, type Team } from './team-support.ts'

const place = useClaude()

const TASK = 'Build it.'
const LATER = 'Then test it.'
const WENT_ON = 'Went on, and done.'
const bash = (command: string): Step => ({ tools: [{ name: 'Bash', input: { command } }] })
/** Hangs for ever, but only the first time. */
const ONCE = 'mkdir once 2>/dev/null && exec tail -f /dev/null; echo gone on'

const SCENARIOS = {
  default: [{ text: WENT_ON }],
  quick: [bash('echo built'), { text: 'Built.' }],
  stuck: [bash(ONCE), { text: 'Built.' }],
  slow: [{ text: 'Built.', waitMs: 1000 }],
  silent: [{ text: 'Built.', faults: [{ hang: 'before' as const, times: 1 }] }],
  halfway: [{ text: 'Built, and then some more of it.', faults: [{ hang: 'midway' as const, times: 1 }] }],
}

interface Crash {
  readonly scenario: keyof typeof SCENARIOS
  readonly team: Team
  readonly server: ModelServer
}

/** A message waits for an agent; nothing runs yet. */
async function waiting(scenario: keyof typeof SCENARIOS): Promise<Crash> {
  const server = await place.serve({ scenarios: SCENARIOS })
  const team = await openTeam(place, server)
  team.shop.agent('impl', 'Implements.', { allowedTools: ['Bash'] })
  await team.shop.cast('impl', `${TASK} [[script:${scenario}]]`)
  return { scenario, team, server }
}

/** The command that hangs runs, and the session shows its prompt: Claude Code writes that some 100 ms later. */
async function toolRuns(prompt = TASK): Promise<void> {
  await until('the command runs', () => existsSync(join(place.project, 'once')))
  await until('the session shows the prompt', () => sumOf(savedIn(place, prompt)) > 0)
}

interface Aftermath {
  /** How often the prompt was said to the model. */
  readonly said: number
  readonly turns: number
  readonly answer: string | null | undefined
}

/** Lets another host go on, and checks what holds wherever the first one was killed. */
async function afterwards({ team, server }: Crash, prompt = TASK): Promise<Aftermath> {
  await team.host()
  await team.shop.await('impl', { timeout: '30s' })
  expect(await leftOver(team)).toEqual([])
  const entry = (await team.shop.history('impl')).at(-1)
  expect(entry).toMatchObject({ state: 'answered', prompt: expect.stringContaining(prompt) as string })
  const ofMessage = <E extends { readonly data: { readonly message: string } }>(events: readonly E[]): E[] =>
    events.filter(({ data }) => data.message === entry?.message)
  const finished = ofMessage(await team.events('turn.finished'))
  expect(finished.filter(({ data }) => data.accepted)).toHaveLength(1)

  const said = saidTo(server, prompt)
  const saved = savedIn(place, prompt)
  // What a session shows was said in no other, and nowhere twice.
  expect([...saved.values()]).toEqual([1])
  expect([...said.values()].every((times) => times === 1)).toBe(true)
  const shown = [...said.keys()].filter((session) => saved.has(session))
  expect(shown).toHaveLength(1)
  // The next message goes on in that session.
  await team.shop.ask('impl', 'And now?')
  expect(server.requests.at(-1)?.session).toBe(shown[0])
  const { length: turns } = ofMessage(await team.events('turn.started'))
  return { said: sumOf(said), turns, answer: entry?.answer }
}

describe('a host that is killed at a failpoint of a turn (E12, E14)', () => {
  it.each<{ point: Failpoint; turns: number }>([
    { point: 'turn.start.before-commit', turns: 1 },
    { point: 'turn.start.after-commit', turns: 2 },
    { point: 'backend.run.before', turns: 2 },
    { point: 'backend.run.after', turns: 2 },
    { point: 'turn.finish.before-commit', turns: 2 },
    { point: 'turn.finish.after-commit', turns: 1 },
  ])('$point: the prompt is said once, and what it was answered is the answer', async ({ point, turns }) => {
    const crash = await waiting('quick')
    await crash.team.doomedHost(point)
    expect(await afterwards(crash)).toEqual({ said: 1, turns, answer: 'Built.' })
    expect(crash.server.find({ prompt: TASK, step: 1 })).toHaveLength(1)
  })

  it.each<Failpoint>(['transcript.write.before', 'transcript.write.after'])(
    '%s: a command that runs then ends, and the prompt is said again only if no session shows it',
    async (point) => {
      const crash = await waiting('stuck')
      await crash.team.doomedHost(point)
      expect(await afterwards(crash)).toMatchObject({ turns: 2 })
    },
  )

  it.each<Failpoint>(['turn.lose.before-commit', 'turn.lose.after-commit'])(
    '%s: the one that finds it dead is killed, too, and a third one goes on',
    async (point) => {
      const crash = await waiting('stuck')
      const first = await crash.team.host()
      await toolRuns()
      await kill(first)
      await crash.team.doomedHost(point)
      expect(await afterwards(crash)).toEqual({ said: 1, turns: 2, answer: WENT_ON })
    },
  )
})

describe('a host that is killed (E12, E14)', () => {
  it('while a command runs, in the first turn', async () => {
    const crash = await waiting('stuck')
    const first = await crash.team.host()
    await toolRuns()
    await kill(first)
    expect(await afterwards(crash)).toEqual({ said: 1, turns: 2, answer: WENT_ON })
    expect(crash.server.requests.map(({ prompts }) => prompts.at(-1))).toContain(CONTINUE_PROMPT)
  })

  it('while a command runs, in a later turn of a session', async () => {
    const crash = await waiting('quick')
    const first = await crash.team.host()
    await crash.team.shop.await('impl')
    await crash.team.shop.cast('impl', `${LATER} [[script:stuck]]`)
    await toolRuns(LATER)
    await kill(first)
    expect(await afterwards(crash, LATER)).toEqual({ said: 1, turns: 2, answer: WENT_ON })
    expect(new Set(crash.server.requests.map(({ session }) => session)).size).toBe(1)
  })

  it.each(['silent', 'halfway'] as const)('while the model is %s', async (scenario) => {
    const crash = await waiting(scenario)
    const first = await crash.team.host()
    await until('the session shows the prompt', () => sumOf(savedIn(place, TASK)) > 0)
    await kill(first)
    expect(await afterwards(crash)).toEqual({ said: 1, turns: 2, answer: WENT_ON })
  })

  it.each([
    ['as soon as Claude Code was started', 'turn'],
    ['as the prompt reaches the model', 'model'],
  ] as const)('%s: it is said again only if no session shows it', async (_when, sign) => {
    const crash = await waiting('slow')
    const first = await crash.team.host()
    if (sign === 'model') await crash.server.waitFor({ kind: 'step' })
    else await until('a process runs', async () => (await leftOver(crash.team)).length > 0)
    await kill(first)
    expect(await afterwards(crash)).toMatchObject({ turns: 2 })
  })

  it('before an equal prompt is said does not take the answer to the earlier one', async () => {
    const server = await place.serve({ scenarios: { default: [{ text: '@TURN_NUMBER@' }] } })
    const team = await openTeam(place, server)
    team.shop.agent('impl', 'Implements.')
    await team.shop.cast('impl', 'Again.')
    await team.shop.cast('impl', 'Again.')
    await team.doomedHost('backend.run.before:2')
    await team.host()
    await team.shop.awaitAll()
    const history = await team.shop.history('impl')
    expect(history.map(({ answer, attempts }) => [answer, attempts])).toEqual([
      ['1', 1],
      ['2', 2],
    ])
    expect(server.requests.map(({ prompts }) => prompts)).toEqual([['Again.'], ['Again.', 'Again.']])
  })
})
