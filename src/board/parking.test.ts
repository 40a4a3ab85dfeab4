import { describe, expect, it } from 'vitest'
import { decideParking, PARK_AFTER_MS } from './parking.ts'

const SINCE = 1_000_000

describe('an attempt that waits', () => {
  it('keeps lease and process for a wait that is known to be short', () => {
    const waiting = { for: 'quota', account: 'claude', at: SINCE + 30_000 } as const
    expect(decideParking({ waiting, since: SINCE }, SINCE)).toEqual({ parks: false, at: SINCE + 30_000 })
  })

  it('is parked at once for one that is known to be long', () => {
    const waiting = { for: 'quota', account: 'claude', at: SINCE + PARK_AFTER_MS + 1 } as const
    expect(decideParking({ waiting, since: SINCE }, SINCE)).toEqual({ parks: true })
  })

  it('keeps both for a person who answers soon, and is parked when a minute is over', () => {
    const wait = { waiting: { for: 'answer', id: 'inb_1' }, since: SINCE } as const
    expect(decideParking(wait, SINCE)).toEqual({ parks: false, at: SINCE + 60_000 })
    expect(decideParking(wait, SINCE + 59_999)).toEqual({ parks: false, at: SINCE + 60_000 })
    expect(decideParking(wait, SINCE + 60_000)).toEqual({ parks: true })
  })

  it('follows the time that is set', () => {
    const wait = { waiting: { for: 'budget', scope: 'global' }, since: SINCE } as const
    expect(decideParking(wait, SINCE, 0)).toEqual({ parks: true })
    expect(decideParking(wait, SINCE + 60_000, 120_000)).toEqual({ parks: false, at: SINCE + 120_000 })
  })
})
