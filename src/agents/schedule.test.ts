import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agentRow, scheduleRow } from '../../test/replay/example-rows.ts'
import { NEVER } from './projection.ts'
import { decideTick } from './schedule.ts'

const DUE = scheduleRow({ nextAt: 5000, intervalMs: 1000 })
const FREE = agentRow({ backend: 'command', generation: 3 })

describe('a schedule', () => {
  it('posts its prompt when it is due, and is due again after one interval', () => {
    expect(decideTick(DUE, FREE, 'msg_1', 5000)).toEqual({
      events: [
        { type: 'schedule.ticked', data: { agent: 'impl', message: 'msg_1', nextAt: 6000 } },
        {
          type: 'message.posted',
          data: {
            message: 'msg_1',
            agent: 'impl',
            backend: 'command',
            generation: 3,
            kind: 'schedule',
            prompt: 'Check the build',
            group: null,
            timeoutMs: null,
            itemAttempt: null,
          },
        },
      ],
    })
  })

  it.each([
    ['it is not due yet', DUE, 4999],
    ['another host has ticked', { ...DUE, nextAt: 6000 }, 5000],
    ['it was cancelled', { ...DUE, nextAt: NEVER }, 10 ** 15],
    ['there is none', undefined, 5000],
  ])('does nothing where %s', (_name, row, now) => {
    expect(decideTick(row, FREE, 'msg_1', now)).toEqual({ events: [] })
  })

  it.each([
    ['has a turn', agentRow({ turn: 'turn_1' })],
    ['has a message', agentRow({ queued: 1, ready: 1 })],
  ])('skips the tick while its agent %s', (_name, agent) => {
    expect(decideTick(DUE, agent, 'msg_1', 5000)).toEqual({
      events: [{ type: 'schedule.ticked', data: { agent: 'impl', message: null, nextAt: 6000 } }],
    })
  })

  it.each([
    ['was dismissed', agentRow({ state: 'dismissed' })],
    ['does not exist', undefined],
  ])('ends where its agent %s', (_name, agent) => {
    expect(decideTick(DUE, agent, 'msg_1', 5000)).toEqual({
      events: [{ type: 'schedule.cancelled', data: { agent: 'impl' } }],
    })
  })

  it('is next due after now, on its own beat, and makes up for no missed interval', () => {
    const late = fc.nat({ max: 10 ** 9 })
    fc.assert(
      fc.property(late, fc.integer({ min: 10, max: 10 ** 8 }), (lateMs, intervalMs) => {
        const now = DUE.nextAt + lateMs
        const [ticked, ...posts] = decideTick({ ...DUE, intervalMs }, FREE, 'msg_1', now).events
        const nextAt = ticked?.type === 'schedule.ticked' ? ticked.data.nextAt : Number.NaN
        expect(nextAt).toBeGreaterThan(now)
        expect(nextAt - now).toBeLessThanOrEqual(intervalMs)
        expect((nextAt - DUE.nextAt) % intervalMs).toBe(0)
        expect(posts).toHaveLength(1)
      }),
    )
  })
})
