import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { repeat, sleep } from './clock.ts'
import { ManualClock } from './manual-clock.ts'

/** What a promise has become so far. */
function watched<T>(promise: Promise<T>): { readonly value: T | 'pending' } {
  const state: { value: T | 'pending' } = { value: 'pending' }
  void promise.then((value) => (state.value = value))
  return state
}

describe('sleep', () => {
  it('ends when its time has passed', async () => {
    const clock = new ManualClock()
    const slept = watched(sleep(clock, 100))
    await clock.advance(99)
    expect(slept.value).toBe('pending')
    await clock.advance(1)
    expect(slept.value).toBe(true)
  })

  it('ends early when its signal is aborted, and leaves no timer', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const slept = watched(sleep(clock, 100, controller.signal))
    controller.abort()
    await clock.tick()
    expect(slept.value).toBe(false)
    expect(clock.pending).toBe(0)
  })

  it('does not begin if its signal was aborted before', async () => {
    const clock = new ManualClock()
    expect(await sleep(clock, 100, AbortSignal.abort())).toBe(false)
    expect(clock.pending).toBe(0)
  })

  it('stays as it ended when its signal is aborted afterwards', async () => {
    const clock = new ManualClock()
    const controller = new AbortController()
    const slept = watched(sleep(clock, 100, controller.signal))
    await clock.advance(100)
    controller.abort()
    await clock.tick()
    expect(slept.value).toBe(true)
  })

  it('lets go of its signal when its time has passed', async () => {
    const clock = new ManualClock()
    const { signal } = new AbortController()
    const slept = watched(sleep(clock, 100, signal))
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await clock.advance(100)
    expect(slept.value).toBe(true)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})

describe('repeat', () => {
  it('acts once per interval, the first time after one', async () => {
    const clock = new ManualClock(0)
    const times: number[] = []
    repeat(clock, 100, () => void times.push(clock.now()))
    await clock.advance(350)
    expect(times).toEqual([100, 200, 300])
  })

  it('acts no more once it is stopped, and leaves no timer', async () => {
    const clock = new ManualClock()
    let acts = 0
    const stop = repeat(clock, 100, () => void acts++)
    await clock.advance(100)
    stop()
    await clock.advance(1000)
    expect(acts).toBe(1)
    expect(clock.pending).toBe(0)
  })

  it('never acts twice at once: the next interval begins when the act has ended', async () => {
    const clock = new ManualClock(0)
    const began: number[] = []
    repeat(clock, 100, async () => {
      began.push(clock.now())
      await sleep(clock, 250)
    })
    await clock.advance(1000)
    expect(began).toEqual([100, 450, 800])
  })

  it('stays stopped if it is stopped while it acts', async () => {
    const clock = new ManualClock()
    let acts = 0
    const stop = repeat(clock, 100, async () => {
      acts++
      await sleep(clock, 50)
    })
    await clock.advance(120)
    stop()
    await clock.advance(1000)
    expect(acts).toBe(1)
    expect(clock.pending).toBe(0)
  })
})
