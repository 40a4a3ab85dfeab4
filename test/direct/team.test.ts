import { describe, expect, test } from 'vitest'
import { openTeam, promptsTo } from './team.ts'

describe('agents and profiles (A01, A02, A03, A04, A05, A06, A08, A09)', () => {
  test('AS-14 an agent of a profile keeps its timeout and takes its own maxTurns', async () => {
    const { shop, backend } = await openTeam()
    shop.profile('coder', 'You write clean, tested code.', { timeout: '5m', maxTurns: 15 })
    shop.agent('c1', { profile: 'coder', maxTurns: 3 })
    await shop.ask('c1', 'hello')
    expect(await shop.info('c1')).toMatchObject({ timeoutMs: 300_000, maxTurns: 3, profile: 'coder' })
    expect(backend.requests[0]).toMatchObject({ maxTurns: 3, systemPrompt: 'You write clean, tested code.' })
  })

  test('AS-14 an unknown profile is refused, with the nearest name', async () => {
    const { shop } = await openTeam()
    shop.profile('coder', 'You write code.')
    expect(() => shop.agent('c1', { profile: 'codr' })).toThrow(/Did you mean "coder"\?/u)
  })

  test('the system prompt is context, role and what is appended, joined by blank lines', async () => {
    const { shop, backend } = await openTeam()
    shop.configure({ context: 'We build a ledger.' })
    shop.agent('writer', 'You write.', { appendSystemPrompt: 'Be short.' })
    await shop.ask('writer', 'hello')
    expect(backend.requests[0]?.systemPrompt).toBe('We build a ledger.\n\nYou write.\n\nBe short.')
  })

  test('configure affects only agents that are created afterwards', async () => {
    const { shop } = await openTeam()
    shop.configure({ model: 'opus' })
    shop.agent('late', 'Late.')
    expect((await shop.info('impl')).model).toBeNull()
    expect((await shop.info('late')).model).toBe('opus')
  })

  test('names are sorted, a dismissed agent is gone, and dismissing an unknown one is no error', async () => {
    const { shop } = await openTeam()
    shop.agent('able', 'Able.')
    await shop.dismiss('reviewer')
    await shop.dismiss('nobody')
    expect(await shop.agents()).toEqual(['able', 'impl', 'tests'])
    await expect(shop.ask('reviewer', 'hello')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('the same definition again is the same agent, with its session and its queue', async () => {
    const { shop } = await openTeam({ reply: 'turn @TURN_NUMBER@' })
    await shop.ask('impl', 'one')
    shop.agent('impl', 'You are impl.')
    expect((await shop.ask('impl', 'two')).text).toBe('turn 2')
  })

  test('another definition replaces the agent: its turn is cancelled and a new session begins', async () => {
    const { shop, clock } = await openTeam({ rules: [{ match: 'hang', steps: [{ hang: true }] }] })
    const hanging = shop.ask('impl', 'hang')
    const waiting = shop.ask('impl', 'never started')
    await clock.tick()
    shop.agent('impl', 'You are someone else.')
    await expect(hanging).rejects.toMatchObject({ code: 'cancelled', message: 'Agent "impl" was replaced.' })
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    await clock.tick()
    expect((await shop.ask('impl', 'hello')).text).toBe('impl: hello')
    expect((await shop.info('impl')).turns).toBe(1)
  })

  test('reset begins a new session and empties the queue, and what was spent stays on the bill', async () => {
    const { shop, backend, clock } = await openTeam({
      costUsd: 0.5,
      rules: [{ match: 'slow', steps: [{ delay: 1000 }, { say: 'late' }] }],
    })
    await shop.ask('impl', 'one')
    shop.cast('impl', 'slow')
    shop.cast('impl', 'waiting')
    await clock.tick()
    await shop.reset('impl')
    await clock.tick()
    expect(await shop.info('impl')).toMatchObject({ turns: 0, sessionId: null, queueDepth: 0 })
    await expect(shop.result('impl')).rejects.toMatchObject({ code: 'no_result' })
    expect((await shop.cost()).agents.find(({ name }) => name === 'impl')?.costUsd).toBeGreaterThanOrEqual(
      0.5,
    )
    await shop.ask('impl', 'after')
    expect(backend.requests.at(-1)?.resume).toBeUndefined()
    expect(promptsTo(backend, 'impl')).not.toContain('waiting')
  })

  test('options of later versions are refused as unsupported', async () => {
    const { shop } = await openTeam()
    expect(() => shop.agent('a', 'A.', { worktree: true })).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    )
    expect(() => shop.agent('a', 'A.', { workshopTools: true })).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    )
    expect(() => shop.agent('a', 'A.', { worktree: false })).not.toThrow()
  })

  test('an option that the backend cannot honour is refused when the agent is defined', async () => {
    const { shop } = await openTeam()
    expect(() => shop.agent('a', 'A.', { addDirs: ['../other'] })).toThrow(/cannot honour "addDirs"/u)
  })

  test('a wrong permission mode names the allowed ones', async () => {
    const { shop } = await openTeam()
    expect(() => shop.agent('a', 'A.', { permissionMode: 'yolo' })).toThrow(/accept_edits/u)
  })

  test('info shows everything about an agent', async () => {
    const { shop } = await openTeam({ costUsd: 0.1 })
    shop.agent('full', 'Full.', {
      model: 'opus',
      allowedTools: ['Read', 'Bash'],
      permissionMode: 'plan',
      timeout: '90s',
    })
    await shop.ask('full', 'hello')
    expect(await shop.info('full')).toMatchObject({
      name: 'full',
      status: 'idle',
      backend: 'scripted',
      model: 'opus',
      role: 'Full.',
      systemPrompt: 'Full.',
      costUsd: 0.1,
      turns: 1,
      queueDepth: 0,
      permissionMode: 'plan',
      allowedTools: ['Read', 'Bash'],
      timeoutMs: 90_000,
    })
  })

  test('the full result has session, cost, duration and turns', async () => {
    const { shop, clock } = await openTeam({ costUsd: 0.1, steps: [{ delay: 40 }, { say: 'done' }] })
    shop.cast('impl', 'hello')
    await clock.advance(50)
    expect(await shop.result('impl', 'full')).toMatchObject({
      result: 'done',
      costUsd: 0.1,
      costSource: 'reported',
      isError: false,
      durationMs: 40,
      numTurns: 1,
    })
  })
})
