import { describe, expect, test } from 'vitest'
import { openTeam, promptsTo } from './team.ts'

describe('every (A49)', () => {
  test('the first tick comes after one interval, then it repeats', async () => {
    const { shop, backend, clock } = await openTeam({ reply: 'ok' })
    await shop.every('impl', 'check', '1m')
    await clock.advance(59_999)
    expect(promptsTo(backend, 'impl')).toEqual([])
    await clock.advance(1)
    await clock.advance(120_000)
    expect(promptsTo(backend, 'impl')).toEqual(['check', 'check', 'check'])
    expect(await shop.schedules()).toMatchObject([
      { agent: 'impl', prompt: 'check', intervalMs: 60_000, ticks: 3, skipped: 0 },
    ])
  })

  test('a tick is skipped while the agent is busy', async () => {
    const { shop, backend, clock } = await openTeam({ steps: [{ delay: '90s' }, { say: 'ok' }] })
    await shop.every('impl', 'check', '1m')
    await clock.advance(121_000)
    expect(promptsTo(backend, 'impl')).toHaveLength(1)
    expect(await shop.schedules()).toMatchObject([{ ticks: 1, skipped: 1 }])
  })

  test('another schedule of the same agent replaces the first, and a cancelled one never ticks', async () => {
    const { shop, backend, clock } = await openTeam({ reply: 'ok' })
    await shop.every('impl', 'old', '1m')
    await shop.every('impl', 'new', '2m')
    await clock.advance(120_000)
    expect(promptsTo(backend, 'impl')).toEqual(['new'])
    expect(await shop.cancelSchedule('impl')).toBe(true)
    expect(await shop.cancelSchedule('impl')).toBe(false)
    await clock.advance(600_000)
    expect(promptsTo(backend, 'impl')).toEqual(['new'])
    expect(await shop.schedules()).toEqual([])
  })

  test('an unknown agent is refused', async () => {
    const { shop } = await openTeam()
    await expect(shop.every('nobody', 'check', '1m')).rejects.toMatchObject({ code: 'not_found' })
  })
})
