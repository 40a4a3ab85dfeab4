import { expect, it } from 'vitest'
import { refusal } from '../../test/refusal.ts'
import { parseWorker } from './worker-schemas.ts'

const ONE = { intervalMs: undefined, worktree: false, routing: undefined, weight: 1 }

it('D11: a worker has as many agents as it says, or from the least to the most', () => {
  expect(parseWorker('dev', {})).toEqual({ ...ONE, start: 1, limits: { min: 1, max: 1 } })
  expect(parseWorker('dev', { concurrency: 3 })).toMatchObject({ start: 3, limits: { min: 3, max: 3 } })
  const range = { min: 2, start: 3, max: 5 }
  expect(parseWorker('dev', { concurrency: range, scaling: 'reactive' })).toMatchObject({
    start: 3,
    limits: { min: 2, max: 5 },
  })
  expect(parseWorker('dev', { concurrency: range })).toMatchObject({ start: 3, limits: { min: 3, max: 3 } })
  expect(parseWorker('dev', { concurrency: { max: 5 }, scaling: 'reactive' })).toMatchObject({
    start: 1,
    limits: { min: 1, max: 5 },
  })
  expect(parseWorker('dev', { concurrency: 5, scaling: 'reactive' })).toMatchObject({
    start: 1,
    limits: { min: 1, max: 5 },
  })
})

it('D10: says how it takes items', () => {
  const how = { worktree: true, interval: '30s', routing: 'round_robin', weight: 3 } as const
  const { interval: _interval, ...same } = how
  expect(parseWorker('dev', how)).toMatchObject({ ...same, intervalMs: 30_000 })
})

it.each([
  [{ concurrency: 0 }, 'concurrency is 0; it must be a whole number from 1 to 64'],
  [
    { concurrency: 'two' },
    'concurrency is "two"; it must be a whole number from 1 to 64, or { min, start, max }',
  ],
  [{ concurrency: { min: 3, max: 2 } }, 'concurrency.min is 3; it must be at most max, which is 2'],
  [{ concurrency: { start: 9, max: 2 } }, 'concurrency.start is 9; it must be from min to max, 1 to 2'],
  [{ scaling: 'fast' }, 'scaling is "fast"; it must be one of static, reactive'],
  [{ weight: 0 }, 'weight is 0; it must be a whole number from 1 to 100'],
])('%j is refused', (options, message) => {
  const error = refusal(() => parseWorker('dev', options as object))
  expect(error.code).toBe('invalid_input')
  expect(error.message).toContain(message)
})

it.each([
  [{ scaling: 'predictive' }, 'scaling is "predictive", which does not work here: nothing is known of items'],
  [{ scaling: 'hybrid' }, 'use reactive'],
  [{ scaling: 'time' }, 'a schedule of your own'],
  [{ scaling: 'resource' }, 'limit the agents with max'],
  [{ routing: 'priority' }, 'the board always hands out the most urgent item first'],
  [{ routing: 'geographic' }, 'give items that belong to one a type of their own'],
  [{ routing: 'resource_aware' }, 'limit what runs with the concurrency of workers'],
])('D10 D11: %j is unsupported, and says what does its work', (options, message) => {
  const error = refusal(() => parseWorker('dev', options as object))
  expect(error.code).toBe('unsupported')
  expect(error.message).toContain(message)
})
