import { expect, it } from 'vitest'
import { parseInstant } from './instant.ts'

it.each([
  ['2026-03-01T17:00Z', Date.UTC(2026, 2, 1, 17)],
  ['2026-03-01T17:00:30.5+02:00', Date.UTC(2026, 2, 1, 15, 0, 30, 500)],
])('reads %s', (text, at) => {
  expect(parseInstant(text)).toBe(at)
})

it.each(['2026-03-01', '2026-03-01T17:00', '2026-13-01T17:00Z', 'tomorrow', ''])(
  'takes "%s" for no time, as its zone or a part of it is missing',
  (text) => {
    expect(parseInstant(text)).toBeUndefined()
  },
)
