import { describe, expect, it, onTestFinished } from 'vitest'
import { EventFeed } from '../../src/team/feed.ts'
import { DueTimer, type DueWork } from '../../src/team/due-timer.ts'
import { openMemoryStore } from '../../src/stores/memory.ts'
import { smallProjection } from '../../src/testing/store-projection.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'

const BY = { actor: 'tester', via: 'library' } as const

interface TestTimer {
  readonly timer: DueTimer
  readonly clock: ManualClock
  readonly errors: unknown[]
  /** Commits something that is news. */
  readonly tell: () => Promise<void>
}

async function timerFor(act: DueWork['act']): Promise<TestTimer> {
  const clock = new ManualClock()
  const store = openMemoryStore({ projection: smallProjection, clock })
  const feed = new EventFeed(store)
  await feed.open()
  const errors: unknown[] = []
  const timer = new DueTimer(
    { store, clock, loops: clock, feed, by: BY },
    { isNews: ({ type }) => type === 'budget.set', act, onError: (error) => errors.push(error) },
  )
  onTestFinished(async () => {
    timer.close()
    feed.close()
    await store.close()
  })
  return {
    timer,
    clock,
    errors,
    async tell() {
      await store.transact({
        name: 'budget.change',
        keys: [],
        by: BY,
        load: async () => undefined,
        decide: () => ({ events: [{ type: 'budget.set', data: { scope: 'global', limitMicros: 1 } }] }),
      })
      await feed.caughtUp()
    },
  }
}

describe('what is due', () => {
  it('is done when the timer is opened, at the next time, and when there is news', async () => {
    const at: number[] = []
    const { timer, clock, tell } = await timerFor(async () => {
      at.push(clock.now())
      return at.length < 3 ? clock.now() + 1000 : null
    })
    const began = clock.now()
    await timer.open()
    expect({ armed: timer.armed, busy: timer.busy }).toEqual({ armed: true, busy: false })
    await clock.advance(999)
    expect(at).toEqual([began])
    await clock.advance(1)
    await tell()
    await timer.ended()
    expect(at).toEqual([began, began + 1000, began + 1000])
    expect({ armed: timer.armed, pending: clock.pending }).toEqual({ armed: false, pending: 0 })
  })

  it('is looked for once more where news comes while it is done, and by one look at a time', async () => {
    const gate = Promise.withResolvers<void>()
    let looks = 0
    let most = 0
    let now = 0
    const { timer, tell } = await timerFor(async () => {
      most = Math.max(most, ++now)
      looks++
      await gate.promise
      now--
      return null
    })
    const opened = timer.open()
    await tell()
    await tell()
    gate.resolve()
    await opened
    await timer.ended()
    expect({ looks, most }).toEqual({ looks: 2, most: 1 })
  })

  it('is not asked for without a pause where its time has passed and it is not due yet', async () => {
    let looks = 0
    const { timer, clock } = await timerFor(async () => {
      looks++
      return clock.now()
    })
    await timer.open()
    expect(looks).toBe(1)
    await clock.advance(100)
    expect(looks).toBe(2)
  })

  it('is left to others by a timer that is closed meanwhile', async () => {
    const gate = Promise.withResolvers<void>()
    let wasClosed: boolean | undefined
    const { timer, clock } = await timerFor(async (isClosed) => {
      await gate.promise
      wasClosed = isClosed()
      return clock.now() + 1000
    })
    const opened = timer.open()
    timer.stopAccepting()
    gate.resolve()
    await opened
    expect({ wasClosed, pending: clock.pending }).toEqual({ wasClosed: true, pending: 0 })
  })

  it('that fails is told, and tried again with the next news', async () => {
    let looks = 0
    const { timer, errors, tell } = await timerFor(async () => {
      if (++looks === 1) throw new Error('Not now.')
      return null
    })
    await timer.open()
    expect(errors).toMatchObject([{ message: 'Not now.' }])
    await tell()
    await timer.ended()
    expect(looks).toBe(2)
  })
})
