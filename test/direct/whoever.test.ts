import { describe, expect, it } from 'vitest'
import { refused } from '../board/shop.ts'
import { openTeam, promptsTo } from './team.ts'

describe('a question to whoever can do it', () => {
  it('D07 AS-107: goes to the idle one of two that can, and to the busy one where only it can', async () => {
    const { shop, clock } = await openTeam({ steps: [{ delay: 100 }, { say: 'ok' }] })
    shop.agent('sage', 'You review.', { capabilities: ['review:9', 'audit'] })
    shop.agent('pupil', 'You learn.', { capabilities: ['review:2'] })
    const answers = [
      shop.ask({ capability: 'review' }, 'First'),
      shop.ask({ capability: 'review' }, 'Second'),
      shop.ask({ capability: 'audit' }, 'Third'),
    ]
    await expect.poll(async () => (await clock.advance(100), (await shop.status()).agents.length)).toBe(5)
    const agents = await Promise.all(
      answers.map(async (each) => (await clock.advance(300), (await each).agent)),
    )
    expect(agents).toEqual(['sage', 'pupil', 'sage'])
  })

  it('D07 AS-107: is refused as no_capable_agent, naming it and those that were asked, where none can', async () => {
    const { shop } = await openTeam({ reply: 'ok' })
    shop.agent('pupil', 'You learn.', { capabilities: ['review:2'] })
    const error = await refused(shop.ask({ capability: 'review:8' }, 'Look for races'), 'no_capable_agent')
    expect(error.message).toBe(
      'No agent with the capability "review:8" can handle the task "Look for races". Asked were impl, pupil, reviewer, tests; add an agent with the capability "review:8".',
    )
    expect(error.details).toMatchObject({ task: 'Look for races', capability: 'review:8' })
    const among = await refused(
      shop.ask({ capability: 'review', among: ['impl', 'tests'] }, 'Look'),
      'no_capable_agent',
    )
    expect(among.details).toMatchObject({ agents: ['impl', 'tests'] })
    expect((await shop.status()).agents.every(({ queued }) => queued === 0)).toBe(true)
  })

  it('D25: goes to the most expertise among equals, and only to those that it names', async () => {
    const { shop, backend } = await openTeam({ reply: 'ok' })
    shop.agent('a', 'You review.', { capabilities: ['review:3'] })
    shop.agent('b', 'You review.', { capabilities: ['review:9'] })
    shop.agent('c', 'You review.', { capabilities: ['review:6'] })
    expect((await shop.ask({ capability: 'review' }, 'One')).agent).toBe('b')
    expect((await shop.ask({ capability: 'review', among: ['a', 'c'] }, 'Two')).agent).toBe('c')
    expect((await shop.ask({ capability: 'review', routing: 'round_robin' }, 'Three')).agent).toBe('a')
    const piped = await shop.ask({ capability: 'review' }, 'Four').pipe('impl', 'Go on')
    expect(piped.agent).toBe('impl')
    expect(promptsTo(backend, 'impl')[0]).toContain('Go on')
  })

  it('D21: goes by its task to whoever has the role, by capability or by name, the best one first', async () => {
    const { shop } = await openTeam({ reply: 'ok' })
    shop.agent('ann', 'You design.', { capabilities: ['architect:7'] })
    shop.agent('bob', 'You design, too.', { capabilities: ['architect:9', 'developer:2'] })
    shop.agent('tester', 'You test.')
    const askedFor = async (task: string, complexity?: number): Promise<string> =>
      (await shop.ask({ task, complexity }, 'Look at src/pool.ts')).agent
    expect(await askedFor('system_design', 8)).toBe('bob')
    expect(await askedFor('system_design', 5)).toBe('bob')
    expect(await askedFor('testing')).toBe('tester')
    // The team of these tests has a reviewer.
    expect(await askedFor('code_review', 7)).toBe('reviewer')
    shop.agent('dev', { profile: 'coder' })
    expect(await askedFor('docs')).toBe('dev')
    shop.agent('plan', { profile: 'planner' })
    expect((await shop.info('plan')).capabilities).toEqual([{ name: 'architect', expertise: 5 }])
    const error = await refused(shop.ask({ task: 'security_analysis' }, 'Look'), 'no_capable_agent')
    expect(error.details).toMatchObject({ capability: 'security' })
    expect(() => shop.ask({ task: 'testing', capability: 'review' } as never, 'Look')).toThrow('left out')
    shop.agent('tester', 'You test.', { capabilities: [] })
    await refused(shop.ask({ task: 'testing' }, 'Look'), 'no_capable_agent')
  })

  it('goes to no agent in error, until that is asked by its name', async () => {
    const { shop } = await openTeam({
      rules: [{ match: 'Fail', steps: [{ fail: { kind: 'network' } }] }],
      reply: 'ok',
    })
    shop.agent('sage', 'You review.', { capabilities: ['review'] })
    await refused(shop.ask('sage', 'Fail'), 'turn_failed')
    const error = await refused(shop.ask({ capability: 'review' }, 'Look'), 'no_capable_agent')
    expect(error.message).toContain('Those that can are sage (error)')
    await shop.ask('sage', 'Try again')
    expect((await shop.ask({ capability: 'review' }, 'Look')).agent).toBe('sage')
  })

  it('asks an agent itself where it was given a function', async () => {
    const { shop } = await openTeam({ reply: 'ok' })
    shop.profile('picky', 'You are picky.', { canHandle: ({ spec }) => spec?.includes('races') === true })
    shop.agent('sage', { profile: 'picky' })
    expect((await shop.ask({ capability: 'review' }, 'Look for races')).agent).toBe('sage')
    await refused(shop.ask({ capability: 'review' }, 'Look for typos'), 'no_capable_agent')
    shop.agent('sage', {
      profile: 'picky',
      canHandle: () => {
        throw new Error('A bug.')
      },
    })
    await refused(shop.ask({ capability: 'review' }, 'Look for races'), 'no_capable_agent')
  })

  it('says of a name that it is no agent, and what is wrong with a choice', async () => {
    const { shop } = await openTeam()
    await refused(shop.ask({ capability: 'review', among: ['imp'] }, 'Look'), 'not_found')
    expect(() => shop.ask({ capability: 'two words' }, 'Look')).toThrow('capability is "two words"')
    expect(() => shop.ask({ capability: 'review', routing: 'priority' as 'capability' }, 'Look')).toThrow(
      'the board always hands out the most urgent item first',
    )
  })
})

it('D20: info and profiles show capabilities, which are part of the definition', async () => {
  const { shop } = await openTeam()
  const capabilities = ['code:9', { name: 'docs', outputs: ['pages'], estimatedDuration: '1h' }]
  await shop.profile('coder', 'You code.', { capabilities }).stored
  await shop.agent('dev', { profile: 'coder' }).stored
  const shown = [
    { name: 'code', expertise: 9 },
    { name: 'docs', expertise: 5, outputs: ['pages'], estimatedDurationMs: 3_600_000 },
  ]
  expect((await shop.info('dev')).capabilities).toEqual(shown)
  expect((await shop.profiles())[0]).toMatchObject({ name: 'coder', capabilities: shown })
  await shop.agent('dev', { profile: 'coder', capabilities: ['code:1'] }).stored
  expect((await shop.info('dev')).capabilities).toEqual([{ name: 'code', expertise: 1 }])
  const created = (await shop.events({ after: 0, types: ['agent.created'] })).filter(
    ({ data }) => 'agent' in data && data.agent === 'dev',
  )
  expect(created.map(({ data }) => 'replaced' in data && data.replaced)).toEqual([false, true])
})
