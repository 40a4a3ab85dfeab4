import { describe, expect, test } from 'vitest'
import { bringUp, EVENT_VERSIONS } from './events.ts'

describe('bringUp', () => {
  const upgrades = {
    'agent.reset': [
      (data: unknown) => ({ ...(data as object), second: true }),
      (data: unknown) => ({ ...(data as object), third: true }),
    ],
  }
  const versions = { ...EVENT_VERSIONS, 'agent.reset': 3 }

  test('data of the current version stays as it is', () => {
    const data = { agent: 'a' }
    expect(bringUp('agent.reset', EVENT_VERSIONS['agent.reset'], data)).toBe(data)
  })

  test('data of an older version goes through every step from there', () => {
    expect(bringUp('agent.reset', 1, { agent: 'a' }, upgrades, versions)).toEqual({
      agent: 'a',
      second: true,
      third: true,
    })
    expect(bringUp('agent.reset', 2, { agent: 'a' }, upgrades, versions)).toEqual({ agent: 'a', third: true })
  })

  test('an event of a newer version, or one that is not known, is refused', () => {
    expect(() => bringUp('agent.reset', 9, {})).toThrow(expect.objectContaining({ code: 'unsupported' }))
    expect(() => bringUp('agent.flown', 1, {})).toThrow(/newer version of Atelier/u)
  })
})
