/** What a command ends with, and what it leaves behind. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { processesWith } from './processes.ts'
import { cli, containing, project, run, start } from './support.ts'

const TEAM = {
  backend: 'scripted',
  scripted: {
    reply: '@AGENT@: @PROMPT@',
    costUsd: 0.25,
    rules: [
      { match: 'fail', steps: [{ fail: { kind: 'invalid_request', message: 'no such model' } }] },
      { match: 'hang', steps: [{ say: 'thinking' }, { hang: true }] },
    ],
  },
  agents: { impl: { role: 'You write code.' }, reviewer: { role: 'You review code.' } },
}

/** An agent that is a real process, which would go on for long. */
const SLEEPER = {
  backend: 'command',
  backendConfig: { command: 'cat > /dev/null; sleep 600' },
  agents: { sleeper: { role: '' } },
}

describe('usage', () => {
  it.each([
    [['statu'], 'There is no verb "statu". Did you mean status?'],
    [['ask'], '<agent> is missing'],
    [['status', '--jsn'], 'Did you mean --json?'],
    [['history', 'impl', '--last', 'few'], '--last "few" is not a whole number'],
    [['agent', 'x', '--permission-mode', 'never'], 'is not one of default'],
    [['budget', '--limit', 'lots'], 'limit "lots" is no amount'],
    [['agent', 'x', 'role', '--backend', 'nothing'], 'nothing'],
    [['agent', 'x', 'role', '--worktree'], 'worktree'],
  ])('%j ends with 2', async (words, message) => {
    const { status, out, err } = await cli([...words, '--dir', project(TEAM)])
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(err).toContain(message)
    expect(err).toMatch(/^error: .* \[\w+\]\n$/u)
  })

  it('with --json is told as data as well', async () => {
    const { status, out, err } = await cli(['ask', 'nobody', 'hello', '--json', '--dir', project(TEAM)])
    expect(status).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      error: { code: 'not_found', message: containing('nobody') },
    })
    expect(err).toContain('[not_found]')
  })

  it('of a broken configuration names file and field', async () => {
    const dir = project({ ...TEAM, maxTurns: 'many' })
    const { status, err } = await cli(['ask', 'impl', 'hello', '--dir', dir])
    expect(status).toBe(2)
    expect(err).toContain(join(dir, 'atelier.config.json'))
    expect(err).toContain('maxTurns')
  })
})

describe('an error', () => {
  it('ends with 1: an unknown agent, a failed turn, no result yet, a key that is not there', async () => {
    const dir = project(TEAM)
    const unknown = await cli(['ask', 'imp', 'hello', '--dir', dir])
    expect(unknown).toMatchObject({ status: 1, err: containing('Did you mean "impl"?') })
    expect(await cli(['result', 'impl', '--dir', dir])).toMatchObject({
      status: 1,
      err: containing('[no_result]'),
    })
    const failed = await cli(['ask', 'impl', 'fail', '--dir', dir])
    expect(failed).toMatchObject({ status: 1, out: '', err: containing('no such model') })
    expect(await cli(['get', 'nothing', '--dir', dir])).toMatchObject({ status: 1 })
  })

  it('over the budget ends with 4', async () => {
    const dir = project(TEAM)
    // The first turn reserves the 0.50 that is assumed, later ones what the turns before have cost.
    expect((await cli(['budget', '--limit', '0.60', '--dir', dir])).status).toBe(0)
    expect((await cli(['ask', 'impl', 'one', '--dir', dir])).status).toBe(0)
    expect((await cli(['ask', 'impl', 'two', '--dir', dir])).status).toBe(0)
    const over = await cli(['ask', 'impl', 'three', '--dir', dir])
    expect(over).toMatchObject({ status: 4, err: containing('[budget_exceeded]') })
  })

  it('of some agents of a fan ends with 3, and of all with what they have in common', async () => {
    const dir = project({
      ...TEAM,
      scripted: {
        rules: [{ agent: 'impl', steps: [{ fail: { kind: 'invalid_request', message: 'broken' } }] }],
      },
    })
    const some = await cli(['fan', 'hello', 'impl', 'reviewer', '--dir', dir])
    expect(some.status).toBe(3)
    expect(some.out).toMatch(/## impl\nerror: .*broken.*\n\n## reviewer\nreviewer: hello\n/u)
    expect((await cli(['fan', 'hello', 'impl', '--dir', dir])).status).toBe(1)
  })
})

describe('a wait', () => {
  it('whose time is up ends with 3, and the work goes on', async () => {
    const dir = project({ ...TEAM, scripted: { rules: [{ match: 'hang', steps: [{ hang: true }] }] } })
    expect((await run(['cast', 'impl', 'hang'], { dir })).status).toBe(0)
    for (const words of [
      ['await', 'impl', '--timeout', '0'],
      ['await-all', '--timeout', '50ms'],
    ]) {
      expect(await run(words, { dir })).toMatchObject({
        status: 3,
        err: containing('[timeout]'),
      })
    }
    const status = await run(['status', '--json'], { dir })
    expect(JSON.parse(status.out)).toMatchObject({ agents: [{ name: 'impl', status: 'working' }, {}] })
    expect((await run(['down', '--now'], { dir })).status).toBe(0)
  })

  it('for agents that have nothing to do ends at once and starts nothing', async () => {
    const dir = project(TEAM)
    expect(await run(['await', 'impl'], { dir })).toMatchObject({ status: 0, out: '' })
    expect((await run(['await-all', '--json'], { dir })).out).toBe('{}\n')
    expect(processesWith(dir)).toEqual([])
  })
})

describe('Ctrl-C', () => {
  it('cancels the turn, ends with 130 and leaves no process', async () => {
    const dir = project(SLEEPER)
    const asking = start(['ask', 'sleeper', 'work'], { dir })
    await asking.wrote('err', 'sleeper: started')
    asking.child.kill('SIGINT')
    expect(await asking.ended).toMatchObject({
      status: 130,
      signal: null,
      err: containing('[cancelled]'),
    })
    expect(processesWith(dir)).toEqual([])
    const { out } = await run(['history', 'sleeper', '--json'], { dir })
    expect(JSON.parse(out)).toMatchObject([{ state: 'cancelled' }])
  })

  it('twice leaves at once', async () => {
    const dir = project({
      ...SLEEPER,
      backendConfig: { command: 'trap "" INT TERM; cat > /dev/null; while :; do sleep 1; done' },
    })
    const asking = start(['ask', 'sleeper', 'work'], { dir })
    await asking.wrote('err', 'sleeper: started')
    asking.child.kill('SIGINT')
    await asking.wrote('err', 'press Ctrl-C again')
    asking.child.kill('SIGINT')
    expect(await asking.ended).toMatchObject({ status: 130 })
  })

  it('ends a watch with 130', async () => {
    const dir = project(TEAM)
    await run(['ask', 'impl', 'hello'], { dir })
    const watching = start(['watch', '--after', '0', '--json'], { dir })
    await watching.wrote('out', '"turn.finished"')
    watching.child.kill('SIGINT')
    const { status, out } = await watching.ended
    expect(status).toBe(130)
    const types = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type)
    expect(types).toEqual(expect.arrayContaining(['message.posted', 'turn.started', 'turn.finished']))
  })
})

describe('a reader that has seen enough', () => {
  it('ends a watch quietly', async () => {
    const dir = project(TEAM)
    await run(['ask', 'impl', 'hello'], { dir })
    const watching = start(['watch', '--after', '0', '--json'], { dir })
    await watching.wrote('out', '"turn.finished"')
    watching.child.stdout?.destroy()
    await run(['put', 'one', '1'], { dir })
    await run(['put', 'two', '2'], { dir })
    expect(await watching.ended).toMatchObject({ status: 0, err: '' })
  })
})
