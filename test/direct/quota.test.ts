import { describe, expect, test } from 'vitest'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { openTeam, temporaryFolder } from './team.ts'

const HOUR = 3_600_000

/** The account's limit is reached at the third call, and reset an hour later. */
function limitAtThird(clock: () => number): { readonly starts: number[]; reply: () => object[] } {
  const starts: number[] = []
  let resetsAt = Number.POSITIVE_INFINITY
  return {
    starts,
    reply() {
      starts.push(clock())
      if (starts.length === 3) resetsAt = clock() + HOUR
      if (starts.length >= 3 && clock() < resetsAt)
        return [{ fail: { kind: 'usage_limit', message: 'limit reached', resetsAt } }]
      return [{ delay: 10 }, { say: 'done' }]
    },
  }
}

describe('quota', () => {
  test('30 agents on one account: nothing is started while the limit lasts, all finish after it, none twice', async () => {
    let now = (): number => 0
    const limit = limitAtThird(() => now())
    const { shop, clock } = await openTeam({ reply: () => limit.reply() as never })
    now = () => clock.now()
    shop.configure({ concurrency: 1 })
    for (let n = 0; n < 30; n++) shop.agent(`worker-${n}`, 'Works.')
    for (let n = 0; n < 30; n++) shop.cast(`worker-${n}`, `job ${n}`)
    await clock.advance(1000)
    expect(limit.starts).toHaveLength(3)
    const { agents } = await shop.status()
    const waiting = agents.filter(({ status }) => status === 'waiting')
    expect(waiting).toHaveLength(28)
    expect(waiting[0]?.waitingFor).toMatchObject({ quota: 'scripted' })

    await clock.advance(HOUR / 2)
    expect(limit.starts).toHaveLength(3)
    const all = shop.awaitAll()
    await clock.advance(HOUR)
    const replies = await all
    expect(Object.keys(replies)).toHaveLength(30)
    expect(limit.starts).toHaveLength(31)
  })

  test('the message that met the limit goes on in its session', async () => {
    const { shop, backend, clock } = await openTeam({
      rules: [{ match: 'two', times: 1, steps: [{ fail: { kind: 'usage_limit', resetsIn: '1h' } }] }],
      reply: 'turn @TURN_NUMBER@',
    })
    const first = await shop.ask('impl', 'one')
    const second = shop.ask('impl', 'two')
    await clock.advance(HOUR + 1)
    expect((await second).text).toBe('turn 2')
    expect(backend.requests.map((request) => request.resume?.id)).toEqual([
      undefined,
      first.session?.id,
      first.session?.id,
    ])
  })

  test('the wait goes on after a restart', async () => {
    const dir = await temporaryFolder()
    const before = await openTeam(
      { steps: [{ fail: { kind: 'usage_limit', resetsIn: '1h' } }] },
      { dir, persistence: true },
    )
    await before.shop.cast('impl', 'work')
    await before.clock.advance(10)
    await before.shop.close({ drain: false })

    const clock = new ManualClock(before.clock.now())
    const backend = scriptedBackend({ clock, script: { reply: 'after the reset' } })
    const shop = await openWorkshop({ dir, clock, config: false, backends: [backend] })
    await clock.advance(HOUR - 1000)
    expect(backend.turns).toBe(0)
    const waiting = shop.await('impl')
    await clock.advance(2000)
    expect(await waiting).toMatchObject({ text: 'after the reset' })
    await shop.close()
  })

  test('a limit without a time is tried again after a while', async () => {
    const { shop, backend, clock } = await openTeam({
      rules: [{ match: 'work', times: 1, steps: [{ fail: { kind: 'usage_limit' } }] }],
      reply: 'done',
    })
    const asked = shop.ask('impl', 'work')
    await clock.advance(60_000)
    expect(backend.turns).toBe(1)
    await clock.advance(HOUR)
    expect((await asked).text).toBe('done')
  })
  test.each([
    ['nothing is started from then on', [{ fail: { kind: 'usage_limit', resetsIn: '1h' } }], ['one']],
    ['the others go on where it does', [{ say: 'on credit' }, { delay: 1000 }], ['one', 'two']],
  ] as const)('a turn that tells of the limit before it ends: %s', async (_what, then, started) => {
    const limit = { t: 'limit', kind: 'five_hour' } as const
    const { shop, backend, clock } = await openTeam({
      rules: [{ match: 'one', times: 1, steps: [{ event: limit }, { delay: 1000 }, ...then] }],
      reply: 'done',
    })
    shop.cast('impl', 'one')
    await clock.advance(100)
    shop.cast('tests', 'two')
    await clock.advance(800)
    expect(backend.requests.map(({ prompt }) => prompt)).toEqual(['one'])
    await clock.advance(200)
    expect(backend.requests.map(({ prompt }) => prompt)).toEqual(started)
    const all = shop.awaitAll()
    await clock.advance(HOUR)
    expect(Object.keys(await all)).toEqual(['impl', 'tests'])
    expect(backend.requests).toHaveLength(started.length === 1 ? 3 : 2)
  })
})
