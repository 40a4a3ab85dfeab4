import { describe, expect, test } from 'vitest'
import { openTeam, promptsTo } from './team.ts'

const DELAYS = {
  rules: [
    { agent: 'impl', steps: [{ delay: 100 }, { say: 'impl is done' }] },
    { agent: 'tests', steps: [{ delay: 200 }, { say: 'tests are done' }] },
  ],
} as const

describe('cast and await (A14, A15, A16)', () => {
  test('AS-03 casts return at once, status shows both working, awaitAll has both results', async () => {
    const { shop, clock } = await openTeam(DELAYS)
    shop.cast('impl', 'build')
    shop.cast('tests', 'check')
    await clock.tick()
    const { agents } = await shop.status()
    expect(agents.map(({ name, status, task }) => [name, status, task])).toEqual([
      ['impl', 'working', 'build'],
      ['reviewer', 'idle', null],
      ['tests', 'working', 'check'],
    ])
    const before = clock.now()
    const all = shop.awaitAll()
    await clock.advance(200)
    expect(await all).toMatchObject({ impl: { text: 'impl is done' }, tests: { text: 'tests are done' } })
    expect(clock.now() - before).toBe(200)
  })

  test('AS-04 awaitAll with a timeout rejects, the work goes on, and a later awaitAll has the result', async () => {
    const { shop, clock } = await openTeam(DELAYS)
    shop.cast('tests', 'check')
    await clock.tick()
    const impatient = shop.awaitAll({ timeout: 50 })
    const [outcome] = await Promise.all([impatient.catch((error: unknown) => error), clock.advance(50)])
    expect(outcome).toMatchObject({ code: 'timeout' })
    const patient = shop.awaitAll()
    await clock.advance(150)
    expect(await patient).toMatchObject({ tests: { text: 'tests are done' } })
  })

  test('AS-05 a sixth waiting cast is refused as queue_full; the others run in order of arrival', async () => {
    const { shop, backend, clock } = await openTeam(DELAYS)
    await shop.cast('impl', 'running')
    await clock.tick()
    for (const n of [1, 2, 3, 4, 5]) shop.cast('impl', `waiting ${n}`)
    await expect(shop.cast('impl', 'too much')).rejects.toMatchObject({
      code: 'queue_full',
      details: { limit: 5 },
    })
    const { agents } = await shop.status()
    expect(agents[0]).toMatchObject({ name: 'impl', status: 'working', queued: 5 })
    await clock.advance(1000)
    await shop.await('impl')
    expect(promptsTo(backend, 'impl')).toEqual([
      'running',
      'waiting 1',
      'waiting 2',
      'waiting 3',
      'waiting 4',
      'waiting 5',
    ])
  })

  test('AS-05 a burst is accepted the same before the first of it has started', async () => {
    const { shop, clock } = await openTeam(DELAYS)
    const casts = [1, 2, 3, 4, 5, 6, 7].map((n) => shop.cast('impl', `burst ${n}`))
    const outcomes = await Promise.allSettled(casts)
    expect(outcomes.map(({ status }) => status)).toEqual([...Array<string>(6).fill('fulfilled'), 'rejected'])
    await clock.advance(1000)
  })

  test('AS-06 await resolves only when the queue is empty', async () => {
    const { shop, clock } = await openTeam(DELAYS)
    for (const n of [1, 2, 3]) shop.cast('impl', `number ${n}`)
    let resolved = false
    const waiting = shop.await('impl').then((reply) => {
      resolved = true
      return reply
    })
    await clock.advance(250)
    expect(resolved).toBe(false)
    await clock.advance(50)
    expect(await waiting).toMatchObject({ text: 'impl is done' })
  })

  test('await of an idle agent resolves at once', async () => {
    const { shop } = await openTeam()
    expect(await shop.await('impl')).toBeUndefined()
  })

  test('await with timeout 0 only looks', async () => {
    const { shop, clock } = await openTeam(DELAYS)
    shop.cast('impl', 'build')
    await clock.tick()
    await expect(shop.await('impl', { timeout: 0 })).rejects.toMatchObject({
      code: 'timeout',
      details: { stillWorking: true },
    })
    await clock.advance(100)
    expect(await shop.await('impl', { timeout: 0 })).toMatchObject({ text: 'impl is done' })
  })

  test('a refused cast that nobody awaited surfaces at awaitAll', async () => {
    const { shop, clock } = await openTeam(DELAYS)
    for (let n = 0; n < 7; n++) shop.cast('impl', `burst ${n}`)
    await clock.advance(1000)
    expect(await shop.awaitAll()).toMatchObject({ impl: { error: { code: 'queue_full' } } })
  })

  test('a failed cast surfaces at await, and its agent can be asked again', async () => {
    const { shop } = await openTeam({
      rules: [{ match: 'bad', steps: [{ fail: { kind: 'refused', message: 'no' } }] }],
    })
    shop.cast('impl', 'bad')
    await expect(shop.await('impl')).rejects.toMatchObject({ code: 'turn_failed', message: 'no' })
    expect((await shop.ask('impl', 'good')).text).toBe('impl: good')
  })

  test('a cast to an agent that was defined in the line before is accepted', async () => {
    const { shop } = await openTeam()
    shop.agent('late', 'Late.')
    shop.cast('late', 'hello')
    expect(await shop.awaitAll()).toMatchObject({ late: { text: 'late: hello' } })
  })
})
