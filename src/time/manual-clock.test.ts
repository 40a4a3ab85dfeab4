import { describe, expect, it } from 'vitest'
import { ManualClock } from './manual-clock.ts'

const START = 1_000_000

function clockWithLog(): { clock: ManualClock; log: string[]; note: (name: string) => () => void } {
  const clock = new ManualClock(START)
  const log: string[] = []
  return { clock, log, note: (name) => () => void log.push(`${name} at ${clock.now() - START}`) }
}

describe('the manual clock', () => {
  it('stands still until it is moved', async () => {
    const clock = new ManualClock(START)
    await clock.tick()
    expect(clock.now()).toBe(START)
    await clock.advance(250)
    expect(clock.now()).toBe(START + 250)
  })

  it('starts in the year 2026 unless told otherwise', () => {
    expect(new Date(new ManualClock().now()).toISOString()).toBe('2026-01-01T00:00:00.000Z')
  })

  it('fires timers in order of their time, each at its own', async () => {
    const { clock, log, note } = clockWithLog()
    clock.after(30, note('c'))
    clock.after(10, note('a'))
    clock.after(20, note('b'))
    await clock.advance(30)
    expect(log).toEqual(['a at 10', 'b at 20', 'c at 30'])
  })

  it('fires timers of the same time in the order in which they were set', async () => {
    const { clock, log, note } = clockWithLog()
    for (const name of ['a', 'b', 'c']) clock.after(10, note(name))
    await clock.advance(10)
    expect(log).toEqual(['a at 10', 'b at 10', 'c at 10'])
  })

  it('leaves what is not due, and fires it later', async () => {
    const { clock, log, note } = clockWithLog()
    clock.after(11, note('a'))
    await clock.advance(10)
    expect(log).toEqual([])
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    expect(log).toEqual(['a at 11'])
    expect(clock.pending).toBe(0)
  })

  it('fires timers that a timer sets, if they fall due on the way', async () => {
    const { clock, log, note } = clockWithLog()
    clock.after(10, () => {
      clock.after(5, note('inner'))
      clock.after(100, note('later'))
    })
    clock.after(20, note('outer'))
    await clock.advance(50)
    expect(log).toEqual(['inner at 15', 'outer at 20'])
  })

  it('lets everything that a timer set off settle before the next one fires', async () => {
    const { clock, log, note } = clockWithLog()
    clock.after(10, () => {
      void Promise.resolve()
        .then(() => new Promise<void>((resolve) => void setImmediate(resolve)))
        .then(note('settled'))
    })
    clock.after(20, note('next'))
    await clock.advance(20)
    expect(log).toEqual(['settled at 10', 'next at 20'])
  })

  it('lets what is under way set its timers before time moves', async () => {
    const { clock, log, note } = clockWithLog()
    void Promise.resolve().then(() => clock.after(10, note('a')))
    await clock.advance(10)
    expect(log).toEqual(['a at 10'])
  })

  it('never fires a timer that was taken back, not even by one of the same time', async () => {
    const { clock, log, note } = clockWithLog()
    let cancel = (): void => {}
    clock.after(10, () => cancel())
    cancel = clock.after(10, note('cancelled'))
    await clock.advance(10)
    expect(log).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('does not mind a timer that is taken back after it has fired', async () => {
    const { clock, log, note } = clockWithLog()
    const cancel = clock.after(10, note('a'))
    await clock.advance(10)
    cancel()
    expect(log).toEqual(['a at 10'])
  })

  it('fires what is overdue at once, without moving time', async () => {
    const { clock, log, note } = clockWithLog()
    clock.after(-5, note('a'))
    clock.after(0, note('b'))
    await clock.advance(0)
    expect(log).toEqual(['a at 0', 'b at 0'])
  })

  it('sets no timer that could never fire', () => {
    const clock = new ManualClock()
    const cancel = clock.after(Infinity, () => {})
    cancel()
    expect(clock.pending).toBe(0)
  })
})
