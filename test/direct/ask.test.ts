import { describe, expect, test } from 'vitest'
import { isAtelierError } from '../../src/errors.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { openTeam, promptsTo, temporaryFolder } from './team.ts'

describe('ask (A10, A13)', () => {
  test('AS-01 an answer comes back with session and cost, and is the result of the agent', async () => {
    const { shop } = await openTeam({ reply: 'X', costUsd: 0.25 })
    const reply = await shop.ask('impl', 'Implement caching')
    expect(reply).toMatchObject({ agent: 'impl', text: 'X', cost: 0.25, costSource: 'reported' })
    expect('then' in reply).toBe(false)
    expect(await shop.result('impl')).toBe('X')
    const { agents } = await shop.status()
    expect(agents.find(({ name }) => name === 'impl')).toMatchObject({
      status: 'idle',
      turns: 1,
      costUsd: 0.25,
      task: null,
    })
  })

  test('AS-02 a second ask goes on in the same session, and history has both turns', async () => {
    const { shop, backend } = await openTeam({ reply: 'turn @TURN_NUMBER@' })
    const first = await shop.ask('impl', 'one')
    const second = await shop.ask('impl', 'two')
    expect(first.text).toBe('turn 1')
    expect(second.text).toBe('turn 2')
    expect(backend.requests[1]?.resume?.id).toBe(first.session?.id)
    const history = await shop.history('impl')
    expect(history.map(({ prompt, answer, sessionId }) => [prompt, answer, sessionId])).toEqual([
      ['one', 'turn 1', first.session?.id],
      ['two', 'turn 2', first.session?.id],
    ])
  })

  test('AS-11 an unknown agent is refused by name, with the nearest one', async () => {
    const { shop } = await openTeam()
    await expect(shop.ask('imp', 'hello')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('Did you mean "impl"?') as string,
    })
  })

  test('AS-11 an agent without a backend is refused when it is defined', async () => {
    const shop = await openWorkshop({ dir: await temporaryFolder(), persistence: false, config: false })
    expect(() => shop.agent('loner', 'Alone.')).toThrow(expect.objectContaining({ code: 'invalid_config' }))
    await shop.close()
  })

  test('AS-12 an agent that hangs fails with timeout at its limit and can be asked again', async () => {
    const { shop, clock } = await openTeam({ rules: [{ match: 'hang', steps: [{ hang: true }] }] })
    shop.agent('slow', 'Slow.', { timeout: '1s' })
    const asked = shop.ask('slow', 'hang')
    let failed = false
    asked.then(undefined, () => (failed = true)) as unknown
    await clock.advance(999)
    expect(failed).toBe(false)
    await clock.advance(1)
    await expect(asked).rejects.toMatchObject({ code: 'timeout' })
    const again = await shop.ask('slow', 'hello')
    expect(again.text).toBe('slow: hello')
  })

  test('a failed turn rejects once with its code, kind and reason', async () => {
    const { shop } = await openTeam({
      steps: [{ fail: { kind: 'auth', message: 'not logged in', status: 401 } }],
    })
    const error: unknown = await shop.ask('impl', 'hello').catch((thrown: unknown) => thrown)
    expect(isAtelierError(error, 'turn_failed')).toBe(true)
    expect(error).toMatchObject({ message: 'not logged in', details: { kind: 'auth', status: 401 } })
    const { agents } = await shop.status()
    expect(agents.find(({ name }) => name === 'impl')).toMatchObject({ status: 'error' })
  })

  test('an ask waits behind a cast of the same agent', async () => {
    const { shop, backend, clock } = await openTeam({ steps: [{ delay: 100 }, { say: 'done' }] })
    shop.cast('impl', 'first')
    const second = shop.ask('impl', 'second')
    await clock.advance(250)
    await second
    expect(promptsTo(backend, 'impl')).toEqual(['first', 'second'])
  })

  test('aborting the signal cancels the turn, and the error says so', async () => {
    const { shop, clock } = await openTeam({ steps: [{ hang: true }] })
    const controller = new AbortController()
    const asked = shop.ask('impl', 'hello', { signal: controller.signal })
    await clock.tick()
    controller.abort()
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
    await clock.tick()
    const { agents } = await shop.status()
    expect(agents.find(({ name }) => name === 'impl')).toMatchObject({ status: 'idle', task: null })
  })

  test('an ask that nobody awaits is not an unhandled rejection', async () => {
    const { shop } = await openTeam({ steps: [{ fail: { kind: 'network', message: 'down' } }] })
    shop.ask('impl', 'hello')
    await shop.awaitAll()
    await expect(shop.result('impl')).rejects.toMatchObject({ code: 'turn_failed', message: 'down' })
  })

  test('a prompt of 5 MB is refused with its size and the limit, and the next ask works', async () => {
    const { shop } = await openTeam({ reply: 'fine' })
    expect(() => shop.ask('impl', 'x'.repeat(5 * 1024 * 1024))).toThrow(/4 MiB|4,194,304|4194304/u)
    expect((await shop.ask('impl', 'small')).text).toBe('fine')
  })

  test('a prompt of 1 MB arrives whole and stays in the history', async () => {
    const prompt = 'ü'.repeat(512 * 1024)
    const { shop, backend } = await openTeam({ reply: 'fine' })
    await shop.ask('impl', prompt)
    expect(backend.requests[0]?.prompt).toBe(prompt)
    const [entry] = await shop.history('impl')
    expect(entry?.prompt).toBe(prompt)
  })
})

test('a backend of somebody else that names a failure which there is not ends its turn all the same', async () => {
  const { shop } = await openTeam({ steps: [{ fail: { kind: 'server' as 'unknown', message: 'boom' } }] })
  await expect(shop.ask('impl', 'work')).rejects.toMatchObject({
    code: 'turn_failed',
    details: { kind: 'unknown' },
  })
})
