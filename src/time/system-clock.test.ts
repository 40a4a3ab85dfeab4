import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backgroundClock, monotonicMs, soon, systemClock } from './system-clock.ts'

const MODULE = fileURLToPath(new URL('system-clock.ts', import.meta.url))
const LONGEST_TIMER_MS = 2 ** 31 - 1

describe('the system clock', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([
    ['system', systemClock],
    ['background', backgroundClock],
  ])('of the %s reads the time of the machine', (_name, clock) => {
    vi.setSystemTime(1234)
    expect(clock.now()).toBe(1234)
  })

  it.each([
    ['system', systemClock],
    ['background', backgroundClock],
  ])('of the %s acts once after the time, and not if it is taken back', (_name, clock) => {
    let acts = 0
    clock.after(100, () => acts++)
    clock.after(100, () => (acts += 100))()
    vi.advanceTimersByTime(99)
    expect(acts).toBe(0)
    vi.advanceTimersByTime(1000)
    expect(acts).toBe(1)
  })

  it.each([
    ['system', systemClock],
    ['background', backgroundClock],
  ])('of the %s acts soon where the time has passed already', (_name, clock) => {
    let acts = 0
    clock.after(-100, () => acts++)
    vi.advanceTimersByTime(1)
    expect(acts).toBe(1)
  })

  it('waits longer than the longest timer of Node, which would fire at once', () => {
    let acts = 0
    systemClock.after(LONGEST_TIMER_MS + 1000, () => acts++)
    vi.advanceTimersByTime(LONGEST_TIMER_MS + 999)
    expect(acts).toBe(0)
    vi.advanceTimersByTime(1)
    expect(acts).toBe(1)
  })

  it.each([
    ['in its first part', 0],
    ['in its last part', LONGEST_TIMER_MS],
  ])('takes back a long wait %s', (_name, passed) => {
    let acts = 0
    const cancel = systemClock.after(LONGEST_TIMER_MS + 1000, () => acts++)
    vi.advanceTimersByTime(passed)
    cancel()
    vi.advanceTimersByTime(2 * LONGEST_TIMER_MS)
    expect(acts).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each([
    ['system', systemClock],
    ['background', backgroundClock],
  ])('of the %s sets no timer that could never fire', (_name, clock) => {
    clock.after(Infinity, () => {})()
    clock.after(Number.NaN, () => {})
    expect(vi.getTimerCount()).toBe(0)
  })
})

it('soon acts after the promises that are ready', async () => {
  const order: string[] = []
  const acted = new Promise<void>((resolve) => {
    soon(() => {
      order.push('soon')
      resolve()
    })
  })
  void Promise.resolve().then(() => order.push('promise'))
  await acted
  expect(order).toEqual(['promise', 'soon'])
})

it('the monotonic clock never goes back', () => {
  const times = Array.from({ length: 100 }, monotonicMs)
  expect(times.every(Number.isFinite)).toBe(true)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})

it('a timer of the background keeps no process alive', () => {
  const program = `import { backgroundClock } from ${JSON.stringify(MODULE)}; backgroundClock.after(60000, () => console.log('late')); console.log('set')`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect({ stdout, status }).toEqual({ stdout: 'set\n', status: 0 })
})
